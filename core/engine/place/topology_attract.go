// SPDX-License-Identifier: Apache-2.0

package place

import (
	"slices"

	"karpenter.sh/core/engine/bitset"
	"karpenter.sh/core/engine/constraint"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/topology"
)

// Pods that attract each other end up in one domain, and whoever is placed first
// chooses it for all. So it is chosen beforehand, for the most of them (SCH-167).

// bond ties classes whose pods attract each other in the domains of one key.
type bond struct {
	// groups are the affinity rules; none counts any pod when the run begins.
	groups  []int32
	members []*class
	// key of the rules; for the hostname it means nothing.
	key      constraint.Key
	hostname bool
	// nowhere says that no node has room for the pods together.
	nowhere bool
}

// tie is a bond as one of its classes sees it.
type tie struct {
	*bond
	// pins are the domains to start in; nil leaves the choice open.
	pins constraint.Sets
}

// attract finds the bonds among the pods, chooses where each should start, and
// returns the order to place the pods in: those that must share a node follow the
// first of them.
func (s *solver) attract(sorted []int) []int {
	if !s.anyAttracted(sorted) {
		return sorted
	}
	classes, pods := s.byClass(sorted)
	for _, b := range s.bonds(classes) {
		if !b.hostname {
			s.pinAll(b, pods)
			continue
		}
		for _, c := range b.members {
			c.ties = append(c.ties, tie{bond: b})
		}
	}
	out, taken := make([]int, 0, len(sorted)), bitset.New(len(sorted))
	for _, i := range sorted {
		for _, pod := range s.companions(i, pods) {
			if !taken.Has(pod) {
				taken, out = taken.Add(pod), append(out, pod)
			}
		}
	}
	return out
}

// anyAttracted reports whether some pod demands to be with others.
func (s *solver) anyAttracted(sorted []int) bool {
	var before *model.Class
	return slices.ContainsFunc(sorted, func(i int) bool {
		c := s.in.Pods[i].Class
		if c == before {
			return false
		}
		before = c
		last := &c.Attempts[len(c.Attempts)-1]
		return slices.ContainsFunc(last.Rules[:last.Required], func(g int32) bool {
			return s.in.Snapshot.Groups[g].Kind == topology.Affinity
		})
	})
}

// byClass lists the pods' classes in the order in which pods are tried.
func (s *solver) byClass(sorted []int) (classes []*class, pods map[*class][]int) {
	pods = map[*class][]int{}
	for _, i := range sorted {
		c := s.classOf(i)
		if pods[c] == nil {
			classes = append(classes, c)
		}
		pods[c] = append(pods[c], i)
	}
	return classes, pods
}

// bonds lists the bonds among classes.
func (s *solver) bonds(classes []*class) []*bond {
	var out []*bond
	for _, c := range classes {
		for _, g := range c.demanded() {
			if t := s.tally(g); t.Kind == topology.Affinity && t.Nowhere() {
				out = s.bind(out, g, classes)
			}
		}
	}
	return out
}

// companions are the pods to place when it is a pod's turn: itself, or all that
// must share a node with it. One pod of each class that the others need comes
// first, and its replicas, which need nobody, last.
func (s *solver) companions(pod int, pods map[*class][]int) []int {
	c := s.classOf(pod)
	at := slices.IndexFunc(c.ties, func(t tie) bool { return t.hostname })
	if at < 0 {
		return []int{pod}
	}
	var first, then, last []int
	for _, m := range c.ties[at].members {
		if m.demands(c.ties[at].bond) {
			then = append(then, pods[m]...)
		} else {
			first, last = append(first, pods[m][0]), append(last, pods[m][1:]...)
		}
	}
	return slices.Concat(first, then, last)
}

// demands reports whether pods of the class must be with others of the bond.
func (c *class) demands(b *bond) bool {
	return slices.ContainsFunc(c.demanded(), func(g int32) bool { return slices.Contains(b.groups, g) })
}

// demanded are the groups of the rules that hold to the last.
func (c *class) demanded() []int32 {
	last := &c.attempts[len(c.attempts)-1]
	return last.Rules[:last.Required]
}

