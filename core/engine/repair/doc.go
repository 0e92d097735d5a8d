// SPDX-License-Identifier: Apache-2.0

// Package repair decides when a node that is broken is given up, and when so many are
// broken that none of them is (EXT-140 to EXT-144).
//
// # What it never does
//
// It reads and writes nothing, and does not know which conditions of a node mean that it
// is broken: that is for the repair policies of the provider. Imports the standard
// library and engine packages only.
//
// # Vocabulary
//
// A sickness is an unhealthy condition of a node with the time it is tolerated. The
// peers of a node are the nodes among which too many must not be sick: those of its
// NodePool, or all nodes if it has none.
//
// # Invariants
//
// A sickness is never due before its toleration is over, nor before whatever else broke
// at the same moment had time to be seen. While more than a fifth of the peers are sick
// nothing is deleted or hurried; so the number of sick nodes does not fall by what is
// decided here until it is small enough. Nodes that are on their way out still count,
// so that no wave of deletions makes room for the next.
//
// # Cost
//
// Constant.
//
// # Where to start reading
//
// [Decide].
package repair
