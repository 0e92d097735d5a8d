// SPDX-License-Identifier: Apache-2.0

package disrupt

import (
	"slices"
	"time"
)

// ValidationWait is how long the methods that save money let a decision stand
// before they check it again and carry it out (DIS-102).
const ValidationWait = 15 * time.Second

// Emptiness is the method that gives up the nodes without a pod worth keeping
// them for. Nothing is simulated: their pods, if any, are rescheduled as they
// are evicted.
type Emptiness struct{}

var _ Method = Emptiness{}

// Kind is what is constant about the method.
func (Emptiness) Kind() Kind {
	return Kind{Reason: Empty, Type: "empty", Class: Graceful, Wait: ValidationWait}
}

// emptinessRules are the blockers and what emptiness asks beside them, in order
// (DIS-071).
var emptinessRules = append(slices.Clone(blockers),
	rule{cause: StaticPool, applies: func(x exam) bool { return x.pool().Static }},
	rule{cause: ConsolidationOff, applies: func(x exam) bool { return x.pool().NeverConsolidates }, detail: exam.namePool},
	rule{cause: BufferPods, applies: func(x exam) bool { return x.node.BufferPods > 0 }, detail: exam.nameNode},
	rule{cause: NotEmpty, applies: func(x exam) bool { return !IsEmpty(x.node.Pods) }},
	rule{cause: NotQuiet, applies: func(x exam) bool { return !x.node.Consolidatable }},
)

func (x exam) nameNode(r *Refusal) { r.Name = x.node.Name }

// Eligible are the empty nodes.
func (m Emptiness) Eligible(s State) []string {
	free, _ := s.examine(m.Kind(), emptinessRules)
	return ids(free)
}

// Decide puts all eligible nodes that the budgets leave room for, the most
// expensive first, into one command (DIS-072).
func (m Emptiness) Decide(s State) Decision {
	free, refused := s.examine(m.Kind(), emptinessRules)
	taken, over := purse{s.Pools, map[string]int{}}.takeAll(bySavings(free, s.Now))
	d := Decision{Eligible: len(free), Refusals: append(refused, over...)}
	if len(taken) > 0 {
		d.Commands = []Command{s.Weigh(Command{Kind: m.Kind(), Nodes: ids(taken), Divisible: true})}
	}
	return d
}

// Validate decides again over a fresh state, in which the nodes of the command
// are not held. What is left of the command has those nodes that are still
// eligible and within budget; the others are dropped one by one, and it may end
// up without any (DIS-074).
func (m Emptiness) Validate(fresh State, commands []Command) []Validated {
	out := make([]Validated, len(commands))
	p := purse{fresh.Pools, map[string]int{}}
	for i, c := range commands {
		out[i].Left = Command{Kind: c.Kind, Divisible: true}
		free, refused := fresh.Among(c.Nodes).examine(m.Kind(), emptinessRules)
		taken, over := p.takeAll(bySavings(free, fresh.Now))
		out[i].Dropped = slices.Concat(refused, over, gone(c.Nodes, fresh.Nodes))
		if len(taken) > 0 {
			out[i].Left = fresh.Weigh(Command{Kind: m.Kind(), Nodes: ids(taken), Divisible: true})
		}
	}
	return out
}

// gone returns a refusal for each ID that none of the nodes has.
func gone(ids []string, nodes []Node) []Refusal {
	exists := make(map[string]bool, len(nodes))
	for i := range nodes {
		exists[nodes[i].ID] = true
	}
	var out []Refusal
	for _, id := range ids {
		if !exists[id] {
			out = append(out, Refusal{Node: id, Cause: Gone})
		}
	}
	return out
}

// confirmation are the rules that the pods of a node decide alone.
var confirmation = slices.Concat(
	only(blockers, PodProtected, PodBudgeted),
	only(emptinessRules, NotEmpty),
)

// Confirm returns why a node of a command must not be given up after all, judged
// by nothing but its pods; false if it may be.
func (m Emptiness) Confirm(n Node, now time.Time) (Refusal, bool) {
	return exam{now: now, kind: m.Kind(), node: &n}.first(confirmation)
}

func only(rules []rule, causes ...Cause) []rule {
	return slices.DeleteFunc(slices.Clone(rules), func(r rule) bool { return !slices.Contains(causes, r.cause) })
}

func ids(nodes []*Node) []string {
	out := make([]string, len(nodes))
	for i, n := range nodes {
		out[i] = n.ID
	}
	return out
}
