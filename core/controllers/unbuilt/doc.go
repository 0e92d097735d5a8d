// SPDX-License-Identifier: Apache-2.0

// Package unbuilt tells users of objects that this version does not act on, so
// that nobody waits for an effect that does not come.
//
// # What it never does
//
// It writes no status: these objects are not Karpenter's as long as nothing is
// done with them. What a NodePool asks for in vain is told in its conditions, by
// package nodepool.
//
// # Invariants
//
// Each object is told once in the life of the process. A kind that is not served
// is passed over, and seen once it is.
//
// # Cost
//
// One list of metadata per kind and minute.
//
// A kind goes from [Kinds] when its feature comes; the package goes with the
// last one.
package unbuilt
