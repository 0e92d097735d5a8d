// SPDX-License-Identifier: Apache-2.0

// Package eviction empties nodes under termination: it evicts the pods that it
// is given, tries again while disruption budgets forbid it, and deletes pods
// whose node's deadline leaves no time for more. It is the controller
// eviction-queue, one for all nodes.
//
// # What it never does
//
// It does not choose pods or their order: drains submit them, again and again
// while the pods are there. Nothing is stored: after a restart the next drain
// fills the queue.
//
// # Vocabulary
//
// An entry is one pod of one node. It is queued until the pod is evicted or
// deleted, and then kept as done, so that a pod that is still there is not
// evicted and counted twice. A blocked entry is one that a disruption budget
// held back at the last attempt.
//
// # Invariants
//
// A deadline is never loosened. A pod that was created anew under the same name
// is another pod: entries go by UID, and so do the requests.
//
// # Cost
//
// An attempt costs one request to the API server; submitting a pod that is
// queued costs a map access.
//
// # Where to start reading
//
// [Queue.Submit] and [Queue.Reconcile].
package eviction
