// SPDX-License-Identifier: Apache-2.0

// Package pve talks to a Proxmox VE cluster: one [Client] for each region.
//
// # What it holds
//
// Calls, with results that hold what the provider reads; tasks, which it waits for; and
// [Error], which tells what the API had against a call. Reads are as late as the API is:
// it keeps nothing.
//
// # What it never does
//
// It decides nothing, and repeats nothing but a call that was refused with credentials
// that have since been replaced.
//
// # Vocabulary
//
// A host is a member of the cluster, which the API calls a node. A machine is a virtual
// machine, and its options are what its configuration says.
//
// # Start reading at
//
// client.go, then machine.go and task.go.
package pve
