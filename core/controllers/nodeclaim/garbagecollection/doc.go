// SPDX-License-Identifier: Apache-2.0

// Package garbagecollection deletes NodeClaims whose instance is gone. It is the
// controller nodeclaim.garbagecollection, a single loop.
//
// It looks at registered NodeClaims only: one that never registered is given up
// by its own deadline. It deletes no instance and no Node: instances without a
// NodeClaim are the provider's to collect.
//
// A NodeClaim is deleted only when three sources agree: the provider's list, its
// answer for this one instance, and no ready Node. NodeClaims are listed before
// instances, so that one launched in between is not misjudged (LIF-180).
package garbagecollection
