// SPDX-License-Identifier: Apache-2.0

// Package requirement is the algebra of label requirements in its plain form,
// on strings. It is used wherever requirements meet the outside: what
// providers declare, what pods ask for, what NodeClaims are given, and the
// text of messages. The scheduling loop works on the interned form of the same
// algebra (package [karpenter.sh/core/engine/constraint]); property tests hold
// the two together.
//
// # What it holds
//
// A [Requirement] is the set of values one label may have, where "the label is
// absent" counts as one more possible value: In, Exists and the integer bounds
// exclude absence, NotIn and DoesNotExist admit it. This one bit makes the
// algebra agree with how the scheduler reads labels, and it separates a
// contradiction (nothing is admitted, not even absence, SCH-060) from
// DoesNotExist (only absence is).
//
// [Requirements] is a conjunction: at most one Requirement for each key,
// sorted by key.
//
// # Invariants
//
// Values are immutable and canonical: sorted, without duplicates, without
// values outside the bounds; a concrete set has no bounds. Intersection is
// commutative and associative and never widens. minValues is the maximum of
// both sides and survives every intersection (SCH-053).
//
// # Cost
//
// Intersection and overlap are linear in the number of listed values.
//
// Imports the standard library only.
package requirement
