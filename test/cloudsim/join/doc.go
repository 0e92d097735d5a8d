// SPDX-License-Identifier: Apache-2.0

// Package join lets launched machines become nodes, if what they were given would
// have booted.
//
// # What it holds
//
// [Machine] is what boots, [Node] what would register. A [Bootstrap] reads the user
// data of one image family as the real software would: [Nodeadm] (AL2023),
// [Bottlerocket], [NoCloud] (cloud-init with a medium) and [Configured]. [Yard] boots
// machines after a delay, hands nodes to a [Joiner], and records why others never join.
//
// # What it never does
//
// It runs no script and talks to no cluster: the Joiner does.
//
// # Another image family
//
// Implement [Bootstrap] in a file of its own.
//
// # Invariants
//
// A machine that ended before its boot was over never joins. Each machine has one
// [Outcome] at most; outcomes of ended machines are forgotten.
//
// # Start reading at
//
// join.go, yard.go.
package join
