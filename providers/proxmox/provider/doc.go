// SPDX-License-Identifier: Apache-2.0

// Package provider is the cloud provider of Proxmox VE: what the core calls.
//
// # What it decides
//
// Which types and hosts a launch tries, in which order, and when it gives up (create.go,
// choice.go, PVE-060 to PVE-066); which machines are this cluster's (machines.go,
// PVE-103); whether one is no longer what its NodeClass asks for (drift.go, PVE-105).
//
// # What it never does
//
// It makes and ends no machine itself: package launch does. What hosts look like and what
// they have left is for packages inventory and capacity.
//
// # Vocabulary
//
// A base is the types of a NodeClass as if all hosts were empty; a view is what of them
// can be had now. An attempt is one type on one host.
//
// # Invariants
//
// There is one launch at a time for a NodeClaim. None is begun while it is not known what
// became of the one before.
//
// # Cost
//
// Types cost no call. A launch costs a look at the machines of each region, which is kept
// for a few seconds, and its own calls.
//
// # Start reading at
//
// provider.go, then types.go, create.go, machines.go.
package provider
