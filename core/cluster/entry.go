// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "karpenter.sh/core/apis/v1"
)

// entry is what the model knows under one key, and the state node made of it.
type entry struct {
	key string
	// nodes and claims are those with the provider ID of the key, the one that
	// counts first. A second one means that somebody re-registered an instance;
	// it takes over when the first goes.
	nodes          []*corev1.Node
	claims         []*v1.NodeClaim
	disrupting     bool
	nominatedUntil time.Time
	bufferPods     int
	state          *StateNode
}

func (e *entry) node() *corev1.Node   { return first(e.nodes) }
func (e *entry) claim() *v1.NodeClaim { return first(e.claims) }

func first[T any](list []*T) *T {
	if len(list) == 0 {
		return nil
	}
	return list[0]
}

// object is what Nodes and NodeClaims have in common.
type object[T any] interface {
	*T
	metav1.Object
}

// withObject returns a new list with an object added or replaced by name, the
// youngest first.
func withObject[T any, P object[T]](list []*T, o *T) []*T {
	out := append(withoutObject[T, P](list, P(o).GetName()), o)
	slices.SortFunc(out, func(a, b *T) int {
		x, y := P(a), P(b)
		return cmp.Or(y.GetCreationTimestamp().Compare(x.GetCreationTimestamp().Time), strings.Compare(x.GetName(), y.GetName()))
	})
	return out
}

func withoutObject[T any, P object[T]](list []*T, name string) []*T {
	out := make([]*T, 0, len(list)+1)
	for _, o := range list {
		if P(o).GetName() != name {
			out = append(out, o)
		}
	}
	return out
}

// entry returns the entry of a key, a new one if need be.
func (c *Cluster) entry(key string) *entry {
	e := c.entries[key]
	if e == nil {
		e = &entry{key: key}
		c.entries[key] = e
	}
	return e
}

// publish makes the state node of an entry anew, or drops the entry when both
// sides are gone (LIF-011).
func (c *Cluster) publish(e *entry) {
	old := e.state
	if e.node() == nil && e.claim() == nil {
		delete(c.entries, e.key)
		e.state = nil
	} else {
		e.state = c.build(e)
	}
	c.swap(old, e.state)
	for _, claim := range e.claims {
		c.classify(c.claims[claim.Name])
	}
}

func (c *Cluster) build(e *entry) *StateNode {
	n := &StateNode{
		key: e.key, node: e.node(), claim: e.claim(), pods: noPods,
		disrupting: e.disrupting, nominatedUntil: e.nominatedUntil, bufferPods: e.bufferPods,
	}
	if n.node != nil {
		if pods, ok := c.onNode[n.node.Name]; ok {
			n.pods = pods
		}
		n.volumeLimits = c.volumeLimits[n.node.Name]
	}
	n.seen = c.look(e.state, n.node, n.claim)
	n.marked = n.leaving()
	if e.state != nil && n.seen == e.state.seen && n.pods == e.state.pods && maps.Equal(n.volumeLimits, e.state.volumeLimits) {
		n.compiled.Store(e.state.compiled.Load())
	}
	return n
}

// look returns the view of a pair of objects, that of the state node before if
// nothing that matters has changed.
func (c *Cluster) look(before *StateNode, node *corev1.Node, claim *v1.NodeClaim) *seen {
	if before != nil && sameNodeView(before.node, node) && sameClaimView(before.claim, claim) {
		return before.seen
	}
	s := &seen{View: ViewOf(node, claim)}
	compiler := c.epoch.compiler
	s.capacity, s.allocatable = compiler.Available(s.Capacity), compiler.Available(s.Allocatable)
	if claim != nil {
		s.promised = compiler.Available(claim.Status.Allocatable)
	}
	for name := range s.Allocatable {
		s.listed = s.listed.Add(int(compiler.Names().Intern(string(name))))
	}
	return s
}

// swap takes one state node out of the model and puts another in; either may be
// nil. Every change of a state node passes here, with what was and what is, so
// this is where sums over nodes and pods are kept: those of pools, and the domain
// counts of topology rules.
func (c *Cluster) swap(old, now *StateNode) {
	if old != nil && !old.marked && (now == nil || now.marked || old.claim != nil && now.claim == nil) {
		c.retire(old, now != nil && now.disrupting)
	}
	c.order = c.order.replace(old, now)
	c.pools.move(old, now)
	c.census.move(old, now)
	if disruptionDiffers(old, now) {
		c.consolidation.touch(c.clock.Now())
	}
	c.metrics.nodeCount.Set(float64(len(c.order)))
}
