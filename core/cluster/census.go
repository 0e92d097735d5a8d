// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"maps"

	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/intake"
)

// staleAfter is for how many rounds that ask for counts a topology rule is
// counted after the last one that asked for its own.
const staleAfter = 256

// census keeps the counts of the topology rules that were asked about. A pod event
// costs a look at each of these rules, whatever the size of the cluster, and a copy
// of a rule's counts if a snapshot holds them.
type census struct {
	rules map[string]*counted // by identity
	// round is how many rounds have asked for counts. Snapshots that are taken
	// for something else age no rule.
	round uint64
}

// counted is one rule with its counts.
type counted struct {
	rule *intake.TopologyRule
	// at is the domain of each node that the rule looks at, by key.
	at map[string]string
	// pods by domain, with a zero where a node has none. It is replaced before
	// a change when a snapshot may hold it.
	pods   map[string]int32
	nodes  map[string]int32 // by domain
	shared bool
	// asked is the last round that asked for this rule.
	asked uint64
}

// keep counts for a rule from now on, as long as somebody asks for it.
func (c *Cluster) keep(rule *intake.TopologyRule) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if known := c.census.rules[rule.Identity()]; known != nil {
		known.asked = c.census.round
		return
	}
	fresh := newCounted(rule)
	fresh.asked = c.census.round
	for _, n := range c.order {
		fresh.enter(n)
	}
	c.census.rules[rule.Identity()] = fresh
}

func newCounted(rule *intake.TopologyRule) *counted {
	return &counted{rule: rule, at: map[string]string{}, pods: map[string]int32{}, nodes: map[string]int32{}}
}

// age begins a round that asks for counts, and forgets the rules that none has
// asked about for long.
func (c *Cluster) age() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.census.round++
	maps.DeleteFunc(c.census.rules, func(_ string, r *counted) bool { return c.census.round-r.asked > staleAfter })
}

// share hands the counts to a snapshot.
func (c *census) share() map[string]*counted {
	out := make(map[string]*counted, len(c.rules))
	for id, r := range c.rules {
		r.shared = true
		out[id] = &counted{rule: r.rule, pods: r.pods}
	}
	return out
}

// move takes one state node out of the counts and puts another in.
func (c *census) move(old, now *StateNode) {
	if len(c.rules) == 0 {
		return
	}
	if old != nil && now != nil && old.seen == now.seen {
		if old.pods != now.pods {
			c.movePods(now.key, old.pods, now.pods)
		}
		return
	}
	for _, r := range c.rules {
		r.own()
		if old != nil {
			r.leave(old)
		}
		if now != nil {
			r.enter(now)
		}
	}
}

// movePods counts the pods that came to a node or left it.
func (c *census) movePods(key string, old, now *podSet) {
	came, left := difference(old.pods, now.pods)
	for _, r := range c.rules {
		domain, looks := r.at[key]
		if !looks {
			continue
		}
		if n := r.selected(came) - r.selected(left); n != 0 {
			r.own()
			r.pods[domain] += n
		}
	}
}

// difference compares two lists sorted by key: pods are immutable, so the same
// pointer is the same pod.
func difference(old, now []*Pod) (came, left []*Pod) {
	i, j := 0, 0
	for i < len(old) || j < len(now) {
		switch {
		case i < len(old) && j < len(now) && old[i] == now[j]:
			i, j = i+1, j+1
		case j == len(now) || i < len(old) && compareKeys(old[i].Key(), now[j].Key()) <= 0:
			left = append(left, old[i])
			i++
		default:
			came = append(came, now[j])
			j++
		}
	}
	return came, left
}

// own makes the counts safe to change.
func (r *counted) own() {
	if r.shared {
		r.pods, r.shared = maps.Clone(r.pods), false
	}
}

func (r *counted) enter(n *StateNode) {
	domain, looks := domainOf(r.rule, n)
	if !looks {
		return
	}
	r.at[n.key] = domain
	r.nodes[domain]++
	r.pods[domain] += r.selected(n.pods.pods)
}

func (r *counted) leave(n *StateNode) {
	domain, looked := r.at[n.key]
	if !looked {
		return
	}
	delete(r.at, n.key)
	r.pods[domain] -= r.selected(n.pods.pods)
	if r.nodes[domain]--; r.nodes[domain] == 0 {
		delete(r.nodes, domain)
		delete(r.pods, domain)
	}
}

// selected is how many of the pods the rule counts. To a spread terminating pods
// are as good as gone; to affinity and anti-affinity they are there until they
// are not, as for the scheduler (SCH-146).
func (r *counted) selected(pods []*Pod) (n int32) {
	for _, p := range pods {
		if (p.DeletionTimestamp == nil || !r.rule.IsSpread()) && r.rule.Selects(p.Namespace, p.Labels) {
			n++
		}
	}
	return n
}

// domainOf is the domain of a node for a rule: false when it lacks the label, or
// when the rule does not look at it (SCH-143, SCH-146). A node on its way counts:
// the scheduler will see its domain before long.
func domainOf(rule *intake.TopologyRule, n *StateNode) (domain string, looks bool) {
	domain, has := n.seen.Labels[rule.Key]
	if rule.Key == label.Hostname {
		domain, has = n.seen.Name, true
	}
	if !has {
		return "", false
	}
	return domain, rule.LooksAt(n.seen.Labels, intake.Taints(n.seen.Taints))
}
