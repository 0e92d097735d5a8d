// SPDX-License-Identifier: Apache-2.0

package place

import (
	"slices"

	"karpenter.sh/core/engine/bitset"
	"karpenter.sh/core/engine/constraint"
	"karpenter.sh/core/engine/topology"
)

// A rule looks at the domains of nodes, as the scheduler does: of those that
// exist and of those that this run plans. A domain without nodes counts for a pod
// only as long as a node for this very pod could be opened there (SCH-142).

// opened is what a class knows about the domains of a key.
type opened struct {
	changes int // of the run, when it last looked
	asked   bitset.Set
	domains bitset.Set
}

// view is how pods of the attempt see the domains of a rule.
func (s *solver) view(a *attempt, r *rule) topology.View {
	s.meetBins(r.group)
	return topology.View{
		Eligible: func(d constraint.Value) bool { return s.passes(r.Tally, d) },
		Open:     func() bitset.Set { return a.joinable(r, s.openFor(a.class, r)) },
	}
}

// joinable leaves of domains those where other rules on the key let the pod join the
// pods that it must be with: no node could be opened for it elsewhere.
func (a *attempt) joinable(r *rule, domains bitset.Set) bitset.Set {
	for i := range a.onKeys {
		x := &a.onKeys[i]
		if x.group == r.group || x.Key != r.Key || x.Kind != topology.Affinity || !x.required || x.Nowhere() {
			continue
		}
		for d := range domains.All() {
			if x.Count(constraint.Value(d)) == 0 {
				domains.Remove(d)
			}
		}
	}
	return domains
}

// passes reports whether the terms of a rule's node filter admit a domain, as
// far as its key goes (SCH-152). The filter asks for any of the required terms,
// whichever of them an attempt goes by, as the scheduler does.
func (s *solver) passes(t *topology.Tally, d constraint.Value) bool {
	return len(t.Terms) == 0 || slices.ContainsFunc(t.Terms, func(term constraint.Sets) bool {
		set, restricted := term.Get(t.Key)
		return !restricted || s.in.Snapshot.Vocabulary.Has(t.Key, set, d)
	})
}

// openFor are the domains, beside those that the rule knows, where a node for
// pods of the class could be opened now.
func (s *solver) openFor(c *class, r *rule) bitset.Set {
	if s.offeredIn(r.Key).Within(r.Domains()) {
		return nil
	}
	left := s.offeredIn(r.Key).Clone()
	left.AndNot(r.Domains())
	o := c.opened[r.Key]
	if o == nil {
		o = &opened{}
		c.opened[r.Key] = o
	}
	if o.changes != *s.changes {
		*o = opened{changes: *s.changes}
	}
	for d := range left.All() {
		if o.asked.Has(d) {
			continue
		}
		o.asked = o.asked.Add(d)
		if s.opens(c, domain(r.Key, d), s.counting(c)) {
			o.domains = o.domains.Add(d)
		}
	}
	left.And(o.domains)
	return left
}

// offeredIn are the values of a key that nodes of some pool could have.
func (s *solver) offeredIn(key constraint.Key) bitset.Set {
	out, known := s.offered[key]
	if !known {
		for _, p := range s.pools {
			out = union(out, p.DomainsOf(key))
		}
		s.offered[key] = out
	}
	return out
}

// domain restricts a key to one domain.
func domain(key constraint.Key, d int) constraint.Sets {
	return constraint.Sets{{Key: key, Set: constraint.Only(bitset.Set{}.Add(d))}}
}

// counting are the alternatives of a class's volumes that decide which domains
// count: none at first (SCH-086).
func (s *solver) counting(c *class) []constraint.Sets {
	if s.byVolumes {
		return s.alternatives(c)
	}
	return s.anywhere[:]
}

// opens reports whether some pool would open a bin for a pod of the class in a
// domain, whatever the pod prefers and topology rules say. A bin that would have
// to wait for reserved capacity could be had before long.
func (s *solver) opens(c *class, in constraint.Sets, volumes []constraint.Sets) bool {
	return slices.ContainsFunc(s.finalRoutes(c, in, volumes), func(r *route) bool {
		return slices.ContainsFunc(s.pools, func(p *pool) bool {
			fresh, said := p.prospect(r)
			return said != answerRefused && fresh.state.defines(p, r)
		})
	})
}

// defines reports whether nodes of the state have the labels of all rules that
// look for one.
func (st *state) defines(p *pool, r *route) bool {
	return !slices.ContainsFunc(r.onKeys, func(x rule) bool {
		return (x.Kind == topology.Spread || x.Kind == topology.Affinity) && p.possible(st.wanted, x.Key).Empty()
	})
}

// finalRoutes are those of the attempts without preferences, one for each OR-ed
// term, within a choice of domains.
func (s *solver) finalRoutes(c *class, in constraint.Sets, volumes []constraint.Sets) []*route {
	var out []*route
	for i := range c.attempts {
		if !c.final(i) {
			continue
		}
		for _, v := range volumes {
			if r := s.route(&c.attempts[i], s.in.Snapshot.Vocabulary.Conjunction(in, v)); !r.impossible {
				out = append(out, r)
			}
		}
	}
	return out
}

// heedVolumes has domains count only where the volumes of pods can be, if any of
// the pods has some: they found no place while others counted, too.
func (s *solver) heedVolumes(pods []int) bool {
	s.byVolumes = slices.ContainsFunc(pods, func(i int) bool { return s.in.Pods[i].Class.Volumes != nil })
	*s.changes++
	return s.byVolumes
}

// meetBins makes known to a group the domains that bins may end up in.
func (s *solver) meetBins(group int32) {
	t := s.tally(group)
	for ; s.met[group] < len(s.bins); s.met[group]++ {
		b := s.bins[s.met[group]]
		for d := range s.unmet(t, b.pool, b.state).All() {
			t.Meet(constraint.Value(d))
		}
	}
}

// unmet are the domains that nodes of a state may end up in and that the group
// looks at but does not know.
func (s *solver) unmet(t *topology.Tally, p *pool, st *state) (out bitset.Set) {
	possible := p.possible(st.wanted, t.Key)
	if possible.Within(t.Domains()) || !s.looksAt(t, p, st) {
		return nil
	}
	for d := range possible.All() {
		if !t.Domains().Has(d) && s.passes(t, constraint.Value(d)) && p.narrow(st, domain(t.Key, d)) != nil {
			out = out.Add(d)
		}
	}
	return out
}

// rely remembers the domain of a placed pod with the spreads that it demands.
func (s *solver) rely(r *route, x *rule) {
	if x.Kind != topology.Spread || !x.required {
		return
	}
	set, _ := r.wanted.Get(x.Key)
	if d, single := set.Single(); single {
		s.tallies[x.group].Rely(d)
		s.relied = s.relied.Add(int(x.group))
	}
}

// spared narrows a state so that its nodes come up in no domain that pods placed
// by this run cannot do with: it would count as an empty one before they are
// bound (SCH-158). It returns nil if that leaves nothing.
func (s *solver) spared(p *pool, st *state) *state {
	for g := range s.relied.All() {
		t := s.tallies[g]
		if st == nil || !t.Strained() {
			continue
		}
		s.meetBins(int32(g))
		if unmet := s.unmet(t, p, st); !unmet.Empty() {
			st = p.narrow(st, constraint.Sets{{Key: t.Key, Set: constraint.Except(unmet)}})
		}
	}
	return st
}