// bind adds a group with all classes that demand it or that it counts. Bonds that
// it touches become one.
func (s *solver) bind(bonds []*bond, group int32, classes []*class) []*bond {
	t := s.tally(group)
	fresh := &bond{groups: []int32{group}, key: t.Key, hostname: t.Hostname}
	for _, c := range classes {
		if slices.Contains(c.demanded(), group) || slices.Contains(c.Topology.Counted, group) {
			fresh.members = append(fresh.members, c)
		}
	}
	return append(slices.DeleteFunc(bonds, func(b *bond) bool {
		touches := b.hostname == fresh.hostname && (b.hostname || b.key == fresh.key) &&
			slices.ContainsFunc(b.members, func(c *class) bool { return slices.Contains(fresh.members, c) })
		if touches {
			fresh.add(b)
		}
		return touches
	}), fresh)
}

func (b *bond) add(o *bond) {
	for _, g := range o.groups {
		if !slices.Contains(b.groups, g) {
			b.groups = append(b.groups, g)
		}
	}
	for _, c := range o.members {
		if !slices.Contains(b.members, c) {
			b.members = append(b.members, c)
		}
	}
}

// undecided reports whether it is still to be decided where the bond's pods meet.
func (s *solver) undecided(b *bond) bool {
	return slices.ContainsFunc(b.groups, func(g int32) bool { return s.tally(g).Nowhere() })
}

// pinAll has the members start in the domains that serve the most pods of all.
// Members that could do so anyway are left alone.
func (s *solver) pinAll(b *bond, pods map[*class][]int) {
	if len(b.members) < 2 {
		return
	}
	served, within := map[int]int{}, make([]bitset.Set, len(b.members))
	for i, c := range b.members {
		within[i] = s.servedIn(c, b.key)
		for d := range within[i].All() {
			served[d] += len(pods[c])
		}
	}
	most := 0
	for _, n := range served {
		most = max(most, n)
	}
	for i, c := range b.members {
		best := within[i].Clone()
		for d := range within[i].All() {
			if served[d] < most {
				best.Remove(d)
			}
		}
		if !best.Equal(within[i]) {
			c.ties = append(c.ties, tie{b, constraint.Sets{{Key: b.key, Set: constraint.Only(best)}}})
		}
	}
}

// servedIn are the domains of a key where a pod of the class can be, on an
// existing node or on a new one, whatever the bond says.
func (s *solver) servedIn(c *class, key constraint.Key) bitset.Set {
	last := &c.attempts[len(c.attempts)-1]
	left := s.offeredIn(key).Clone()
	for _, n := range s.in.Snapshot.Nodes {
		if d, has := n.Labels.Get(key); has {
			left = left.Add(int(d))
		}
	}
	for i := range last.onKeys {
		r := &last.onKeys[i]
		if r.Key != key || r.Kind == topology.Affinity && r.Nowhere() {
			continue
		}
		domains, listed := r.Allowed(r.counts(), s.view(last, r))
		if listed {
			left.And(domains)
		} else {
			left.AndNot(domains)
		}
	}
	for d := range left.Clone().All() {
		if !s.opens(c, domain(key, d), s.alternatives(c)) && !s.standsIn(c, domain(key, d)) {
			left.Remove(d)
		}
	}
	return left
}

// standsIn reports whether an existing node in a domain has room for a pod of the
// class.
func (s *solver) standsIn(c *class, in constraint.Sets) bool {
	return slices.ContainsFunc(s.finalRoutes(c, in, s.alternatives(c)), func(r *route) bool {
		for i := range s.in.Snapshot.Nodes {
			if s.hasRoom(r, i, 0) && s.suits(r, i) {
				return true
			}
		}
		return false
	})
}

// pins are the domains where a pod of the class should start as long as those
// that attract it are nowhere.
func (s *solver) pins(c *class) (out constraint.Sets) {
	for _, t := range c.ties {
		if t.pins != nil && !s.unbound && s.undecided(t.bond) {
			out = s.in.Snapshot.Vocabulary.Conjunction(out, t.pins)
		}
	}
	return out
}

// unbind has pods start wherever they can, if any of them was kept from that, and
// reports whether it was.
func (s *solver) unbind(pods []int) bool {
	s.unbound = true
	return slices.ContainsFunc(pods, func(i int) bool { return len(s.classOf(i).ties) > 0 })
}
