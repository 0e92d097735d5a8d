// SPDX-License-Identifier: Apache-2.0

// Package ledger answers one question for all clouds: was a machine launched for
// this NodeClaim?
//
// # What it holds
//
// A [Ledger] carries out launches by the UID of the NodeClaim: concurrent ones of
// a UID are one, a repeat gets the machine that is there, and a launch whose
// answer was lost is looked for before another is made. [Ledger.Launched] answers
// the question, [Ledger.Collect] finds machines that came late, and [Surplus] says
// which machines of a NodeClaim nobody needs. What they do is specified in
// docs/spec/provider-kit.md (KIT-070 to KIT-079).
//
// It keeps nothing that outlives the process: after a restart it learns from the
// cloud, where each machine carries the UID of its NodeClaim as a tag. It ends no
// machine; whoever calls Collect does.
//
// # Vocabulary
//
// An ask is one launch request to the cloud. It is open while nobody knows what
// came of it: its response was lost, or it is under way. It settles when the cloud
// says what came of it, or when a look-up does that was made long enough after. A
// token is what a cloud recognizes a repeated request by. A machine is adopted when
// a later launch of its UID returns it. It is doomed when Collect has given it out.
//
// # Invariants
//
// No ask is made while an earlier one of the same UID is open, unless the cloud
// takes both for one by their token. A machine that a launch returned is never
// surplus while its NodeClaim exists without another. An answer No is given only
// when nothing can appear any more. A doomed machine is never adopted.
//
// # Cost
//
// One look-up for a launch that is not new, none for one that is. One small entry
// for each NodeClaim, for an hour.
//
// Start reading at ledger.go, then launch.go and collect.go.
package ledger
