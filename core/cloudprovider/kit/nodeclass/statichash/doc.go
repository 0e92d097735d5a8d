// SPDX-License-Identifier: Apache-2.0

// Package statichash is the static hash of a NodeClass: how it is computed, where
// it is written, and when it means drift (KIT-110 to KIT-115).
//
// # What it holds
//
// [Of] hashes any Go value, bit for bit as other implementations hash the
// NodeClasses that they share with this one. [Scheme] is a provider's choice of
// what is hashed and under which version. [Controller] stamps NodeClasses and
// brings NodeClaims to a new version.
//
// # What it never does
//
// It does not know which fields a provider hashes: the provider's function says
// so. It judges no drift but the static one.
//
// # Invariants
//
// Equal values have equal hashes, on every machine and in every version of this
// package. The order of a list does not matter, and equal elements of one cancel
// each other in pairs, which those other implementations have in common.
//
// # Cost
//
// Linear in the size of the value, by reflection; it runs once for each launch,
// drift check and edit.
//
// Start reading at [Of], then [Scheme].
package statichash
