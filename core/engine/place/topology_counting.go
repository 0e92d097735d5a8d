// SPDX-License-Identifier: Apache-2.0

package place

import (
	"slices"

	"karpenter.sh/core/engine/bitset"
	"karpenter.sh/core/engine/constraint"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/taint"
	"karpenter.sh/core/engine/topology"
)

// groupsOf lists the groups that a pod of the class adds to.
func groupsOf(c *model.Class) []int32 {
	if len(c.Topology.Owned) == 0 {
		return c.Topology.Counted
	}
	return slices.Concat(c.Topology.Counted, c.Topology.Owned)
}

// countOnNode adds a pod to its groups, on an existing node.
func (s *solver) countOnNode(c *model.Class, n *model.Node, pods int32) {
	for _, g := range groupsOf(c) {
		s.count(s.tally(g), n, pods)
	}
}

// looksAtNode applies the filter of a spread to a node (SCH-151).
func (s *solver) looksAtNode(t *topology.Tally, n *model.Node) bool {
	for _, key := range t.Beside {
		if _, has := n.Labels.Get(key); !has {
			return false
		}
	}
	return looksPast(t, n.Taints) && (len(t.Terms) == 0 || slices.ContainsFunc(t.Terms, func(term constraint.Sets) bool {
		_, ok := s.in.Snapshot.Vocabulary.Satisfy(n.Labels, term)
		return ok
	}))
}

func looksPast(t *topology.Tally, taints []taint.Taint) bool {
	if !t.HonorTaints {
		return true
	}
	_, repelled := t.Tolerations.Untolerated(taints, true)
	return !repelled
}

// tallied is what a bin adds to a group: so many pods, in these domains or on
// this host; in none while the group does not look at the bin.
type tallied struct {
	group   int32
	pods    int32
	domains bitset.Set
	host    bool
}

// countOnBin adds a pod to its groups, on a bin.
func (s *solver) countOnBin(c *model.Class, b *bin) {
	for _, g := range groupsOf(c) {
		i := slices.IndexFunc(b.tallied, func(x tallied) bool { return x.group == g })
		if i < 0 {
			i = len(b.tallied)
			b.tallied = append(b.tallied, tallied{group: g})
		}
		s.retract(b, &b.tallied[i])
		b.tallied[i].pods++
		s.enter(b, &b.tallied[i])
	}
}

// recount moves a bin's pods to the domains that its requirements now leave.
// Pods counted nowhere because the domain was open count as soon as it is not,
// and pods counted everywhere stop to count where the bin can no longer be.
func (s *solver) recount(b *bin) {
	for i := range b.tallied {
		s.retract(b, &b.tallied[i])
		s.enter(b, &b.tallied[i])
	}
}

func (s *solver) retract(b *bin, x *tallied) {
	if x.host {
		s.tally(x.group).AddHost(b.name, -x.pods)
	}
	for d := range x.domains.All() {
		s.tally(x.group).Add(constraint.Value(d), -x.pods)
	}
	x.domains, x.host = nil, false
}

// enter counts the bin's pods: in its one domain for spread and affinity, in
// every domain still possible for anti-affinity (SCH-165).
func (s *solver) enter(b *bin, x *tallied) {
	t := s.tally(x.group)
	if !s.looksAt(t, b.pool, b.state) {
		return
	}
	if x.host = t.Hostname; x.host {
		t.AddHost(b.name, x.pods)
		return
	}
	possible := b.domainsOf(t.Key)
	if t.Kind == topology.Spread || t.Kind == topology.Affinity {
		if possible = b.reachable(t.Key); possible.Count() != 1 {
			return
		}
	}
	x.domains = possible
	for d := range possible.All() {
		t.Add(constraint.Value(d), x.pods)
	}
}

// domainsOf are the values of a key that the bin can still end up with.
func (b *bin) domainsOf(key constraint.Key) bitset.Set { return b.pool.possible(b.state.wanted, key) }

// possible are the values of a key that nodes with such requirements can have.
// The caller must not change them.
func (p *pool) possible(wanted constraint.Sets, key constraint.Key) bitset.Set {
	set, restricted := wanted.Get(key)
	if !restricted {
		return p.DomainsOf(key)
	}
	if set.Concrete() {
		return set.Values()
	}
	var out bitset.Set
	for d := range p.DomainsOf(key).All() {
		if p.vocabulary.Has(key, set, constraint.Value(d)) {
			out = out.Add(d)
		}
	}
	return out
}

// reachable are the values of a key with which the bin's node can still come up:
// the catalogue has something there that holds its pods. The caller must not
// change them.
func (b *bin) reachable(key constraint.Key) bitset.Set {
	possible := b.domainsOf(key)
	if possible.Count() < 2 {
		return possible
	}
	var out bitset.Set
	for _, r := range b.pool.reached(b.state, key, possible) {
		if r.to.offer.Variants.Intersects(b.variants) {
			out = out.Add(r.domain)
		}
	}
	return out
}

// reached are the states that a state narrows to for the values of a key; those
// that the catalogue has nothing for are left out.
func (p *pool) reached(st *state, key constraint.Key, possible bitset.Set) []reached {
	for i := range st.reached {
		if st.reached[i].key == key {
			return st.reached[i].all
		}
	}
	var out []reached
	for d := range possible.All() {
		if to := p.narrow(st, domain(key, d)); to != nil {
			out = append(out, reached{d, to})
		}
	}
	st.reached = append(st.reached, reachedBy{key, out})
	return out
}

// undecidable reports whether nodes with such requirements have the key's label
// with a value that is made up later: then nobody can tell whose domain it is.
func (p *pool) undecidable(wanted constraint.Sets, key constraint.Key) bool {
	set, restricted := wanted.Get(key)
	return restricted && !set.Concrete() && !set.AllowsAbsent() && p.possible(wanted, key).Empty()
}

// looksAt applies the filter of a spread to planned nodes of a state, strictly
// (SCH-058).
func (s *solver) looksAt(t *topology.Tally, p *pool, st *state) bool {
	for _, key := range t.Beside {
		if p.possible(st.wanted, key).Empty() {
			return false
		}
	}
	return looksPast(t, p.Taints) && (len(t.Terms) == 0 || slices.ContainsFunc(t.Terms, func(term constraint.Sets) bool {
		_, refused := s.in.Snapshot.Vocabulary.Refused(st.wanted, term, nil)
		return !refused
	}))
}
