// SPDX-License-Identifier: Apache-2.0

// Package gather reads what a question is about (package question): namespaces, the
// pods that wait, those of nodes that go, those that stand where they are, and the
// volumes of all of them. Provisioning and disruption ask with the same pods.
//
// # What it never does
//
// It decides nothing and tells nobody: pods that cannot be part of a question are
// handed back with the reason.
//
// # Vocabulary
//
// A pod waits that has no node and no NodeClaim on its way; it leaves when its node
// is marked for deletion or gone; it stands on a node that may stay.
//
// # Invariants
//
// The snapshot is taken before pods are read, so a pod that binds in between can
// only cause too little capacity, never twice the capacity (SCH-021). Only what
// nothing can be decided without is an error.
//
// # Cost
//
// One read of the pods without a node, one for each node that leaves, and the reads
// of package volume for pods that have claims. Everything comes from the cache.
//
// Start reading at [Gatherer.Begin].
package gather
