// SPDX-License-Identifier: Apache-2.0

// Package provider implements the contract of package cloudprovider with Machines of
// Cluster API.
//
// # What it decides
//
// In which order the parts are asked: the NodeClass, what can be had of its deployments,
// which of them is chosen, and which Machine a NodeClaim gets; how a Machine is described;
// and when a Machine is known to be gone.
//
// # What it never does
//
// It writes nothing itself: package scaling does. It takes no Machine for gone because a
// cache does not show it: Get, List and Delete read past the caches (CAPI-010).
//
// # Cost
//
// GetInstanceTypes costs no call. Get and Delete cost one read, and a list of the Machines
// if nothing tells the name of one. List costs a list of Karpenter's Machines, in pages.
//
// Start reading at provider.go, then create.go and machines.go.
package provider
