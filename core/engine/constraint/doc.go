// SPDX-License-Identifier: Apache-2.0

// Package constraint is the requirement algebra of package requirement on
// interned integers: the form the scheduling loop works on.
//
// # What it holds
//
// A [Vocabulary] interns label keys and, for each key, its values. A [Set] is
// the set of values one label may have, as a bit set over the interned values
// plus "anything else" (a complement) plus integer bounds plus absence. [Sets]
// is a conjunction over keys.
//
// # Invariants
//
// A Vocabulary only grows, and a Set made before a value was interned keeps
// its meaning: a concrete set does not admit the new value, a complement does.
// Sets are immutable; operations share words where they can. Compile and
// Decompile are inverse up to minValues, which a Set does not carry.
//
// # Cost
//
// Overlap and intersection of two sets are linear in their words (one word for
// up to 64 values), of two conjunctions linear in their keys. Bounds are
// resolved against the vocabulary's integers only when present.
//
// Imports the standard library and engine packages only.
package constraint
