// SPDX-License-Identifier: Apache-2.0

// Package nodepool holds the controllers that keep the status of NodePools:
// how much they use ([Counter]), which version of their template nodes came
// from ([Hash]), whether their NodeClass is ready ([Readiness]), whether their
// spec makes sense ([Validation]), and whether their nodes come to register
// ([RegistrationHealth]).
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
// Each controller writes its own fields and conditions only, in patches guarded
// by the version that was read, so that none overwrites another's (LIF-005).
// Nothing is written that would not change anything.
//
// # Cost
//
// A pass costs one cached read and at most one write, except that a change of
// the hash version patches each NodeClaim of the pool once.
//
// Start reading at options.go, then at the controller of interest.
package nodepool
