// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"maps"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"karpenter.sh/core/intake"
)

// Counter answers, for one round, how many bound pods topology rules count. It
// implements intake.Counter.
type Counter struct {
	snapshot *Snapshot
	asked    sync.Once
	placing  map[types.NamespacedName]bool
	inverse  map[string]*inverse
	rules    []*intake.TopologyRule
}

// inverse is an anti-affinity term of bound pods with the domains of its owners.
type inverse struct {
	owners map[string]int32
}

// Counter returns the snapshot's counts without the bound pods that are being
// placed anew (SCH-166). Namespaces are those that exist, with their labels.
func (s *Snapshot) Counter(placing []*corev1.Pod, namespaces map[string]map[string]string) *Counter {
	c := &Counter{snapshot: s, placing: map[types.NamespacedName]bool{}, inverse: map[string]*inverse{}}
	for _, pod := range placing {
		c.placing[podKey(pod)] = true
	}
	for pod, node := range s.AntiAffinityPods() {
		if !c.placing[pod.Key()] {
			c.addOwner(pod, node, namespaces)
		}
	}
	return c
}

// addOwner counts a bound pod's own anti-affinity terms. A term that cannot be
// parsed selects nothing (SCH-147).
func (c *Counter) addOwner(pod *Pod, node *StateNode, namespaces map[string]map[string]string) {
	for _, rule := range c.snapshot.Compiler().InverseRules(pod.Pod, namespaces) {
		domain, looks := domainOf(rule, node)
		if !looks {
			continue
		}
		i := c.inverse[rule.Identity()]
		if i == nil {
			i = &inverse{owners: map[string]int32{}}
			c.inverse[rule.Identity()], c.rules = i, append(c.rules, rule)
		}
		i.owners[domain]++
	}
}

// Repelling returns the anti-affinity terms of bound pods.
func (c *Counter) Repelling() []*intake.TopologyRule { return c.rules }

// Count returns the pods that a rule counts, by domain.
func (c *Counter) Count(rule *intake.TopologyRule) map[string]int32 {
	if rule.IsInverse() {
		if i := c.inverse[rule.Identity()]; i != nil {
			return i.owners
		}
		return nil
	}
	c.asked.Do(c.snapshot.age)
	counts := c.snapshot.count(rule)
	if len(c.placing) == 0 {
		return counts
	}
	return c.withoutPlaced(rule, counts)
}

// withoutPlaced takes the pods that are being placed anew off the counts.
func (c *Counter) withoutPlaced(rule *intake.TopologyRule, counts map[string]int32) map[string]int32 {
	out := maps.Clone(counts)
	r := counted{rule: rule}
	for _, n := range c.snapshot.nodes {
		if !n.marked {
			continue // only pods of nodes that are going away are placed anew
		}
		domain, looks := domainOf(rule, n)
		for _, p := range n.pods.pods {
			if looks && c.placing[p.Key()] {
				out[domain] -= r.selected([]*Pod{p})
			}
		}
	}
	return out
}

// count returns a rule's counts as of the snapshot. The model keeps counting for
// a rule it is asked about, so that the next snapshot has it at hand.
func (s *Snapshot) count(rule *intake.TopologyRule) map[string]int32 {
	if known := s.counts[rule.Identity()]; known != nil {
		s.keep(rule)
		return known.pods
	}
	fresh := newCounted(rule)
	for _, n := range s.nodes {
		fresh.enter(n)
	}
	s.keep(rule)
	return fresh.pods
}
