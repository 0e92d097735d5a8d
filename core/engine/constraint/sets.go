// SPDX-License-Identifier: Apache-2.0

package constraint

import "karpenter.sh/core/engine/bitset"

// Entry is the set of values admitted for one key.
type Entry struct {
	Key Key
	Set Set
}

// Sets is a conjunction, at most one entry for each key, sorted by key. It is
// immutable; the nil Sets restricts nothing.
type Sets []Entry

// Get returns the set for a key.
func (ss Sets) Get(k Key) (Set, bool) {
	for i := range ss { // a handful of keys: linear beats a binary search
		if ss[i].Key == k {
			return ss[i].Set, true
		}
	}
	return Set{}, false
}

// Equal reports whether both hold equal sets for the same keys.
func (ss Sets) Equal(o Sets) bool {
	if len(ss) != len(o) {
		return false
	}
	for i := range ss {
		if ss[i].Key != o[i].Key || !ss[i].Set.Equal(o[i].Set) {
			return false
		}
	}
	return true
}

// Conjunction returns the labels that satisfy both a and b.
func (v *Vocabulary) Conjunction(a, b Sets) Sets {
	if len(b) == 0 {
		return a
	}
	out := make(Sets, 0, len(a)+len(b))
	i, j := 0, 0
	for i < len(a) && j < len(b) {
		switch {
		case a[i].Key < b[j].Key:
			out, i = append(out, a[i]), i+1
		case a[i].Key > b[j].Key:
			out, j = append(out, b[j]), j+1
		default:
			out = append(out, Entry{a[i].Key, v.Intersect(a[i].Key, a[i].Set, b[j].Set)})
			i, j = i+1, j+1
		}
	}
	return append(append(out, a[i:]...), b[j:]...)
}

// Refused returns the first key on which offered cannot meet wanted: undefined
// and neither optional nor open, or without a common value (SCH-057). Open
// holds the keys that offered may leave undefined; nil is strict.
func (v *Vocabulary) Refused(offered, wanted Sets, open bitset.Set) (Key, bool) {
	for _, w := range wanted {
		o, defined := offered.Get(w.Key)
		switch {
		case defined && !v.Overlap(w.Key, o, w.Set):
			return w.Key, true
		case !defined && !w.Set.absent && (w.Set.Unsatisfiable() || !open.Has(int(w.Key))):
			return w.Key, true
		}
	}
	return 0, false
}

// Label is one interned label.
type Label struct {
	Key   Key
	Value Value
}

// Labels are the interned labels of one node, sorted by key.
type Labels []Label

// Get returns the value of a key.
func (ls Labels) Get(k Key) (Value, bool) {
	lo, hi := 0, len(ls)
	for lo < hi {
		mid := (lo + hi) / 2
		if ls[mid].Key < k {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo < len(ls) && ls[lo].Key == k {
		return ls[lo].Value, true
	}
	return 0, false
}

// Satisfy reports whether the labels meet everything wanted, and if not the
// first key they fail.
func (v *Vocabulary) Satisfy(labels Labels, wanted Sets) (Key, bool) {
	for i := range wanted {
		w := &wanted[i]
		value, present := labels.Get(w.Key)
		if present && !v.Has(w.Key, w.Set, value) || !present && !w.Set.absent {
			return w.Key, false
		}
	}
	return 0, true
}

// Hash is equal for equal conjunctions.
func (ss Sets) Hash() uint64 {
	h := uint64(fnvOffset)
	for _, e := range ss {
		h = mix(h, uint64(e.Key))
		h = mix(h, e.Set.flags())
		for i, w := range e.Set.bits {
			if w != 0 { // trailing zero words do not distinguish sets
				h = mix(h, w+uint64(i))
			}
		}
	}
	return h
}

const (
	fnvOffset = 14695981039346656037
	fnvPrime  = 1099511628211
)

func mix(h, w uint64) uint64 {
	h = (h ^ w) * fnvPrime
	return h ^ h>>29
}

func (s Set) flags() uint64 {
	var f uint64
	if s.complement {
		f = 1 + uint64(s.bounds.Min)*3 + uint64(s.bounds.Max)*5
	}
	if s.absent {
		f ^= 1 << 63
	}
	return f
}
