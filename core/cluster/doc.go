// SPDX-License-Identifier: Apache-2.0

// Package cluster is the live model of the cluster: every Node, every managed
// NodeClaim, every pod bound to a node, one sample pod for each DaemonSet, and
// totals for each NodePool. Provisioning and disruption decide from it. It is
// filled by watches; nothing of it is stored anywhere.
//
// # What it never does
//
// It reads no API object by itself (the one exception is the list of names that
// the first sync is checked against) and writes none. It decides nothing: it
// says what is there, what is promised and what is on its way out.
//
// # Vocabulary
//
// A state node joins the Node and the NodeClaim of one provider ID; its view is
// what counts at its stage, from in-flight to initialized. An unlaunched
// NodeClaim has no provider ID yet and is a placeholder: no state node, but its
// pods are spoken for and its capacity is. An inherited one is unlaunched and
// was created by a process before this one, so its pods are not known. A mark
// says that a node is on its way out; a nomination, that pods are expected. A
// lost NodeClaim was registered and its Node is gone; an overdue node should have
// been ready by now. Neither is a target for pods. Evidence is what nodes turned
// out to be, by pool and instance type. An epoch is what nodes are compiled for the
// engine with: the interned names and the daemons.
//
// # Invariants
//
//   - State nodes, pods and snapshots are immutable. An event makes a new value
//     and puts it in the place of the old one, so a reader never sees half a
//     change. What follows from an immutable value alone is worked out when
//     first asked for and kept with it.
//   - The model is a function of the newest version of every object and of what
//     controllers told it; the order in which events come makes no difference.
//   - Objects, maps and slices that are handed out belong to everybody and must
//     not be changed. The objects themselves may be the cache's own.
//   - One mutex guards the model. Updates hold it for the work of one object;
//     snapshots hold it for a copy of pointers; readers of a snapshot need no
//     lock. The pod decisions and the sync check have locks of their own, and
//     neither is taken while the model's is held.
//   - Every change of a state node passes [Cluster] swap with the old and the new
//     value. Sums that are kept up to date hang there: capacity of pools,
//     the domain counts of topology rules.
//
// # No global gate
//
// A NodeClaim that does not launch holds back nothing but itself. If this
// process created it, [Snapshot.Awaiting] keeps its pods from being provisioned
// again and [Snapshot.Usage] counts it; for a while [Snapshot.Targets] offers what
// those of its pods leave that were bound elsewhere. If it is inherited, it is a
// target with exactly the room that was asked for, so that the pods it was
// created for land there again. A round therefore needs [Cluster.Loaded]
// only; [Cluster.Synced] is for those who must not act while anything is in the
// dark.
//
// # Cost
//
// An event costs work in proportion to its object, beside a copy of the pointers
// to the pods of its node; a heartbeat costs a comparison. A snapshot costs a
// copy of one pointer for each node. Compiling targets costs work for the nodes
// that changed since they were last compiled. A change of the daemons, and the
// rare renewal of the interned names (see generation.go), compile all nodes
// again.
//
// Start reading at cluster.go, then statenode.go, entry.go and snapshot.go.
package cluster
