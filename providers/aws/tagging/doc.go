// SPDX-License-Identifier: Apache-2.0

// Package tagging knows which tags an instance gets after its launch, once the name of
// its node is known (AWS-125). When and how often is the kit's controller
// nodeclaim.tagging, which [New] sets up.
//
// It may import nothing of the provider but the API types and providerid.
//
// Invariant: a key that an instance has is never written, since users and other
// programs may have set it.
//
// Cost: one look at the instance and at most one call for each NodeClaim, once.
//
// Start reading at [Tagger].
package tagging
