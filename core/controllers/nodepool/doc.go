// SPDX-License-Identifier: Apache-2.0

// Package nodepool holds the controllers that keep the status of NodePools:
// how much they use ([Counter]), which version of their template nodes came
// from ([Hash]), whether their NodeClass is ready and their spec makes sense
// ([Readiness], [Validation]: one judgement, which either begins), whether there
// are instance types for them ([InstanceTypes]), and whether their nodes come to
// register ([RegistrationHealth]).
//
// # What it never does
//
// It launches and removes nothing, and no pool gets a finalizer (API-090).
// Pools of another provider are left alone (LIF-001).
//
// # Vocabulary
//
// An outcome is how one NodeClaim fared: its node registered, or it was given up
// before. The window of a pool holds its last outcomes.
//
// # Invariants
//
// Each judgement writes its own fields and conditions only, in patches guarded by
// the version that was read, so that none overwrites another's (LIF-005). All
// that Ready depends on is written at once. Nothing is written that would not
// change anything, and what is wrong is told as an event when it changes.
//
// # Cost
//
// A pass costs one cached read and at most one write, except that a change of
// the hash version patches each NodeClaim of the pool once.
//
// Start reading at options.go and assessment.go, then at the controller of
// interest.
package nodepool
