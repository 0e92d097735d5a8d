// SPDX-License-Identifier: Apache-2.0

// Package nodeclass holds what the controllers of a NodeClass share, and the map of
// those below it (KIT-100 to KIT-127).
//
//	lookup        a NodeClass by its name, and what it means that there is none
//	resolution    the status controller: resolvers, conditions, one write
//	statichash    the hash of a spec, its annotations, migration and drift
//	finalization  a deleted NodeClass waits for its NodeClaims and is cleaned up
//	validation    a resolver that tries a launch dry
//
// # What it never does
//
// It knows no field of any NodeClass but its metadata and conditions, and no
// cloud. It reads through the clients it is given and writes only to NodeClasses
// and to the annotations of NodeClaims.
//
// # Vocabulary
//
// T is a provider's NodeClass, a pointer type like *EC2NodeClass. A resolver finds
// out what a part of the spec means in the cloud. A NodeClaim refers to a
// NodeClass by group, kind and name.
//
// # Cost
//
// [NodeClaims] is linear in the NodeClaims of the cache and copies none.
//
// Start reading at [Kind].
package nodeclass
