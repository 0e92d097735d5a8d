// SPDX-License-Identifier: Apache-2.0

package disrupt

import (
	"slices"
	"time"
)

// Types of commands of consolidation: about one node, and about several.
const (
	Single = "single"
	Multi  = "multi"
)

// consolidationRules say, beside what blocks any method, which nodes consolidation
// does not consider (DIS-075).
var consolidationRules = append(slices.Clone(blockers),
	rule{cause: StaticPool, applies: func(x exam) bool { return x.pool().Static }},
	rule{cause: UnknownType, applies: func(x exam) bool { return !x.node.TypeKnown }, detail: exam.nameNode},
	rule{cause: NoCapacityType, applies: func(x exam) bool { return x.node.CapacityType == "" }},
	rule{cause: NoZone, applies: func(x exam) bool { return x.node.Zone == "" }},
	rule{cause: ConsolidationOff, applies: func(x exam) bool { return x.pool().NeverConsolidates }, detail: exam.namePool},
	rule{cause: NothingRuns, applies: func(x exam) bool { return IsEmpty(x.node.Pods) }},
	rule{cause: OnlyWhenEmpty, applies: func(x exam) bool { return x.pool().OnlyWhenEmpty }, detail: exam.namePool},
	rule{cause: NotQuiet, applies: func(x exam) bool { return !x.node.Consolidatable }},
	rule{cause: PoolRests, applies: func(x exam) bool { return x.pool().Rests }, detail: exam.namePool},
)

// Consolidation gives up nodes whose pods run elsewhere for less: where there is
// room, or on machines that are launched for them. A decision has all commands that
// do not get in each other's way: no two have a node in common, count on the same
// room, or exceed a budget together.
type Consolidation struct {
	// SpotToSpot allows to replace spot nodes by cheaper spot nodes (DIS-084).
	SpotToSpot bool
	// Workers is how many nodes are looked at side by side; what is found does not
	// depend on it (DIS-165). Up to 1 it is one after the other.
	Workers int
}

var _ Method = Consolidation{}

// Kind is what the method is. Its type is that of the commands about one node.
func (Consolidation) Kind() Kind {
	return Kind{
		Reason: Underutilized, Type: Single, Class: Graceful,
		NeedsTypes: true, Asks: true, SparesBusy: true, Wait: ValidationWait,
	}
}

// kindFor is the kind of a command about so many nodes.
func (m Consolidation) kindFor(nodes int) Kind {
	k := m.Kind()
	if nodes > 1 {
		k.Type = Multi
	}
	return k
}

// Eligible are the nodes that nothing but prices and budgets may speak against.
func (m Consolidation) Eligible(s State) []string {
	free, _ := s.examine(m.Kind(), consolidationRules)
	return ids(free)
}

// Decide looks at each node alone, those first that save most for what they disturb,
// then at those together that leave much of their price unused (DIS-087 to DIS-094).
func (m Consolidation) Decide(s State) Decision {
	free, refused := s.examine(m.Kind(), consolidationRules)
	d := Decision{Eligible: len(free), Refusals: refused}
	if len(free) == 0 {
		return d
	}
	x := newSearch(m, s)
	rest := x.oneByOne(bySavings(free, s.Now))
	x.together(rest)
	d.Commands = x.commands
	for _, n := range free {
		if r, refused := x.refusals[n.ID]; refused {
			r.Node, r.Name = n.ID, n.Name
			d.Refusals = append(d.Refusals, r)
		}
	}
	return d
}

// Validate decides anew about the nodes of each command, with all that a decision
// asks for (DIS-103, DIS-104). What it finds now is what is launched. A command that
// would need more machines by now is dropped.
func (m Consolidation) Validate(fresh State, commands []Command) []Validated {
	x := newSearch(m, fresh)
	out := make([]Validated, len(commands))
	for i, c := range commands {
		free, refused := fresh.Among(c.Nodes).examine(m.Kind(), consolidationRules)
		refused = append(refused, gone(c.Nodes, fresh.Nodes)...)
		if len(refused) == 0 {
			refused = x.again(free, len(c.Replacements))
		}
		if len(refused) > 0 {
			out[i] = Validated{Left: Command{Kind: c.Kind}, Dropped: refused}
			continue
		}
		out[i] = Validated{Left: x.commands[len(x.commands)-1]}
	}
	return out
}

// Confirm looks once more for pods that must not be disrupted (DIS-126). Budgets that
// let no pod go at the moment are what draining is for.
func (m Consolidation) Confirm(n Node, now time.Time) (Refusal, bool) {
	return exam{now: now, kind: m.Kind(), node: &n}.first(only(blockers, PodProtected))
}
