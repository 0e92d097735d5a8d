// SPDX-License-Identifier: Apache-2.0

package constraint

import (
	"slices"

	"karpenter.sh/core/engine/bitset"
	"karpenter.sh/core/engine/requirement"
)

// Compile interns a conjunction. minValues is not carried.
func (v *Vocabulary) Compile(rs requirement.Requirements) Sets {
	out := make(Sets, 0, rs.Len())
	for r := range rs.Each() {
		out = append(out, v.CompileOne(r))
	}
	slices.SortFunc(out, func(a, b Entry) int { return int(a.Key - b.Key) })
	return out
}

// CompileOne interns one requirement.
func (v *Vocabulary) CompileOne(r requirement.Requirement) Entry {
	k := v.Key(r.Key())
	s := Set{complement: !r.Concrete(), absent: r.AllowsAbsent()}
	if s.complement {
		s.bounds = r.Bounds()
	}
	for _, value := range r.Values() {
		s.bits = s.bits.Add(int(v.Value(k, value)))
	}
	return Entry{k, s}
}

// CompileLabels interns the labels of a node, sorted by key. Keys for which
// skip is true are left out, as if the node did not carry them.
func (v *Vocabulary) CompileLabels(labels map[string]string, skip func(key string) bool) Labels {
	out := make(Labels, 0, len(labels))
	for name, value := range labels {
		if skip(name) {
			continue
		}
		k := v.Key(name)
		out = append(out, Label{k, v.Value(k, value)})
	}
	slices.SortFunc(out, func(a, b Label) int { return int(a.Key - b.Key) })
	return out
}

// Decompile is the plain form of a conjunction.
func (v *Vocabulary) Decompile(ss Sets) requirement.Requirements {
	rs := make([]requirement.Requirement, 0, len(ss))
	for _, e := range ss {
		rs = append(rs, v.DecompileOne(e))
	}
	return requirement.All(rs...)
}

// DecompileOne is the plain form of one entry.
func (v *Vocabulary) DecompileOne(e Entry) requirement.Requirement {
	key, values := v.KeyName(e.Key), v.valueNames(e.Key, e.Set.bits)
	switch {
	case !e.Set.complement && e.Set.absent && len(values) == 0:
		return requirement.DoesNotExist(key)
	case !e.Set.complement:
		return requirement.In(key, values...)
	}
	r := requirement.NotIn(key, values...)
	if !e.Set.absent {
		r = r.Intersect(requirement.Exists(key))
	}
	if e.Set.bounds.Bounded() {
		r = r.Intersect(requirement.Between(key, e.Set.bounds))
	}
	return r
}

func (v *Vocabulary) valueNames(k Key, bits bitset.Set) []string {
	out := make([]string, 0, bits.Count())
	for id := range bits.All() {
		out = append(out, v.ValueName(k, Value(id)))
	}
	return out
}
