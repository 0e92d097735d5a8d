// SPDX-License-Identifier: Apache-2.0

// Package choice decides what a launch asks for: which instance types, in which
// zones, bought how (AWS-280 to AWS-282, AWS-438, CP-013 to CP-017).
//
// # What it decides
//
// [Of] narrows the types of a NodeClass to those that serve a NodeClaim, in the
// order of AWS-280, and returns a [Choice]: capacity type, kind of reservation,
// tenancy, partition, and the candidates, cheapest first.
//
// It is pure. It calls no cloud, reads no clock, and imports the contract of core and
// the keys of the API only.
//
// # Vocabulary
//
// A candidate is a type with the offerings that may be launched, at most one for
// each zone. An exotic type is bare metal or has accelerators.
//
// # Invariants
//
// Every offering of a choice is available, is compatible with the NodeClaim and has
// the choice's capacity type; what a machine bought through it has holds the
// NodeClaim's requests. A choice has a candidate, and each candidate an offering.
// Arguments stay as they are; equal arguments give equal choices.
//
// # Cost
//
// One look at each offering, and a sort of the types that are left.
//
// Start reading at choice.go.
package choice
