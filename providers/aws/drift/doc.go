// SPDX-License-Identifier: Apache-2.0

// Package drift decides whether an instance is still what its NodeClass asks for
// (AWS-376, AWS-377), and by which conditions a node is broken (AWS-378).
//
// # What it knows
//
// The order of reasons, and which inputs must be there before any is believed. It looks
// nothing up: who calls brings the state, from caches.
//
// # What it may not import
//
// Anything of the provider but the API types.
//
// # Invariants
//
// Nothing drifts as long as an input is missing: what is not known is no difference. A
// reservation is looked at again before it counts as lost.
//
// Start reading at [Of].
package drift
