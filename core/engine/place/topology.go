// SPDX-License-Identifier: Apache-2.0

package place

import (
	"cmp"
	"slices"
	"strings"

	"karpenter.sh/core/engine/bitset"
	"karpenter.sh/core/engine/constraint"
	"karpenter.sh/core/engine/topology"
)

// choices lists the routes that the attempt's rules leave open, the most wanted
// first. There is one for each alternative of the volumes and each combination of
// domains; without volumes and rules on keys other than the hostname there is
// exactly one.
func (s *solver) choices(a *attempt) []*route {
	pins := s.pins(a.class)
	if len(a.keys) == 0 && pins == nil {
		return a.free
	}
	combinations := []constraint.Sets{pins}
	for _, key := range a.keys {
		var next []constraint.Sets
		for _, set := range s.choose(a, key) {
			for _, c := range combinations {
				next = append(next, s.in.Snapshot.Vocabulary.Conjunction(c, constraint.Sets{{Key: key, Set: set}}))
			}
		}
		combinations = next
	}
	return s.narrowed(a, combinations)
}

// choose lists what one key may be narrowed to: one domain for a spread and for
// affinity that is only starting, all allowed ones otherwise. All rules on the
// key are solved together (SCH-156).
func (s *solver) choose(a *attempt, key constraint.Key) []constraint.Set {
	var allowed, refused bitset.Set
	listed, single := false, false
	var spreads []*topology.Tally
	for i := range a.onKeys {
		t := &a.onKeys[i]
		if t.Key != key {
			continue
		}
		domains, lists := t.Allowed(t.counts(), s.view(a, t))
		switch {
		case !lists:
			refused = union(refused, domains)
			continue
		case listed:
			allowed.And(domains)
		default:
			allowed, listed = domains, true
		}
		if t.Kind == topology.Spread {
			spreads = append(spreads, t.Tally)
		}
		single = single || t.Kind == topology.Spread || t.Empty(domains)
	}
	if !listed {
		return []constraint.Set{constraint.Except(refused)}
	}
	allowed.AndNot(refused)
	allowed = s.within(a, key, allowed)
	if !single {
		return []constraint.Set{constraint.Only(allowed)}
	}
	return s.ordered(key, allowed, spreads)
}

func union(a, b bitset.Set) bitset.Set {
	for v := range b.All() {
		a = a.Add(v)
	}
	return a
}

// within leaves of the domains those that the attempt wants.
func (s *solver) within(a *attempt, key constraint.Key, domains bitset.Set) bitset.Set {
	own, restricted := a.Wanted.Get(key)
	if !restricted {
		return domains
	}
	out := domains.Clone()
	for d := range domains.All() {
		if !s.in.Snapshot.Vocabulary.Has(key, own, constraint.Value(d)) {
			out.Remove(d)
		}
	}
	return out
}

// ordered lists single domains, those with the fewest pods of the spreads
// first. Ties go by an order that differs from group to group, so that
// unrelated workloads do not all start in one domain (SCH-154), and then by
// name, lest the order in which values were interned decide (SCH-262).
func (s *solver) ordered(key constraint.Key, domains bitset.Set, spreads []*topology.Tally) []constraint.Set {
	values := slices.Collect(domains.All())
	name := func(v int) string { return s.in.Snapshot.Vocabulary.ValueName(key, constraint.Value(v)) }
	slices.SortFunc(values, func(a, b int) int {
		for _, t := range spreads {
			if c := cmp.Compare(t.Count(constraint.Value(a)), t.Count(constraint.Value(b))); c != 0 {
				return c
			}
		}
		if len(spreads) == 0 {
			return strings.Compare(name(a), name(b))
		}
		return cmp.Or(cmp.Compare(spreads[0].Rank(name(a)), spreads[0].Rank(name(b))), strings.Compare(name(a), name(b)))
	})
	out := make([]constraint.Set, len(values))
	for i, v := range values {
		out[i] = constraint.Only(bitset.Set{}.Add(v))
	}
	return out
}

// admitsHost checks the attempt's rules on the hostname for one node or bin.
func (a *attempt) admitsHost(name string) bool {
	for i := range a.onHosts {
		if r := &a.onHosts[i]; !r.AdmitsHost(name, r.counts()) {
			return false
		}
	}
	return true
}

// seeksHost reports whether the attempt must join pods on a node: then a node
// that refuses now may admit later.
func (a *attempt) seeksHost() bool {
	return slices.ContainsFunc(a.onHosts, func(r rule) bool { return r.Kind == topology.Affinity })
}
