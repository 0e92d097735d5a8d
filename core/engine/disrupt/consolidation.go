// SPDX-License-Identifier: Apache-2.0

package disrupt

import (
	"slices"
	"time"

	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/place"
)

// consolidationRules are the blockers and what consolidation asks beside them, in
// order (DIS-075).
var consolidationRules = append(slices.Clone(blockers),
	rule{cause: StaticPool, applies: func(x exam) bool { return x.pool().Static }},
	rule{cause: UnknownType, applies: func(x exam) bool { return !x.node.TypeKnown }, detail: exam.nameNode},
	rule{cause: NoCapacityType, applies: func(x exam) bool { return x.node.CapacityType == "" }},
	rule{cause: NoZone, applies: func(x exam) bool { return x.node.Zone == "" }},
	rule{cause: ConsolidationOff, applies: func(x exam) bool { return x.pool().NeverConsolidates }, detail: exam.namePool},
	rule{cause: NothingRuns, applies: func(x exam) bool { return IsEmpty(x.node.Pods) }},
	rule{cause: OnlyWhenEmpty, applies: func(x exam) bool { return x.pool().OnlyWhenEmpty }, detail: exam.namePool},
	rule{cause: NotQuiet, applies: func(x exam) bool { return !x.node.Consolidatable }},
)

// Consolidation is what the methods share that save money by moving pods.
type Consolidation struct {
	// SpotToSpot allows to replace spot nodes by cheaper spot nodes (DIS-084).
	SpotToSpot bool
}

func (Consolidation) kind(name string) Kind {
	return Kind{
		Reason: Underutilized, Type: name, Class: Graceful,
		NeedsTypes: true, Asks: true, SparesBusy: true, Wait: ValidationWait,
	}
}

// consider returns the command to give up nodes together, which are replaced by one
// machine at most, or says why they stay (DIS-076).
func (c Consolidation) consider(s State, kind Kind, nodes []*Node) (Command, Refusal, bool) {
	asked, ok := s.Without(ids(nodes)...)
	if !ok {
		return Command{}, Refusal{Cause: Leaving}, false
	}
	plan := place.Solve(asked)
	if left := homeless(asked, plan); len(left) > 0 {
		return Command{}, Refusal{Cause: PodsHomeless, Pods: left}, false
	}
	command := Command{Kind: kind, Nodes: ids(nodes), Destinations: destinations(plan)}
	switch len(plan.Bins) {
	case 0:
	case 1:
		m := newMachine(asked, plan.Bins[0])
		if r, worth := c.bargainFor(nodes).narrow(m); !worth {
			return Command{}, r, false
		}
		command.Replacements = []Replacement{NewReplacement(asked, m.bin)}
	default:
		return Command{}, Refusal{Cause: SeveralReplacements, Found: len(plan.Bins)}, false
	}
	return s.Weigh(command), Refusal{}, true
}

func (c Consolidation) bargainFor(nodes []*Node) bargain {
	b := bargain{allowed: c.SpotToSpot, single: len(nodes) == 1, spot: true}
	for _, n := range nodes {
		b.below += n.Price
		b.spot = b.spot && n.CapacityType == label.Spot
	}
	return b
}

// again says whether a command still stands over a fresh state (DIS-103, DIS-104),
// and returns it in terms of that state.
func (c Consolidation) again(fresh State, old Command, nodes []*Node) (Command, Refusal, bool) {
	asked, ok := fresh.Without(old.Nodes...)
	if !ok {
		return Command{}, Refusal{Cause: Leaving}, false
	}
	plan := place.Solve(asked)
	if left := homeless(asked, plan); len(left) > 0 {
		return Command{}, Refusal{Cause: PodsHomeless, Pods: left}, false
	}
	if len(plan.Bins) != len(old.Replacements) {
		return Command{}, Refusal{Cause: OtherReplacements, Found: len(plan.Bins)}, false
	}
	left := old
	left.Destinations, left.Replacements = destinations(plan), nil
	for i, r := range old.Replacements {
		m := newMachine(asked, plan.Bins[i])
		if !c.bargainFor(nodes).holds(m, r) {
			return Command{}, Refusal{Cause: OtherReplacements, Found: len(plan.Bins)}, false
		}
		left.Replacements = append(left.Replacements, NewReplacement(asked, m.bin))
	}
	return fresh.Weigh(left), Refusal{}, true
}

// holds narrows a machine to what a replacement was, and reports whether all of that
// is still to be had and worth it.
func (b bargain) holds(m *machine, r Replacement) bool {
	if r.Pool != m.template.Pool {
		return false
	}
	for _, capacityType := range []string{label.Spot, label.OnDemand} {
		if r.CapacityType == capacityType && m.allows(capacityType) {
			m.pin(capacityType)
		}
	}
	m.keep(func(t int, p price) bool { return slices.Contains(r.Types, m.name(t)) && p.worst < b.below })
	return len(m.bin.Types) == len(r.Types) && !m.short(len(m.bin.Types))
}

// confirmPods judges a node by the rules that its pods decide alone.
func confirmPods(kind Kind, n Node, now time.Time) (Refusal, bool) {
	return exam{now: now, kind: kind, node: &n}.first(only(blockers, PodProtected, PodBudgeted))
}
