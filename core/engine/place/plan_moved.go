// SPDX-License-Identifier: Apache-2.0

package place

import (
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/reason"
)

// classOf is the class of a pod. Barred pods have classes of their own: a node
// that refuses them may take other pods of the class.
func (s *solver) classOf(pod int) *class {
	c := s.in.Pods[pod].Class
	if !s.in.Barred.Has(pod) {
		return s.class(c)
	}
	if s.barred == nil {
		s.barred = map[*model.Class]*class{}
	}
	if s.barred[c] == nil {
		s.barred[c] = s.newClass(c)
		s.barred[c].barred = true
	}
	return s.barred[c]
}

// placements are the pods on existing nodes, but for moved ones on nodes that are not
// initialized, which it takes as unplaced. They keep the room they took: the node
// may still turn out well, and others must not count on it.
func (s *solver) placements(unplaced map[int]reason.List) []Placement {
	if s.in.Moved.Empty() {
		return s.placed
	}
	out := make([]Placement, 0, len(s.placed))
	for _, pl := range s.placed {
		if ofPlan.passes(s, nil, pl.Node, pl.Pod) {
			out = append(out, pl)
			continue
		}
		s.done.Remove(pl.Pod)
		unplaced[pl.Pod] = reason.List{{Cause: reason.Uninitialized, Detail: s.in.Snapshot.Nodes[pl.Node].Name}}
	}
	return out
}
