// SPDX-License-Identifier: Apache-2.0

// Package drain decides how a node under termination is emptied: which pods
// hold it open, which are evicted now and in which order, which must be deleted
// now because the node's deadline is near, and which volumes are still waited
// for.
//
// # What it never does
//
// It evicts, reads and writes nothing. Every function takes values and the
// current time and returns a value; the same input gives the same output.
// Imports the standard library and engine packages only.
//
// # Vocabulary
//
// A pod is waiting while the node must not be given up because of it. It is
// evictable when the eviction API may be called for it. It is protected while
// its do-not-disrupt annotation is in force. The deadline is the time by which
// the node is given up whatever still runs on it; the zero time is "none", later
// than every other. A forced deletion bypasses disruption budgets and
// protection so that the pod ends by the deadline.
//
// # Invariants
//
// Evictable pods are waiting pods. A pod that tolerates the disrupted taint, a
// mirror pod and a terminal pod are never evicted, never deleted and never hold
// a node open.
//
// # Cost
//
// [Decide] is linear in the pods of one node.
//
// # Where to start reading
//
// [Decide] in drain.go, then the classes of pods in pod.go.
package drain
