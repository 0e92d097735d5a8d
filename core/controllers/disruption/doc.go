// SPDX-License-Identifier: Apache-2.0

// Package disruption is the loop that gives up nodes voluntarily. It is the
// controller disruption, and it brings disruption.queue with it. The conditions
// Consolidatable and Drifted, which it reads, are kept by the package conditions beside
// it.
//
// # What it decides
//
// Nothing by itself: in each pass it removes what lost commands left behind,
// validates the commands whose time has come, those of one method together, asks its
// methods in their order what else should go, and starts what stands. Packages moves
// and setbacks remember what must not be repeated soon, verdicts.go what need not be
// asked again. The engine decides, package survey
// tells it of the world, package queue carries out what was started.
//
// # What it never does
//
// It does nothing on a model that is not loaded. It deletes no NodeClaim: that is
// the queue's, after one more look at the pods as the API server has them.
//
// # Vocabulary
//
// A proposal is a command that waits to be validated. Its nodes are held: no
// other method considers them, and their pools' budgets count them as promised.
// To start a command is to taint its nodes, create its replacements, mark the nodes
// for deletion in the model and queue it.
//
// # Invariants
//
// All decisions are made by one goroutine. Waiting for a validation never blocks
// it: proposals wait in memory, and end with the process without a trace. A crash
// after the start of a command leaves taints and conditions, which the first pass
// of the next process removes from all nodes that are not being deleted, and
// replacements, which are ordinary nodes from then on.
//
// # Cost
//
// One survey for each method, and one for all validations of a method in a pass; see
// package survey. A method that found nothing costs a survey without a question until
// something changes.
//
// # Where to start reading
//
// [New], which lists the methods in their order, then pass.go.
package disruption
