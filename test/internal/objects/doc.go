// SPDX-License-Identifier: Apache-2.0

// Package objects builds what tests put into a cluster: the default NodeClass
// and NodePool, and workloads described by a few fields.
//
// # What it holds
//
// Builders. Each returns a complete object of the Kubernetes API that the caller
// may change before it is created.
//
// # What it never does
//
// It talks to no API server and invents no names.
//
// # Invariants
//
// Every object, every pod template and every NodePool template carries the label
// [Cluster], which is how all that a test made is found again (OPS-268). What was
// assigned to one test carries [Test] as well.
//
// Start reading at [Workload].
package objects
