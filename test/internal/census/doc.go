// SPDX-License-Identifier: Apache-2.0

// Package census counts what a cluster holds: how far its pods are, how many
// nodes there are, what they cost an hour and how much of them is reserved.
//
// # What it decides
//
// Arithmetic and words: a [Census] from lists of objects, one line of it for a
// progress display, the reasons for pods that wait from events.
//
// # What it never does
//
// It talks to no API server, reads no clock and writes nothing.
//
// # Vocabulary
//
// A pod is pending until it has a node, bound until it is ready on it, then
// running.
//
// # Cost
//
// One walk over the pods and one over the nodes.
//
// Start reading at [Count].
package census
