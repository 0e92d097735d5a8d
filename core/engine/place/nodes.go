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

func (s *solver) portTaken(r *route, node int) bool {
	if len(r.class.Ports) == 0 {
		return false
	}
	c := s.changed[node]
	return r.class.Ports.Conflict(s.in.Snapshot.Nodes[node].Ports) || c != nil && r.class.Ports.Conflict(c.ports)
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
	if !s.hasRoom(r, node) || s.attachesTooMuch(node, pod) {
		return false
	}
	n, c := s.in.Snapshot.Nodes[node], s.change(node)
	c.attach(n, &s.in.Pods[pod])
	c.free = c.free.Sub(r.class.Requests)
	c.ports = append(c.ports, r.class.Ports...)
	s.placed = append(s.placed, Placement{Pod: pod, Node: node})
	s.countOnNode(r.class, n)
	s.obey(r)
	return true
}

// hasRoom checks all that the pods of a class have in common, so that a node that
// refuses has refused them all for good.
func (s *solver) hasRoom(r *route, node int) bool {
	if s.closedTo(r.class, node) {
		return false
	}
	n := s.in.Snapshot.Nodes[node]
	return r.class.Requests.FitsIn(s.available(node)) && !s.portTaken(r, node) && r.admitsHost(n.Name) && s.admits(n, r)
}

// closedTo reports whether a node is no target for the class, whatever it has.
func (s *solver) closedTo(c *class, node int) bool {
	return s.in.Without.Has(node) || c.barred && s.in.Closed.Has(node)
}

// admits checks taints and labels, strictly (SCH-058, SCH-133).
func (s *solver) admits(n *model.Node, r *route) bool {
	if _, repelled := r.class.Tolerations.Untolerated(n.Taints, r.SoftTaints); repelled {
		return false
	}
	if r.onHost {
		return s.admitsOnHost(n, r)
	}
	_, ok := s.in.Snapshot.Vocabulary.Satisfy(n.Labels, r.wanted)
	return ok
}
