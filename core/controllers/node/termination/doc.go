// SPDX-License-Identifier: Apache-2.0

// Package termination takes a deleted Node to its end: it keeps new pods away,
// waits until the node is drained and its volumes are detached, has the instance
// terminated and lets the Node go. It is the controller node.termination.
//
// # What it decides
//
// A pass goes through the steps in order, and each runs only when all earlier
// ones are complete in the same pass, so that pods that appear late are drained
// too. What to do about pods and volumes is decided by package
// [karpenter.sh/core/engine/drain]; the pods leave through an [Evictor].
//
// # What it never does
//
// It evicts and deletes no pod and no volume attachment itself. Nodes that do
// not carry the label of one of the provider's NodeClasses are left alone.
//
// # Vocabulary
//
// The owner is the single managed NodeClaim with the Node's provider ID. A Node
// without one, or with several, is drained without deadline or conditions, and
// its instance is not touched.
//
// # Invariants
//
// Conditions that a pass reached are stored before the pass ends in any way. The
// Node is tainted before any pod is evicted. Whoever else writes the Node or the
// NodeClaim at the same time holds nothing up: a pass writes its own taint, label,
// conditions and finalizer and nothing else, and never more passes run than the
// client can serve (LIF-004, LIF-263).
//
// # Cost
//
// A pass costs three lookups by index and is linear in the pods of the node. A
// draining Node is looked at once a second.
//
// # Where to start reading
//
// [New], which lists the steps, then pass.go.
package termination
