// SPDX-License-Identifier: Apache-2.0

package disrupt

import (
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/place"
)

// mixSteps bounds the search for the machines that replace a few nodes, see
// [place.Input].
const mixSteps = 200_000

// search is one run of consolidation over a state. Commands that it has accepted are
// as if they were carried out.
type search struct {
	method   Consolidation
	state    State
	question Question
	purse    purse
	totals   map[string]total
	worth    *values
	// receives are the nodes, by name, that pods of accepted commands go to. They
	// stay: their pods would be moved twice.
	receives map[string]bool
	// kept are the spare nodes, by index, that pods of accepted commands go to.
	kept map[int]bool
	// moved is how many pods of workloads accepted commands move.
	moved    map[string]int
	commands []Command
	refusals map[string]Refusal // by ID of the node
}

func newSearch(m Consolidation, s State) *search {
	return &search{
		method: m, state: s, question: s.Question, totals: s.totals(), worth: &values{},
		purse:    purse{s.Pools, map[string]int{}},
		receives: s.receiving(), kept: map[int]bool{}, moved: map[string]int{}, refusals: map[string]Refusal{},
	}
}

// receiving are the nodes, by name, that pods are planned to come to.
func (s State) receiving() map[string]bool {
	out := map[string]bool{}
	for i := range s.Nodes {
		if s.Nodes[i].Receives {
			out[s.Nodes[i].Name] = true
		}
	}
	return out
}

// move is a command with the question that it is the answer to.
type move struct {
	nodes   []*Node
	asked   place.Input
	plan    place.Plan
	command Command
}

// oneByOne gives up what can go without a replacement, then what can be replaced.
// It returns the nodes that nothing but the price speaks against.
func (x *search) oneByOne(nodes []*Node) (rest []*Node) {
	for _, n := range x.deleteAll(nodes) {
		if r, refused := x.refuses(n); refused {
			x.refusals[n.ID] = r
			continue
		}
		m, r, ok := x.replace(n)
		if ok {
			x.accept(m)
			continue
		}
		x.refusals[n.ID] = r
		if r.Cause == NothingCheaper || r.Cause == PaysTooLate {
			rest = append(rest, n)
		}
	}
	return rest
}

// replace considers a node by itself, on spare nodes alone where new machines are
// hopeless.
func (x *search) replace(n *Node) (*move, Refusal, bool) {
	r, hopeless := x.hopeless(n)
	if !hopeless {
		return x.consider([]*Node{n})
	}
	m, ok := x.onSpare([]*Node{n})
	return m, r, ok
}

// refuses says why a node cannot go, whatever becomes of its pods.
func (x *search) refuses(n *Node) (Refusal, bool) {
	switch {
	case x.receives[n.Name]:
		return Refusal{Cause: AnotherFirst}, true
	case !x.purse.has(n):
		return Refusal{Cause: OverBudget, Pool: n.Pool}, true
	}
	if w, ok := x.exhausted([]*Node{n}); ok {
		return Refusal{Cause: WorkloadMoved, Workload: w}, true
	}
	return Refusal{}, false
}

// hopeless says why no machines are looked for in the place of a node: what those of its
// pods are worth that found no room elsewhere, at prices at which no machine is worth
// more than it costs, is the least that machines for them cost. (Other pods of the node
// might take the room instead; that makes little difference.)
func (x *search) hopeless(n *Node) (Refusal, bool) {
	switch {
	case x.gain(n) > 0:
		return Refusal{}, false
	case x.worth.of(n) < n.Price:
		return Refusal{Cause: PaysTooLate}, true
	}
	return Refusal{Cause: NothingCheaper}, true
}

// gain is what replacing the node may save per hour beyond what it must, at most, as
// long as the same pods find room elsewhere.
func (x *search) gain(n *Node) float64 {
	return affordable([]*Node{n}, x.totals, mostPaybackLaunching) - x.worth.of(n)
}

// consider asks what would become of the pods of some nodes, and says whether that is
// worth it (DIS-076).
func (x *search) consider(nodes []*Node) (*move, Refusal, bool) {
	asked, ok := x.without(nodes)
	if !ok {
		return nil, Refusal{Cause: Leaving}, false
	}
	asked.Repack = mixSteps
	m, r, ok := x.judge(nodes, asked, place.Solve(asked))
	if ok && len(m.command.Replacements) == 0 {
		return m, r, ok // there is room on nodes that stay anyway
	}
	if spare, fits := x.onSpare(nodes); fits && (!ok || spare.command.Saving >= m.command.Saving-m.launching()) {
		return spare, Refusal{}, true
	}
	return m, r, ok
}

