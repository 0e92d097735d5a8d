// SPDX-License-Identifier: Apache-2.0

package constraint

import (
	"karpenter.sh/core/engine/bitset"
	"karpenter.sh/core/engine/requirement"
)

// Set is the set of values one label may have; see [requirement.Requirement],
// whose meaning it shares. The zero Set admits nothing, not even absence.
type Set struct {
	bits       bitset.Set // admitted, or with complement excluded
	complement bool
	absent     bool
	bounds     requirement.Bounds // only for complements
}

// AllowsAbsent reports whether a node without the label satisfies s.
func (s Set) AllowsAbsent() bool { return s.absent }

// Concrete reports whether the admitted values are exactly those of Values.
func (s Set) Concrete() bool { return !s.complement }

// Values are the admitted values of a concrete set, the excluded ones of a
// complement. The caller must not change it.
func (s Set) Values() bitset.Set { return s.bits }

// Unsatisfiable reports whether no label satisfies s, not even an absent one.
func (s Set) Unsatisfiable() bool { return !s.complement && !s.absent && s.bits.Empty() }

// Single returns the only admitted value of a concrete set of one.
func (s Set) Single() (Value, bool) {
	if s.complement || s.bits.Count() != 1 {
		return 0, false
	}
	for v := range s.bits.All() {
		return Value(v), true
	}
	return 0, false
}

// Equal reports whether both admit the same labels, now and after the
// vocabulary has grown.
func (s Set) Equal(o Set) bool {
	return s.complement == o.complement && s.absent == o.absent &&
		(!s.complement || s.bounds == o.bounds) && s.bits.Equal(o.bits)
}

// Has reports whether a label of key k with value id satisfies s.
func (v *Vocabulary) Has(k Key, s Set, id Value) bool {
	return s.bits.Has(int(id)) != s.complement && v.within(k, s, id)
}

func (v *Vocabulary) within(k Key, s Set, id Value) bool {
	if !s.complement || !s.bounds.Bounded() {
		return true
	}
	i := v.integer(k, id)
	return i.ok && s.bounds.Min <= i.n && i.n <= s.bounds.Max
}

// Overlap reports whether some label of key k satisfies both.
func (v *Vocabulary) Overlap(k Key, a, b Set) bool {
	switch {
	case a.absent && b.absent:
		return true
	case a.complement && b.complement:
		return !a.bounds.Tighten(b.bounds).Crossed()
	case a.complement:
		return v.overlapConcrete(k, b, a)
	case b.complement:
		return v.overlapConcrete(k, a, b)
	}
	return a.bits.Intersects(b.bits)
}

func (v *Vocabulary) overlapConcrete(k Key, concrete, complement Set) bool {
	if !complement.bounds.Bounded() {
		return !subset(concrete.bits, complement.bits)
	}
	for id := range concrete.bits.All() {
		if v.Has(k, complement, Value(id)) {
			return true
		}
	}
	return false
}

// Intersect returns the labels of key k that satisfy both.
func (v *Vocabulary) Intersect(k Key, a, b Set) Set {
	out := Set{complement: a.complement && b.complement, absent: a.absent && b.absent}
	switch {
	case out.complement:
		return v.intersectComplements(k, a, b)
	case a.complement:
		out.bits = v.filter(k, b.bits, a)
	case b.complement:
		out.bits = v.filter(k, a.bits, b)
	default:
		out.bits = a.bits.Clone()
		out.bits.And(b.bits)
	}
	return out
}

func (v *Vocabulary) intersectComplements(k Key, a, b Set) Set {
	out := Set{complement: true, absent: a.absent && b.absent, bounds: a.bounds.Tighten(b.bounds)}
	if out.bounds.Crossed() {
		return Set{absent: out.absent}
	}
	if len(a.bits) < len(b.bits) {
		a, b = b, a
	}
	out.bits = a.bits.Clone()
	out.bits.Or(b.bits)
	if out.bounds.Bounded() {
		// Exclusions beyond the bounds say nothing; dropping them keeps
		// equal sets equal.
		out.bits = v.filter(k, out.bits, Set{complement: true, bounds: out.bounds})
	}
	return out
}

// filter returns the values of bits that the complement set admits.
func (v *Vocabulary) filter(k Key, bits bitset.Set, complement Set) bitset.Set {
	out := bits.Clone()
	out.AndNot(complement.bits)
	if complement.bounds.Bounded() {
		for id := range bits.All() {
			if !v.within(k, complement, Value(id)) {
				out.Remove(id)
			}
		}
	}
	return out
}

func subset(a, b bitset.Set) bool {
	for i, w := range a {
		if i < len(b) {
			w &^= b[i]
		}
		if w != 0 {
			return false
		}
	}
	return true
}

// Only admits exactly the values given, and not absence.
func Only(values bitset.Set) Set { return Set{bits: values} }

// Except admits every value but those given, and absence.
func Except(values bitset.Set) Set {
	return Set{bits: values, complement: true, absent: true, bounds: requirement.Unbounded()}
}
