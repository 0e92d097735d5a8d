// SPDX-License-Identifier: Apache-2.0

// Package place decides where pods go: it takes a snapshot and pods and returns
// a plan. Provisioning, disruption, static capacity, buffers and tests all use
// its one entry, [Solve]; [Explain] tells why an existing node would not take a pod,
// from the same list of checks.
//
// # What it decides
//
// For each pod the first of: an existing node that has room, can attach its
// volumes, and whose labels and taints admit it; a bin (a node being planned) that
// can take it; a new bin from the most wanted node pool that admits it. Pods that
// fit nowhere are listed with one structured reason for each pool, pods that wait
// for reserved capacity apart from them.
//
// Pods that are expected on a node ([Expectation]) are placed before all others,
// there.
//
// Where [Input] asks for it, the bins are then packed anew for the lowest cost
// (package pack), as far as pods can move without breaking what the rules of
// placed pods rely on.
//
// # What it never does
//
// It reads no clock, writes no log, starts no goroutine, and changes nothing of
// its input: what a run uses up it keeps beside the snapshot.
//
// # Vocabulary
//
// A bin is a node being planned: a pool, a state, the variants of instance
// types that can still hold what was placed, and its pods. A state is a
// conjunction of requirements together with what the catalogue has for it;
// states are interned for each pool, and joining a state with a class's
// requirements is computed once, however many bins and pods meet that way. A
// route is one way to satisfy a class: an attempt, an alternative of its volumes
// and a choice of topology domains. A bond ties classes whose pods attract each
// other while none of them is placed; where they meet is chosen for all of them
// before the first is. The stock is what is left of capacity
// reservations; a bin holds one unit of each that it could use, until it cannot
// any more.
//
// # Invariants
//
// Bins only fill up and limits only shrink, so whoever was refused once stays
// refused: a class remembers behind which node and bin it need not look again.
// There are exceptions. A class with affinity on the hostname looks at every node
// and bin again for each pod, as others may have come that it must join. A node that
// can attach no more refuses one pod, and may take another of the class whose claims
// it has already, so a route keeps such nodes in mind. A deferral, for want of a
// reservation, ends: when a bin gives a unit back, the class goes back to the first
// bin that deferred it. Domains without nodes come and go for a class with the bins
// that it could open; which routes its attempts take is asked anew for each pod.
//
// The same input gives the same plan, bit for bit.
//
// # Cost
//
// A pod on a bin costs one AND of bit sets for each resource it asks for. Each
// class passes each node and each bin at most once for refusals, so a run costs
// pods + classes x (nodes + bins) such checks, plus classes x states joins; with
// affinity on the hostname pods x (nodes + bins). The
// search for a cheaper mix costs less than all that where rules tie most pods
// down, about as much for plain pods, and some dozen milliseconds more where pods
// are large and there are many of a shape.
//
// Start reading at place.go, then plan.go for what goes in and comes out. The
// prefix of a file's name says what it is a part of: nodes, topology, repack,
// reservations, reasons, plan. Imports the standard library and engine packages
// only.
package place