func (x *search) judge(nodes []*Node, asked place.Input, plan place.Plan) (*move, Refusal, bool) {
	if left := homeless(asked, plan); len(left) > 0 {
		return nil, Refusal{Cause: PodsHomeless, Pods: left}, false
	}
	m := &move{nodes: nodes, asked: asked, plan: plan}
	m.command = Command{Kind: x.method.kindFor(len(nodes)), Nodes: ids(nodes), Destinations: destinations(plan)}
	if r, ok := x.price(m); !ok {
		return nil, r, false
	}
	m.command.Kept = x.keeping(m)
	m.command = weigh(m.command, nodes, x.totals)
	m.command.Scores = scores(nodes, m.command.Saving, x.state.Pools, x.totals)
	if !approved(m.command.Scores) {
		return nil, Refusal{Cause: Unbalanced, Scores: m.command.Scores}, false
	}
	return m, Refusal{}, true
}

// price decides which machines a command may launch, so that whichever the cloud
// gives it pays in time (DIS-077, DIS-171). A command that launches none pays with
// the price of its nodes, if that is known.
func (x *search) price(m *move) (Refusal, bool) {
	total, least, spot := 0.0, 0.0, true
	for _, n := range m.nodes {
		total += n.Price
		spot = spot && n.CapacityType == label.Spot
	}
	for i := range m.plan.Bins {
		least += m.plan.Bins[i].Price
	}
	kept := x.keeping(m)
	within := mostPayback
	if len(m.plan.Bins) > 0 {
		within = mostPaybackLaunching
	}
	below := affordable(m.nodes, x.totals, within) - kept
	total -= kept
	switch {
	case len(m.plan.Bins) == 0 && (total > 0 || kept > 0) && below <= 0:
		return Refusal{Cause: PaysTooLate}, false
	case len(m.plan.Bins) == 0:
		return Refusal{}, true
	case least >= total:
		return Refusal{Cause: NothingCheaper}, false
	case least >= below:
		return Refusal{Cause: PaysTooLate}, false
	}
	for i := range m.plan.Bins {
		machine := newMachine(m.asked, m.plan.Bins[i])
		part := share(m.plan.Bins[i].Price, least, len(m.plan.Bins))
		b := bargain{below: below * part, belowSpot: total * (1 - leastSpotSaving) * part, spot: spot, allowed: x.method.SpotToSpot}
		if r, worth := b.narrow(machine); !worth {
			return r, false
		}
		m.plan.Bins[i] = machine.bin
		m.command.Replacements = append(m.command.Replacements, NewReplacement(m.asked, machine.bin))
	}
	return Refusal{}, true
}

// share is which part of the sum of n amounts one of them is.
func share(amount, sum float64, n int) float64 {
	if sum == 0 {
		return 1 / float64(n)
	}
	return amount / sum
}

// accept has a command be as if it were carried out.
func (x *search) accept(m *move) {
	for _, n := range m.nodes {
		x.purse.take(n)
		delete(x.refusals, n.ID)
		for i := range n.Pods {
			if n.Pods[i].Reschedulable {
				x.moved[n.Pods[i].Workload]++
			}
		}
	}
	for _, node := range m.command.Destinations {
		x.receives[m.asked.Snapshot.Nodes[node].Name] = true
		if _, spare := x.state.Spare[node]; spare {
			x.kept[node] = true
		}
	}
	if asked, ok := x.question.Without(ids(m.nodes)...); ok {
		m.asked.Without = asked.Without // spare nodes may still be of use
	}
	x.question = x.question.After(m.asked, m.plan)
	x.commands = append(x.commands, m.command)
}

// exhausted returns a workload of which no more pods may be moved for now and some
// would be.
func (x *search) exhausted(nodes []*Node) (string, bool) {
	wanted := map[string]int{}
	for _, n := range nodes {
		for i := range n.Pods {
			p := &n.Pods[i]
			if !p.Reschedulable {
				continue
			}
			wanted[p.Workload]++
			if left, limited := x.state.Evictable[p.Workload]; limited && x.moved[p.Workload]+wanted[p.Workload] > left {
				return p.Workload, true
			}
		}
	}
	return "", false
}

// again decides about nodes once more, and says why they stay.
func (x *search) again(nodes []*Node, replacements int) []Refusal {
	if w, ok := x.exhausted(nodes); ok {
		return refuseAll(nodes, Refusal{Cause: WorkloadMoved, Workload: w})
	}
	if !x.purse.hasAll(nodes) {
		return refuseAll(nodes, Refusal{Cause: OverBudget})
	}
	for _, n := range nodes {
		if x.receives[n.Name] {
			return refuseAll(nodes, Refusal{Cause: AnotherFirst})
		}
	}
	m, r, ok := x.consider(nodes)
	if ok && len(m.command.Replacements) > replacements {
		r, ok = Refusal{Cause: OtherReplacements}, false
	}
	if !ok {
		return refuseAll(nodes, r)
	}
	x.accept(m)
	return nil
}

func refuseAll(nodes []*Node, r Refusal) []Refusal {
	out := make([]Refusal, len(nodes))
	for i, n := range nodes {
		out[i] = r
		out[i].Node, out[i].Name = n.ID, n.Name
		if r.Cause == OverBudget {
			out[i].Pool = n.Pool
		}
	}
	return out
}
