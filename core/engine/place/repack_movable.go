// SPDX-License-Identifier: Apache-2.0

package place

import (
	"slices"

	"karpenter.sh/core/engine/constraint"
	"karpenter.sh/core/engine/topology"
)

// Once a run is over, a pod may change its bin without breaking any topology
// rule that placed pods obey, as long as it stays within the domains that its
// bin could still end up in: rules kept others away from all of these, or
// counted it in the only one. What cannot be said so is fixed.

// pinned returns the requirements that keep a pod's rules true wherever else it
// goes in its pool; false if it must stay in its bin.
func (s *solver) pinned(b *bin, r *route) (constraint.Sets, bool) {
	if slices.ContainsFunc(r.onHosts, func(x rule) bool { return x.Kind == topology.Affinity || x.HasPlaced() }) {
		return nil, false
	}
	var pins constraint.Sets
	for _, g := range groupsOf(r.class.Class) {
		t := s.tally(g)
		switch {
		case !s.obeyed.Has(int(g)): // nobody relies on its counts
			continue
		case t.Hostname, len(t.Terms)+len(t.Beside) > 0 && !r.obeys(g):
			return nil, false
		case t.Kind == topology.Spread && b.reachable(t.Key).Count() != 1:
			return nil, false // not counted yet: it would be where it is settled
		}
		pins = s.pin(pins, b, t.Key)
	}
	for _, x := range r.onKeys {
		pins = s.pin(pins, b, x.Key)
	}
	return pins, true
}

// pin restricts a key to the domains that the bin can still come up in. A bin
// that cannot have the key leaves nothing: its pods stay.
func (s *solver) pin(pins constraint.Sets, b *bin, key constraint.Key) constraint.Sets {
	return s.in.Snapshot.Vocabulary.Conjunction(pins, constraint.Sets{{Key: key, Set: constraint.Only(b.reachable(key))}})
}

func (r *route) obeys(group int32) bool {
	return slices.ContainsFunc(r.onKeys, func(x rule) bool { return x.group == group })
}

// obey remembers that a placed pod relies on the counts of its rules.
func (s *solver) obey(r *route) {
	for i := range r.onKeys {
		s.obeyed = s.obeyed.Add(int(r.onKeys[i].group))
		s.rely(r, &r.onKeys[i])
	}
	for _, x := range r.onHosts {
		s.obeyed = s.obeyed.Add(int(x.group))
	}
}
