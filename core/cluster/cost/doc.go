// SPDX-License-Identifier: Apache-2.0

// Package cost keeps the running cost of each NodePool: the sum of the prices of
// the offerings that its NodeClaims were bought through (LIF-055).
//
// # What it never does
//
// It fetches no prices: they are handed in, for a whole pool at a time, and it
// says which pools use an offering that nobody has priced. An offering without a
// known price counts 0.
//
// # Invariants
//
// A NodeClaim is counted once, from when it carries the labels that tell its
// offering until it is gone. Sums are made in a fixed order when they are read,
// so they do not drift.
//
// # Cost
//
// A NodeClaim costs a map access; a sum costs the distinct offerings in use by
// the pool.
//
// Start reading at [Ledger]. It is safe for concurrent use.
package cost
