// SPDX-License-Identifier: Apache-2.0

// Package survey turns the world into what the engine decides disruption from:
// one [disrupt.State] for one method, out of a snapshot of the cluster, the
// NodePools, the PodDisruptionBudgets and the prices of the moment.
//
// For a method that asks, the state has a what-if over a question about the cluster
// (package question), in which the pods of all nodes that nothing blocks may move.
//
// # What it never does
//
// It decides nothing and writes nothing. What cannot be read of one pool stays
// with that pool: without instance types its prices are not known, and with a
// budget that makes no sense it allows nothing. That NodePools or
// PodDisruptionBudgets cannot be listed at all is an error, because then nothing
// about any node is certain.
//
// # Invariants
//
// A [Survey] is immutable and tells of one moment. The objects it hands out
// belong to the cache and must not be changed.
//
// # Cost
//
// A survey is linear in nodes, their pods times the budgets of the pods'
// namespaces, and the instance types of the pools. For a method that asks it also
// costs the compilation of the pods that may move.
//
// Start reading at [Surveyor.Take].
package survey
