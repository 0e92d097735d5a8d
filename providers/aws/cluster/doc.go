// SPDX-License-Identifier: Apache-2.0

// Package cluster knows the cluster that nodes join (AWS-002 (4), (5), (7), (8), AWS-003
// to AWS-005): endpoint, certificate authority, DNS address, IP family, Kubernetes
// version, and on demand the service range and the ARN.
//
// # How
//
// [Discover] learns at the start what must be known, or fails. The version is refreshed
// by [Controller]; all else never changes while the process lives. [Cluster.ServiceCIDR]
// and [Cluster.ARN] ask EKS when they are needed, and never again once it has answered:
// clusters that are not of EKS work as long as nobody needs them.
//
// # What it may not import
//
// Anything of the provider.
//
// # Invariants
//
// Reading takes no call and no lock that a call is made under. A refresh that fails keeps
// the version.
//
// Start reading at cluster.go, then version.go.
package cluster
