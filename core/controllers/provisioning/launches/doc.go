// SPDX-License-Identifier: Apache-2.0

// Package launches remembers which pods nodes were launched for, and judges what
// became of it. It keeps provisioning from buying without end where the model of
// the world is wrong (SCH-300 to SCH-304).
//
// # What it decides
//
// Whether a launch was in vain: the node became ready, or never did, or went,
// and the pods it was for are still without a place, themselves or in the shape
// of others of their workload. Launches in vain make further ones for the same
// workload in the same NodePool wait, longer each time. Which pods stand before a
// node that should take them, according to the planner, and does not.
//
// # What it never does
//
// It reads no clock and no API object by itself, and writes nothing: time and
// what is known of nodes and pods are arguments. It holds back nobody but the
// workloads concerned. It does not survive the process; what the nodes that exist
// teach does (package cluster).
//
// # Vocabulary
//
// A workload is who pods belong to: pods come and go, also by preemption, and
// their successors have other names. A launch is open until it is judged. A pod
// has settled on a node when it has been there for [Settle].
//
// # Cost
//
// A round costs work for each open launch and its pods.
//
// Start reading at [Ledger.Judge].
package launches
