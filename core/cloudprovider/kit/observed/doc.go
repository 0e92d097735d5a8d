// SPDX-License-Identifier: Apache-2.0

// Package observed learns from Nodes how much memory machines of a type really have:
// firmware, hypervisor and kernel keep a part that no cloud tells (CP-049). It is
// specified in docs/spec/provider-kit.md (KIT-220 to KIT-226).
//
// # What it holds
//
// [Controller] finds the NodeClaims of Nodes that have registered and passes on what
// these report. The provider says of which [Type] that is, and whether it still
// counts. [Memory] keeps the least that was reported of a type, and answers what to
// expect: that, else the provider's estimate.
//
// It knows no NodeClass and estimates nothing itself.
//
// # Vocabulary
//
// The nominal memory is what a machine is sold with, the estimate what its Node was
// thought to report. A line is types that err alike.
//
// # Invariants
//
// What is expected is no more than any believed Node reported. Nothing is stored: a
// restart observes all registered Nodes again.
//
// # Cost
//
// A few reads from the cache for each Node, once. An answer is one look-up, or a look
// at the observed types of its line.
//
// Start reading at memory.go, then controller.go.
package observed
