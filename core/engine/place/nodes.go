// SPDX-License-Identifier: Apache-2.0

package place

import (
	"karpenter.sh/core/engine/attach"
	"karpenter.sh/core/engine/hostport"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/resource"
)

// changed is what a run has made of an existing node.
type changed struct {
	free  resource.Vector
	ports hostport.Ports // taken by this run, beside the node's
	// attached is the node's with what this run attached; nil while that is
	// nothing.
	attached attach.Usage
}

// available is what is left of a node in this run.
func (s *solver) available(node int) resource.Vector {
	if c := s.changed[node]; c != nil {
		return c.free
	}
	return s.in.Snapshot.Nodes[node].Free
}

// change begins to keep what this run makes of a node.
func (s *solver) change(node int) *changed {
	if s.changed[node] == nil {
		s.changed[node] = &changed{free: s.in.Snapshot.Nodes[node].Free.Clone()}
	}
	return s.changed[node]
}

// tryNodes puts the pod on the first node that takes it.
func (s *solver) tryNodes(r *route, pod int) bool {
	if r.seeksHost() {
		return s.joinNodes(r, pod)
	}
	if s.tryAgain(r, pod) {
		return true
	}
	for ; r.node < len(s.in.Snapshot.Nodes); r.node++ {
		r.node = s.index.Next(r.node, r.class.Requests)
		if r.node == len(s.in.Snapshot.Nodes) {
			break
		}
		if s.onNode(r, r.node, pod) {
			return true
		}
		if s.onlyAttachments(r, r.node, pod) {
			r.again = append(r.again, r.node)
		}
	}
	return false
}

// joinNodes looks at every node again: one that refused may have been joined by
// a pod that this one must be with.
func (s *solver) joinNodes(r *route, pod int) bool {
	for i := range s.in.Snapshot.Nodes {
		if s.onNode(r, i, pod) {
			return true
		}
	}
	return false
}

func (s *solver) onNode(r *route, node, pod int) bool {
	if !s.admits(r, node, pod) || !ofPod.passes(s, r, node, pod) {
		return false
	}
	s.take(node, pod)
	s.countOnNode(r.class.Class, s.in.Snapshot.Nodes[node], 1)
	s.obey(r)
	return true
}

// take gives the pod its part of the node.
func (s *solver) take(node, pod int) {
	s.occupy(node, &s.in.Pods[pod])
	s.placed = append(s.placed, Placement{Pod: pod, Node: node})
}

// occupy takes what a pod needs of a node.
func (s *solver) occupy(node int, pod *model.Pod) {
	c := s.change(node)
	c.attach(s.in.Snapshot.Nodes[node], pod)
	c.free = c.free.Sub(pod.Class.Requests)
	c.ports = append(c.ports, pod.Class.Ports...)
}
