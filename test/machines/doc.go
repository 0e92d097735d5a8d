// SPDX-License-Identifier: Apache-2.0

// Package machines is an infrastructure provider of Cluster API whose hosts are Nodes of
// kwok. Cluster API's own controllers make and delete the Machines; here is what they
// leave to others.
//
// # What it decides
//
// What a host has come to after some time ([DueAt]) and what it registers as ([NodeOf]),
// from values alone. [Setup] adds the controllers that carry it out.
//
// # What it never does
//
// It reads and writes no MachineDeployment, MachineSet or Machine, but for [Fleet], which
// people and tests begin with. It runs no bootstrap data: a host comes up with what its
// template says.
//
// # Vocabulary
//
// The management cluster holds Machines and FakeMachines. The workload cluster is where
// Nodes are: the one that the Secret <cluster>-kubeconfig leads to, maybe the same.
//
// # Invariants
//
// A host makes its Node once. Whoever deletes the Node does not get it back, as with a
// kubelet that runs on. A host that has ended is silent, kwok plays its Node no longer, and
// the Node goes, as where a cloud has a controller for that.
//
// # Where to start reading
//
// host.go, then machine.go.
package machines
