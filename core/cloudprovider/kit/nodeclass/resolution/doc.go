// SPDX-License-Identifier: Apache-2.0

// Package resolution is the status controller of a NodeClass (KIT-104 to KIT-108):
// it asks the provider's resolvers what the spec means in the cloud, and writes
// what they found.
//
// # What it never does
//
// It knows no condition but those its resolvers name, decides nothing about
// launches, and writes nothing but the finalizer and the status.
//
// # Vocabulary
//
// A resolver is named by the condition it decides. Its outcome is what the
// condition becomes and when to ask again. An error means that the resolver could
// not find out: what was known stays.
//
// # Invariants
//
// What a resolver that fails has changed on the NodeClass is dropped. A pass
// writes the status at most once.
//
// # Cost
//
// One deep copy of the NodeClass for each resolver. Resolvers run one after
// another, so they must answer from caches or with few calls.
//
// Start reading at [Resolver], then [Controller].
package resolution
