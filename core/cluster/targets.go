// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"sync"

	"karpenter.sh/core/engine/bitset"
	"karpenter.sh/core/engine/model"
)

// Targets are the nodes of a snapshot that pods may be placed on, in the
// engine's form.
type Targets struct {
	// Nodes is in the order of [model.CompareNodes]; an index into it is an
	// index into At.
	Nodes []*model.Node

	at    []Target
	index func() map[string]int
}

// Target is where a placement goes: one of the two.
type Target struct {
	StateNode *StateNode
	// Unlaunched is a NodeClaim that is not launched: an inherited one, with room
	// for no more than it was created for, or one with room that its own pods
	// will not use. A pod placed there needs nothing but to wait.
	Unlaunched *Unlaunched
}

// Targets are the nodes that are there or may still come in time (LIF-054,
// LIF-056) and are not marked for deletion, and the NodeClaims that are not
// launched and have room for others than the pods that wait for them.
// The first call compiles what changed since earlier snapshots.
func (s *Snapshot) Targets() *Targets { return s.targets() }

func (s *Snapshot) makeTargets() *Targets {
	t := &Targets{Nodes: make([]*model.Node, 0, len(s.nodes)), at: make([]Target, 0, len(s.nodes))}
	t.index = sync.OnceValue(t.makeIndex)
	pledges := s.pledges()
	for _, n := range s.nodes {
		if n.marked || s.Lost(n) || n.Overdue(s.Taken) {
			continue
		}
		compiled := n.target(s.epoch)
		for len(pledges) > 0 && model.CompareNodes(pledges[0].node, compiled) < 0 {
			t.add(pledges[0].node, Target{Unlaunched: pledges[0].claim})
			pledges = pledges[1:]
		}
		t.add(compiled, Target{StateNode: n})
	}
	for _, p := range pledges {
		t.add(p.node, Target{Unlaunched: p.claim})
	}
	return t
}

type pledge struct {
	claim *Unlaunched
	node  *model.Node
}

func (s *Snapshot) pledges() []pledge {
	var out []pledge
	for _, u := range s.unlaunched {
		if node := u.target(s); node != nil {
			out = append(out, pledge{u, node})
		}
	}
	return out // by name, as none is initialized
}

func (t *Targets) add(n *model.Node, at Target) {
	t.Nodes, t.at = append(t.Nodes, n), append(t.at, at)
}

func (t *Targets) makeIndex() map[string]int {
	out := make(map[string]int, len(t.at))
	for i, target := range t.at {
		if target.StateNode != nil {
			out[target.StateNode.key] = i
		}
	}
	return out
}

// At tells what the i-th node is.
func (t *Targets) At(i int) Target { return t.at[i] }

// Index returns the index of a state node by its key, if it is a target.
func (t *Targets) Index(key string) (int, bool) {
	i, ok := t.index()[key]
	return i, ok
}

// Without is the set of indexes of state nodes, by key, for what-if questions.
// Keys that are no target are returned besides.
func (t *Targets) Without(keys ...string) (without bitset.Set, missing []string) {
	index := t.index()
	for _, key := range keys {
		if i, ok := index[key]; ok {
			without = without.Add(i)
		} else {
			missing = append(missing, key)
		}
	}
	return without, missing
}
