// SPDX-License-Identifier: Apache-2.0

package requirement

import (
	"iter"
	"slices"
	"strings"
)

// Requirements is a conjunction of requirements, at most one for each key. It
// is an immutable value; the zero value restricts nothing.
type Requirements struct{ sorted []Requirement }

// All returns the conjunction; requirements on one key are intersected
// (SCH-054).
func All(rs ...Requirement) Requirements {
	sorted := slices.Clone(rs)
	slices.SortStableFunc(sorted, func(a, b Requirement) int { return strings.Compare(a.key, b.key) })
	out := sorted[:0]
	for _, r := range sorted {
		if n := len(out); n > 0 && out[n-1].key == r.key {
			out[n-1] = out[n-1].Intersect(r)
			continue
		}
		out = append(out, r)
	}
	return Requirements{out}
}

// OfLabels demands every label with its value.
func OfLabels(labels map[string]string) Requirements {
	rs := make([]Requirement, 0, len(labels))
	for k, v := range labels {
		rs = append(rs, In(k, v))
	}
	return All(rs...)
}

// Each yields the requirements in the order of their keys.
func (rs Requirements) Each() iter.Seq[Requirement] { return slices.Values(rs.sorted) }

// Len is the number of keys.
func (rs Requirements) Len() int { return len(rs.sorted) }

// Get returns the requirement on a key.
func (rs Requirements) Get(key string) (Requirement, bool) {
	i, ok := rs.find(key)
	if !ok {
		return Requirement{}, false
	}
	return rs.sorted[i], true
}

// Has reports whether the key is restricted.
func (rs Requirements) Has(key string) bool {
	_, ok := rs.find(key)
	return ok
}

func (rs Requirements) find(key string) (int, bool) {
	return slices.BinarySearchFunc(rs.sorted, key, func(r Requirement, k string) int { return strings.Compare(r.key, k) })
}

// With returns the conjunction of rs and more.
func (rs Requirements) With(more ...Requirement) Requirements {
	if len(more) == 0 {
		return rs
	}
	return All(slices.Concat(rs.sorted, more)...)
}

// Intersect returns the conjunction of both.
func (rs Requirements) Intersect(o Requirements) Requirements { return rs.With(o.sorted...) }

// Without returns rs less the keys for which drop is true.
func (rs Requirements) Without(drop func(key string) bool) Requirements {
	return Requirements{slices.DeleteFunc(slices.Clone(rs.sorted), func(r Requirement) bool { return drop(r.key) })}
}

// Equal reports whether both hold equal requirements on the same keys.
func (rs Requirements) Equal(o Requirements) bool {
	return slices.EqualFunc(rs.sorted, o.sorted, Requirement.Equal)
}

// Unsatisfiable returns the first requirement that nothing satisfies.
func (rs Requirements) Unsatisfiable() (Requirement, bool) {
	i := slices.IndexFunc(rs.sorted, Requirement.Unsatisfiable)
	if i < 0 {
		return Requirement{}, false
	}
	return rs.sorted[i], true
}

// Labels returns the labels that are decided: those with exactly one value.
func (rs Requirements) Labels() map[string]string {
	out := make(map[string]string, len(rs.sorted))
	for _, r := range rs.sorted {
		if v, ok := r.Single(); ok {
			out[r.key] = v
		}
	}
	return out
}

// HasMinValues reports whether any requirement asks for minValues.
func (rs Requirements) HasMinValues() bool {
	return slices.ContainsFunc(rs.sorted, func(r Requirement) bool { return r.minValues > 0 })
}
