// SPDX-License-Identifier: Apache-2.0

package place

import (
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/resource"
)

// target is an existing node in this run.
type target struct {
	*model.Node
	index int
	free  resource.Vector // nil until the run first places a pod here
}

func (t *target) available() resource.Vector {
	if t.free != nil {
		return t.free
	}
	return t.Free
}

// tryNodes puts the pod on the first node that takes it.
func (s *solver) tryNodes(a *attempt, pod int) bool {
	for ; a.node < len(s.nodes); a.node++ {
		t := &s.nodes[a.node]
		if !a.class.Requests.FitsIn(t.available()) || !s.admits(t.Node, a) {
			continue
		}
		if t.free == nil {
			t.free = t.Free.Clone()
		}
		t.free = t.free.Minus(a.class.Requests)
		s.placed = append(s.placed, Placement{Pod: pod, Node: t.index})
		return true
	}
	return false
}

// admits checks taints and labels, strictly (SCH-058, SCH-133).
func (s *solver) admits(n *model.Node, a *attempt) bool {
	if _, repelled := a.class.Tolerations.Untolerated(n.Taints, a.SoftTaints); repelled {
		return false
	}
	_, ok := s.in.Snapshot.Vocabulary.Satisfy(n.Labels, a.Wanted)
	return ok
}
