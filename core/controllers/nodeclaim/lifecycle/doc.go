// SPDX-License-Identifier: Apache-2.0

// Package lifecycle takes a NodeClaim from its creation to an initialized node,
// and from its deletion to its end. It is the controller nodeclaim.lifecycle.
//
// # What it decides
//
// A live NodeClaim passes through [Controller]'s steps in order: launch,
// registration, presence of the Node, initialization, liveness. A step that fails does not keep the
// later ones from running. A deleting NodeClaim is finalized: its nodes are
// deleted, then its instance, then its finalizer is removed.
//
// # What it never does
//
// It drains nothing: the termination of nodes is another family's. It does not
// choose what to launch: the NodeClaim says so. NodeClaims of other providers are
// never written.
//
// # Vocabulary
//
// A pass is one look at one NodeClaim. An effect is what a pass does once its
// changes are stored: counting, logging, deleting a NodeClaim that timed out.
// A launch is what this process remembers of creating an instance.
//
// # Invariants
//
// The finalizer is stored before the provider is asked for anything. Changes of
// a pass are written once, metadata before status, and effects follow only when
// the writes succeeded, so that a pass that is repeated counts once.
//
// Every wait ends: for the launch and the registration by liveness.go, for a Node
// that has vanished by lost.go, for the initialization by overdue.go.
//
// # Cost
//
// A pass costs one lookup by provider ID; from creation to initialized a
// NodeClaim takes at most seven writes, two of them to its Node.
//
// # Where to start reading
//
// [New], which lists the steps, then pass.go; finalize.go for the other half.
package lifecycle
