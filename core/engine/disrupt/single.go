// SPDX-License-Identifier: Apache-2.0

package disrupt

import (
	"maps"
	"slices"
	"time"
)

// SingleNode is the method that gives up one node whose pods fit elsewhere, or
// replaces it by a cheaper machine.
type SingleNode struct {
	Consolidation
	// Turn says which pool comes first: the pools in the order of their names,
	// rotated by so many (DIS-093).
	Turn int
}

var _ Method = SingleNode{}

// Kind is what is constant about the method.
func (m SingleNode) Kind() Kind { return m.kind("single") }

// Decide takes the candidates in turn, and the first that can be given up (DIS-094).
func (m SingleNode) Decide(s State) Decision {
	free, refused := s.examine(m.Kind(), consolidationRules)
	d := Decision{Eligible: len(free), Refusals: refused}
	for _, n := range m.inTurn(free, s.Now) {
		switch {
		case len(d.Commands) > 0:
			d.Refusals = append(d.Refusals, Refusal{Node: n.ID, Cause: AnotherFirst})
			continue
		case s.Pools[n.Pool].Budget.Left() == 0:
			d.Refusals = append(d.Refusals, Refusal{Node: n.ID, Cause: OverBudget, Pool: n.Pool})
			continue
		}
		if c, r, ok := m.consider(s, m.Kind(), []*Node{n}); ok {
			d.Commands = []Command{c}
		} else {
			r.Node, r.Name = n.ID, n.Name
			d.Refusals = append(d.Refusals, r)
		}
	}
	return d
}

// inTurn orders candidates: the best of each pool, then the second of each, and so
// on (DIS-093).
func (m SingleNode) inTurn(nodes []*Node, now time.Time) []*Node {
	byPool := map[string][]*Node{}
	for _, n := range bySavings(nodes, now) {
		byPool[n.Pool] = append(byPool[n.Pool], n)
	}
	pools := slices.Sorted(maps.Keys(byPool))
	out := make([]*Node, 0, len(nodes))
	for place := 0; len(out) < len(nodes); place++ {
		for i := range pools {
			of := byPool[pools[(i+m.Turn)%len(pools)]]
			if place < len(of) {
				out = append(out, of[place])
			}
		}
	}
	return out
}

// Validate lets a command stand if its node may still go and what was decided about
// it still holds (DIS-103, DIS-104).
func (m SingleNode) Validate(fresh State, c Command) (left Command, dropped []Refusal) {
	left = Command{Kind: c.Kind}
	free, refused := fresh.Among(c.Nodes).examine(m.Kind(), consolidationRules)
	refused = append(refused, gone(c.Nodes, fresh.Nodes)...)
	if len(refused) > 0 {
		return left, refused
	}
	if free, refused = withinBudget(free, fresh.Pools); len(refused) > 0 {
		return left, refused
	}
	again, r, ok := m.again(fresh, c, free)
	if !ok {
		r.Node, r.Name = free[0].ID, free[0].Name
		return left, []Refusal{r}
	}
	return again, nil
}

// Confirm returns why a node must not be given up after all, judged by nothing but
// its pods; false if it may be (DIS-126).
func (m SingleNode) Confirm(n Node, now time.Time) (Refusal, bool) {
	return confirmPods(m.Kind(), n, now)
}
