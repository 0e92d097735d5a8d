// SPDX-License-Identifier: Apache-2.0

// Package interruption acts on what a cloud says will happen to its machines: a
// spot machine that is taken back, maintenance, a failed check (KIT-150 to
// KIT-156).
//
// # What it never does
//
// It parses no message and knows no queue: a [Source] hands out what it has read.
// It keeps no budget and asks nobody: the cloud does not either (CP-121).
//
// # Vocabulary
//
// A notice says what happens to machines: its kind, which is also the reason that
// is counted, and the action. A message carries notices and is acknowledged to its
// source. A subject is a NodeClaim that a notice is about.
//
// # Invariants
//
// A message is acknowledged only after all it says was done. A NodeClaim is
// deleted and counted once.
//
// # Cost
//
// A round with messages lists the NodeClaims of the cache once. The memory holds
// the UIDs of NodeClaims that were deleted and are not gone yet.
//
// Start reading at [Source] and [Notice], then [Controller].
package interruption
