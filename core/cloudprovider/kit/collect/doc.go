// SPDX-License-Identifier: Apache-2.0

// Package collect deletes machines that no NodeClaim has: what a launch left behind
// whose result never reached the API server, and what a cloud gave beyond what was
// asked for (KIT-130 to KIT-135).
//
// # What it decides
//
// Which machines are orphans ([Orphans]), and when to look. Deleting a machine is
// the provider's business. The other direction, NodeClaims that no machine has,
// is the core's.
//
// # Vocabulary
//
// A machine is what the provider lists, in the form of a NodeClaim. The tie says
// which NodeClaim a machine was launched for. The grace is how old a machine must
// be.
//
// # Invariants
//
// The cloud is listed before the NodeClaims, so that a machine launched in between
// is never taken for an orphan. What is deleted was an orphan by the cache and by
// the API server.
//
// # Cost
//
// A round costs one List of the provider and one list of the cache; with anything to
// delete, one list of the NodeClaims from the API server more.
//
// Start reading at [Orphans], then [Controller].
package collect
