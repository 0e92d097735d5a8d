// SPDX-License-Identifier: Apache-2.0

package placetest

import (
	"errors"
	"fmt"

	"karpenter.sh/core/engine/constraint"
	"karpenter.sh/core/engine/hostport"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/engine/resource"
	"karpenter.sh/core/engine/taint"
)

// Check returns every rule that a plan breaks, joined; nil if it breaks none.
func Check(in place.Input, plan place.Plan) error {
	c := &check{in: in, plan: plan}
	c.everyPodOnce()
	c.nodes()
	for i := range plan.Bins {
		c.bin(i)
	}
	c.limits()
	c.reservations()
	return errors.Join(c.broken...)
}

type check struct {
	in     place.Input
	plan   place.Plan
	broken []error
}

func (c *check) breaks(format string, args ...any) {
	c.broken = append(c.broken, fmt.Errorf(format, args...))
}

func (c *check) vocabulary() *constraint.Vocabulary { return c.in.Snapshot.Vocabulary }

// everyPodOnce wants each pod placed once, unplaced or deferred.
func (c *check) everyPodOnce() {
	times := make([]int, len(c.in.Pods))
	for _, p := range c.plan.Placements {
		times[p.Pod]++
	}
	for _, b := range c.plan.Bins {
		for _, pod := range b.Pods {
			times[pod]++
		}
	}
	for _, u := range c.plan.Unplaced {
		times[u.Pod]++
	}
	for _, pod := range c.plan.Deferred {
		times[pod]++
	}
	for pod, n := range times {
		if n != 1 {
			c.breaks("pod %s appears %d times", c.in.Pods[pod], n)
		}
	}
}

// load is what pods take together.
type load struct {
	requests resource.Vector
	ports    hostport.Ports
}

// add puts a pod to the load; false if its ports are taken.
func (l *load) add(class *model.Class) bool {
	free := !class.Ports.Conflict(l.ports)
	l.requests = l.requests.Add(class.Requests)
	l.ports = append(l.ports, class.Ports...)
	return free
}

// nodes wants room, free ports, tolerated taints and matching labels for the
// pods on existing nodes, and none on nodes that are left out.
func (c *check) nodes() {
	loads := make([]load, len(c.in.Snapshot.Nodes))
	for _, p := range c.plan.Placements {
		node, class := c.in.Snapshot.Nodes[p.Node], c.in.Pods[p.Pod].Class
		if c.in.Without.Has(p.Node) {
			c.breaks("pod %s is on node %s, which is left out", c.in.Pods[p.Pod], node.Name)
		}
		if !loads[p.Node].add(class) || class.Ports.Conflict(node.Ports) {
			c.breaks("pod %s finds its port taken on node %s", c.in.Pods[p.Pod], node.Name)
		}
		if !c.satisfied(class, node.Taints, func(wanted constraint.Sets) bool {
			_, ok := c.vocabulary().Satisfy(node.Labels, wanted)
			return ok
		}) {
			c.breaks("pod %s does not want node %s", c.in.Pods[p.Pod], node.Name)
		}
	}
	for i, l := range loads {
		if node := c.in.Snapshot.Nodes[i]; !l.requests.Zero() && !l.requests.FitsIn(node.Free) {
			c.breaks("node %s has %v free for %v", node.Name, node.Free, l.requests)
		}
	}
}

// satisfied reports whether some way to satisfy the class goes with the taints
// and the labels.
func (c *check) satisfied(class *model.Class, taints []taint.Taint, labels func(constraint.Sets) bool) bool {
	for i := range class.Attempts {
		a := &class.Attempts[i]
		if _, repelled := class.Tolerations.Untolerated(taints, a.SoftTaints); !repelled && labels(a.Wanted) {
			return true
		}
	}
	return false
}
