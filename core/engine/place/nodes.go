// SPDX-License-Identifier: Apache-2.0

package place

import (
	"karpenter.sh/core/engine/hostport"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/resource"
)

// target is an existing node in this run.
type target struct {
	*model.Node
	index int
	free  resource.Vector // nil until the run first places a pod here
	ports hostport.Ports  // taken by this run, beside the node's
}

func (t *target) available() resource.Vector {
	if t.free != nil {
		return t.free
	}
	return t.Free
}

func (t *target) portTaken(r *route) bool {
	return len(r.class.Ports) > 0 && (r.class.Ports.Conflict(t.Ports) || r.class.Ports.Conflict(t.ports))
}

// tryNodes puts the pod on the first node that takes it.
func (s *solver) tryNodes(r *route, pod int) bool {
	if r.seeksHost() {
		return s.joinNodes(r, pod)
	}
	for ; r.node < len(s.nodes); r.node++ {
		if s.onNode(r, &s.nodes[r.node], pod) {
			return true
		}
	}
	return false
}

// joinNodes looks at every node again: one that refused may have been joined by
// a pod that this one must be with.
func (s *solver) joinNodes(r *route, pod int) bool {
	for i := range s.nodes {
		if s.onNode(r, &s.nodes[i], pod) {
			return true
		}
	}
	return false
}

func (s *solver) onNode(r *route, t *target, pod int) bool {
	if !r.class.Requests.FitsIn(t.available()) || t.portTaken(r) || !r.admitsHost(t.Name) || !s.admits(t.Node, r) {
		return false
	}
	if t.free == nil {
		t.free = t.Free.Clone()
	}
	t.free = t.free.Minus(r.class.Requests)
	t.ports = append(t.ports, r.class.Ports...)
	s.placed = append(s.placed, Placement{Pod: pod, Node: t.index})
	s.countOnNode(r.class, t.Node)
	s.obey(r)
	return true
}

// admits checks taints and labels, strictly (SCH-058, SCH-133).
func (s *solver) admits(n *model.Node, r *route) bool {
	if _, repelled := r.class.Tolerations.Untolerated(n.Taints, r.SoftTaints); repelled {
		return false
	}
	_, ok := s.in.Snapshot.Vocabulary.Satisfy(n.Labels, r.wanted)
	return ok
}
