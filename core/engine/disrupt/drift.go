// SPDX-License-Identifier: Apache-2.0

package disrupt

import (
	"cmp"
	"slices"
	"time"

	"karpenter.sh/core/engine/place"
)

// Drift gives up nodes that are not what their pool asks for any more, whatever they
// cost. Each goes by a command of its own, with the machines that its pods need
// (DIS-108 to DIS-112).
type Drift struct{}

var _ Method = Drift{}

// Kind is what the method is.
func (Drift) Kind() Kind {
	return Kind{Reason: Drifted, Class: Eventual, NeedsTypes: true, Asks: true}
}

var driftRules = append(slices.Clone(blockers),
	rule{cause: StaticPool, applies: func(x exam) bool { return x.pool().Static }},
	rule{cause: NotDrifted, applies: func(x exam) bool { return !x.node.Drifted }},
	rule{cause: PoolRests, applies: func(x exam) bool { return x.pool().Rests }, detail: exam.namePool},
)

// Eligible are the drifted nodes.
func (m Drift) Eligible(s State) []string {
	free, _ := s.examine(m.Kind(), driftRules)
	return ids(free)
}

// Decide takes as many drifted nodes as budgets and room allow, those without pods
// first, then those that drifted first (DIS-048, DIS-110).
func (m Drift) Decide(s State) Decision {
	free, refused := s.examine(m.Kind(), driftRules)
	d := Decision{Eligible: len(free), Refusals: refused}
	if len(free) == 0 {
		return d
	}
	slices.SortFunc(free, func(a, b *Node) int {
		return cmp.Or(
			compareBool(movesNothing(b), movesNothing(a)),
			a.DriftedSince.Compare(b.DriftedSince),
			cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID),
		)
	})
	x := driftSearch{state: s, question: s.Question, purse: purse{s.Pools, map[string]int{}}, receives: s.receiving(), totals: s.totals()}
	for _, n := range free {
		if c, r, ok := x.consider(n); ok {
			d.Commands = append(d.Commands, c)
		} else {
			r.Node, r.Name = n.ID, n.Name
			d.Refusals = append(d.Refusals, r)
		}
	}
	return d
}

// Validate decides anew about the nodes of the commands.
func (m Drift) Validate(fresh State, commands []Command) []Validated {
	out := make([]Validated, len(commands))
	for i, c := range commands {
		d := m.Decide(fresh.Among(c.Nodes))
		out[i] = Validated{Left: Command{Kind: c.Kind}, Dropped: append(d.Refusals, gone(c.Nodes, fresh.Nodes)...)}
		if len(d.Commands) > 0 {
			out[i].Left = d.Commands[0]
		}
	}
	return out
}

// Confirm looks once more for pods that must not be disrupted (DIS-126); they have no
// say where draining ends in time without them.
func (m Drift) Confirm(n Node, now time.Time) (Refusal, bool) {
	return exam{now: now, kind: m.Kind(), node: &n}.first(only(blockers, PodProtected))
}

func movesNothing(n *Node) bool {
	return !slices.ContainsFunc(n.Pods, func(p Pod) bool { return p.Reschedulable })
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// driftSearch is one run of drift over a state. Commands that it has found are as if
// they were carried out.
type driftSearch struct {
	state    State
	question Question
	purse    purse
	receives map[string]bool // nodes, by name, that pods are about to go to
	totals   map[string]total
}

func (x *driftSearch) consider(n *Node) (Command, Refusal, bool) {
	switch {
	case x.receives[n.Name]:
		return Command{}, Refusal{Cause: AnotherFirst}, false
	case !x.purse.has(n):
		return Command{}, Refusal{Cause: OverBudget, Pool: n.Pool}, false
	}
	asked, ok := x.question.Without(n.ID)
	if !ok {
		return Command{}, Refusal{Cause: Leaving}, false
	}
	asked.Repack = mixSteps
	plan := place.Solve(asked)
	if left := homeless(asked, plan); len(left) > 0 {
		return Command{}, Refusal{Cause: PodsStranded, Pods: left}, false
	}
	c := Command{Kind: Drift{}.Kind(), Nodes: []string{n.ID}, Destinations: destinations(plan)}
	for i := range plan.Bins {
		c.Replacements = append(c.Replacements, NewReplacement(asked, plan.Bins[i]))
	}
	for _, node := range c.Destinations {
		x.receives[asked.Snapshot.Nodes[node].Name] = true
	}
	x.purse.take(n)
	x.question = x.question.After(asked, plan)
	return weigh(c, []*Node{n}, x.totals), Refusal{}, true
}
