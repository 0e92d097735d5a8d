// SPDX-License-Identifier: Apache-2.0

package place

import (
	"slices"

	"karpenter.sh/core/engine/constraint"
	"karpenter.sh/core/engine/topology"
)

// Expectation is where a pod is about to go: an earlier plan has it there, or the
// scheduler does (SCH-310).
type Expectation struct {
	// Node is the index of a snapshot node.
	Node int
	// Only there: the pod is not placed anywhere else, and is not told of where it
	// does not fit.
	Only bool
}

// standing is an expected pod that its node has room for.
type standing struct {
	pod, node int
	route     *route
}

// placeExpected puts pods where they are expected, as far as they fit. They count
// as being there already, so the order in which they come makes no difference: a
// topology rule that holds once all of them are there holds. It returns the other
// pods, in the same order.
func (s *solver) placeExpected(sorted []int) []int {
	if len(s.in.Expected) == 0 {
		return sorted
	}
	var all []standing
	for _, pod := range sorted {
		at, expected := s.in.Expected[pod]
		if !expected {
			continue
		}
		if r := s.fitting(pod, at.Node); r != nil {
			s.take(at.Node, pod)
			s.countOnNode(r.class.Class, s.in.Snapshot.Nodes[at.Node], 1)
			all = append(all, standing{pod, at.Node, r})
		}
		if at.Only {
			s.done = s.done.Add(pod)
		}
	}
	kept := slices.DeleteFunc(slices.Clone(all), func(x standing) bool { return !s.stands(x) })
	if len(kept) < len(all) { // what the others took is free again
		clear(s.changed)
		s.placed = nil
		for _, x := range kept {
			s.take(x.node, x.pod)
		}
	}
	for _, x := range kept {
		s.done = s.done.Add(x.pod)
		s.obey(x.route)
		s.relyOn(x)
	}
	return slices.DeleteFunc(sorted, s.done.Has)
}

// fitting returns the first way in which a node suits a pod, topology rules aside;
// nil if there is none.
func (s *solver) fitting(pod, node int) *route {
	c := s.classOf(pod)
	if c.unplaceable() {
		return nil
	}
	anyDomain := []constraint.Sets{nil}
	for i := range c.attempts {
		for _, r := range s.narrowed(&c.attempts[i], anyDomain) {
			if s.hasRoom(r, node, pod) && s.suits(r, node) && s.attaches(r, node, pod) && s.isReady(r, node, pod) {
				return r
			}
		}
	}
	return nil
}

// stands reports whether a pod may be where it is by the topology rules, all
// others being where they are. One that may not is taken off the counts.
func (s *solver) stands(x standing) bool {
	n := s.in.Snapshot.Nodes[x.node]
	s.countOnNode(x.route.class.Class, n, -1)
	for _, rules := range [...][]rule{x.route.onKeys, x.route.onHosts} {
		for i := range rules {
			r := &rules[i]
			if !r.required && r.Kind != topology.Inverse {
				continue
			}
			if r.Hostname && !r.AdmitsHost(n.Name, r.counts()) || !r.Hostname && !s.balances(x.route, r, x.node) {
				return false
			}
		}
	}
	s.countOnNode(x.route.class.Class, n, 1)
	return true
}

// relyOn notes the domains where a pod demands that a spread holds; the route of an
// expected pod is narrowed to none.
func (s *solver) relyOn(x standing) {
	for i := range x.route.onKeys {
		r := &x.route.onKeys[i]
		if d, has := s.in.Snapshot.Nodes[x.node].Labels.Get(r.Key); has && r.required && r.Kind == topology.Spread {
			s.tallies[r.group].Rely(d)
			s.relied = s.relied.Add(int(r.group))
		}
	}
}
