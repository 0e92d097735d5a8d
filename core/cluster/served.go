// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"maps"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
)

const (
	// residence is how long a pod has to be on a node for the node to have been of
	// use.
	residence = time.Minute
	// servedFor is how long that is remembered of a node, and maxServed of how many
	// nodes at most; beyond it all are forgotten.
	servedFor = 6 * time.Hour
	maxServed = 20_000
)

// served is which NodeClaims have been of use, by name, and when last.
type served map[string]time.Time

// Served reports whether a pod other than a daemon has run to its end on the node
// of a NodeClaim, was there for a minute before it went, ran there until its owner had
// no use for it, or was there, at a cost, when disruption gave the node up (SCH-301).
func (c *Cluster) Served(nodeClaim string) bool {
	c.mu.RLock()
	defer c.mu.RUnlock()
	_, ok := c.served[nodeClaim]
	return ok
}

// leave notes that a pod is about to be counted no more on a node.
func (c *Cluster) leave(node string, p *Pod, deleted bool) {
	if ref := c.nodes[node]; ref != nil && ref.key != "" {
		c.servedBy(c.entries[ref.key].state, p, deleted && p.released())
	}
}

// released reports whether a pod that is deleted had run, and nobody put it off its
// node: evictions, preemption and the controllers that empty nodes all say so on the
// pod.
func (p *Pod) released() bool {
	return p.Status.Phase == corev1.PodRunning && !slices.ContainsFunc(p.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.DisruptionTarget && c.Status == corev1.ConditionTrue
	})
}

// retire notes what a node was, and what it was good for, that is about to leave
// the model or is on its way out. That disruption takes it away from its pods says
// nothing against having launched it for them. Pods that cost nothing to move do not
// count: a node with no others is empty to disruption, and would be launched and given up
// for them without end.
func (c *Cluster) retire(n *StateNode, disrupted bool) {
	c.remember(n)
	for _, p := range n.Pods() {
		c.servedBy(n, p, disrupted && p.DeletionTimestamp == nil && p.EvictionCost > 0)
	}
}

// servedBy notes that a node was of use if the pod was there for long enough, ran to its
// end, or went without its node being at fault.
func (c *Cluster) servedBy(n *StateNode, p *Pod, released bool) {
	now := c.clock.Now()
	used := released || p.Status.Phase == corev1.PodSucceeded || p.Stayed(now) >= residence
	if n == nil || n.claim == nil || p.System() || !used {
		return
	}
	if len(c.served) >= maxServed {
		maps.DeleteFunc(c.served, func(_ string, at time.Time) bool { return now.Sub(at) >= servedFor })
	}
	if len(c.served) >= maxServed {
		clear(c.served)
	}
	c.served[n.claim.Name] = now
}

// System reports whether the pod comes with its node: a daemon or a static pod.
func (p *Pod) System() bool { return p.Daemon || p.static }

// Stayed is how long the pod has been on its node, up to the moment when somebody
// wanted it to go.
func (p *Pod) Stayed(now time.Time) time.Duration {
	if p.DeletionTimestamp != nil {
		now = p.DeletionTimestamp.Time
		if grace := p.DeletionGracePeriodSeconds; grace != nil {
			now = now.Add(-time.Duration(*grace) * time.Second)
		}
	}
	return now.Sub(p.boundAt())
}

// boundAt is when the pod got its node, as far as it tells.
func (p *Pod) boundAt() time.Time {
	for i := range p.Status.Conditions {
		if c := &p.Status.Conditions[i]; c.Type == corev1.PodScheduled && c.Status == corev1.ConditionTrue && !c.LastTransitionTime.IsZero() {
			return c.LastTransitionTime.Time
		}
	}
	if p.Status.StartTime != nil {
		return p.Status.StartTime.Time
	}
	return p.CreationTimestamp.Time
}
