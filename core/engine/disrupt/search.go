// SPDX-License-Identifier: Apache-2.0

package disrupt

import (
	"cmp"
	"slices"
	"sync"

	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/place"
)

const (
	// mostTogether is how many nodes are given up together at most.
	mostTogether = 6
	// mostInVain is how many sets of nodes in a row may turn out to be worth nothing
	// before the search for sets ends: what comes later wastes less.
	mostInVain = 64
	// mixSteps bounds the search for the machines that replace a few nodes, see
	// [place.Input].
	mixSteps = 200_000
)

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

// deleteAll gives up the nodes, in their order, whose pods have room elsewhere, and
// returns those for which machines would have to be launched. As long as nothing goes,
// more and more nodes are looked at side by side.
func (x *search) deleteAll(nodes []*Node) (replaceable []*Node) {
	for ahead := 1; len(nodes) > 0; {
		looks, changed := x.lookAtAll(nodes[:min(ahead, len(nodes))]), false
		for i := 0; i < len(looks) && !changed; i++ {
			n := nodes[0]
			nodes = nodes[1:]
			if r, refused := x.refuses(n); refused {
				x.refusals[n.ID] = r
				continue
			}
			before := len(x.commands)
			if !x.delete(n, looks[i]) {
				replaceable = append(replaceable, n)
			}
			changed = len(x.commands) > before
		}
		if ahead = min(2*ahead, mostAhead); changed {
			ahead = 1 // the other looks were at what is not so any more
		}
	}
	return replaceable
}

// mostAhead is how many nodes are looked at side by side at most.
const mostAhead = 64

// look is where the pods of a node would go.
type look struct {
	asked place.Input
	plan  place.Plan
	ok    bool // false if nobody can tell
}

// lookAtAll looks at nodes as if each went alone.
func (x *search) lookAtAll(nodes []*Node) []look {
	looks := make([]look, len(nodes))
	each := func(i int) {
		if looks[i].asked, looks[i].ok = x.without(nodes[i : i+1]); looks[i].ok {
			looks[i].plan = place.Solve(looks[i].asked)
		}
	}
	workers := min(x.method.Workers, len(nodes))
	if workers < 2 {
		for i := range nodes {
			each(i)
		}
		return looks
	}
	var wait sync.WaitGroup
	for w := range workers {
		wait.Go(func() {
			for i := w; i < len(nodes); i += workers {
				each(i)
			}
		})
	}
	wait.Wait()
	return looks
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

// delete gives a node up if its pods have room elsewhere; false if a machine would
// have to be launched for some of them.
func (x *search) delete(n *Node, l look) bool {
	if !l.ok {
		x.refusals[n.ID] = Refusal{Cause: Leaving}
		return true
	}
	x.worth.learn(n, l)
	if len(l.plan.Bins) > 0 && len(homeless(l.asked, l.plan)) == 0 {
		x.refusals[n.ID] = Refusal{Cause: NothingCheaper}
		return false
	}
	m, r, ok := x.judge([]*Node{n}, l.asked, l.plan)
	if ok {
		x.accept(m)
	} else {
		x.refusals[n.ID] = r
	}
	return true
}

// hopeless says why no machines can replace a node: what those of its pods are worth
// that find no room elsewhere, at prices at which no machine is worth more than it
// costs, is a bound of what they cost anywhere.
func (x *search) hopeless(n *Node) (Refusal, bool) {
	switch {
	case x.gain(n) > 0:
		return Refusal{}, false
	case x.worth.of(n) < n.Price:
		return Refusal{Cause: PaysTooLate}, true
	}
	return Refusal{Cause: NothingCheaper}, true
}

// gain bounds what giving up the node can save per hour beyond what it must.
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
	if spare, fits := x.onSpare(nodes); fits && (!ok || spare.command.Saving >= m.command.Saving-m.launching()) {
		return spare, Refusal{}, true
	}
	return m, r, ok
}

// without asks where pods would go if nodes were gone and the spare ones too.
func (x *search) without(nodes []*Node) (place.Input, bool) {
	asked, ok := x.question.Without(ids(nodes)...)
	for target := range x.state.Spare {
		if ok && !x.kept[target] {
			asked.Without = asked.Without.Add(target)
		}
	}
	return asked, ok
}

// onSpare asks the same where spare nodes stay, for their price.
func (x *search) onSpare(nodes []*Node) (*move, bool) {
	if len(x.state.Spare) == len(x.kept) {
		return nil, false
	}
	asked, ok := x.question.Without(ids(nodes)...)
	if !ok {
		return nil, false
	}
	m, _, ok := x.judge(nodes, asked, place.Solve(asked))
	return m, ok
}

// launching is what it costs to pay for the replacements beside the nodes, spread over
// the time in which the command has to pay.
func (m *move) launching() float64 {
	cost := 0.0
	for i := range m.command.Replacements {
		cost += m.command.Replacements[i].Bin.Price * besideTakes.Hours()
	}
	return cost / mostPaybackLaunching.Hours()
}

// keeping is what spare nodes cost that a command would have stay.
func (x *search) keeping(m *move) float64 {
	cost := 0.0
	for _, node := range m.command.Destinations {
		if !x.kept[node] {
			cost += x.state.Spare[node]
		}
	}
	return cost
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
	if len(x.state.Evictable) == 0 {
		return "", false
	}
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

// together gives up nodes for machines that hold the pods of several. Only nodes that
// leave so much of their price unused that it may pay are considered: what the pods
// of a set are worth is the sum of what those of its nodes are.
func (x *search) together(nodes []*Node) {
	nodes = slices.DeleteFunc(nodes, func(n *Node) bool { return x.gain(n) <= 0 })
	slices.SortStableFunc(nodes, func(a, b *Node) int {
		return cmp.Or(cmp.Compare(x.gain(b)/b.Price, x.gain(a)/a.Price), cmp.Compare(a.ID, b.ID))
	})
	vain := 0
	for len(nodes) > 1 && vain < mostInVain {
		set := x.best(nodes)
		if set == nil {
			vain++
			nodes = nodes[1:]
			continue
		}
		vain = 0
		x.accept(set)
		nodes = slices.DeleteFunc(nodes, func(n *Node) bool { return slices.Contains(set.nodes, n) || x.receives[n.Name] })
	}
}

// best is what saves most among the first of the nodes alone with so many of the
// next; nil if nothing is worth it.
func (x *search) best(nodes []*Node) *move {
	var best *move
	var set []*Node
	for _, n := range nodes {
		if len(set) == mostTogether {
			break
		}
		with := append(slices.Clip(set), n)
		if _, over := x.exhausted(with); over || !x.purse.hasAll(with) {
			continue
		}
		if set = with; len(set) < 2 {
			continue
		}
		if m, _, ok := x.consider(set); ok && (best == nil || m.command.Saving > best.command.Saving) {
			best = m
		}
	}
	return best
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
