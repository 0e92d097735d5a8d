// SPDX-License-Identifier: Apache-2.0

package disrupt

import "time"

// What a command costs and when it has to pay (DIS-171).
const (
	// movingTakes is what it costs to move an average pod, in the time that it could
	// be run for the same money.
	movingTakes = 10 * time.Minute
	// besideTakes is how long nodes and their replacements are paid for both.
	besideTakes = 3 * time.Minute
	// mostPayback is how long a command may take to save what it costs,
	// mostPaybackLaunching how long if machines are launched for it: replays show that
	// these turn out worth less than deletions, for what they are bought for changes.
	mostPayback          = 45 * time.Minute
	mostPaybackLaunching = 30 * time.Minute
	// movedAgain is how many times as much it costs to move a pod that was moved
	// recently.
	movedAgain = 8
)

// balancedShare is which part of a pool's disruption a command may cost for each
// part of the pool's cost that it saves: 1 to so many (EXT-169).
const balancedShare = 2

// total is what a pool costs per hour, and what it would cost to give up all its
// nodes (EXT-165).
type total struct{ cost, disruption float64 }

// totals are those of all pools.
func (s State) totals() map[string]total {
	out := map[string]total{}
	for i := range s.Nodes {
		if n := &s.Nodes[i]; n.Pool != "" {
			t := out[n.Pool]
			t.cost += n.Price
			t.disruption += RescheduleCost(n.Pods)
			out[n.Pool] = t
		}
	}
	return out
}

// moving is what it costs to move the pods of a node, in dollars: as much as to run
// a share of its pool for a while.
func moving(n *Node, totals map[string]total) float64 {
	t := totals[n.Pool]
	if t.disruption == 0 {
		return 0
	}
	return restless(n.Pods) * t.cost / t.disruption * movingTakes.Hours()
}

// restless is the reschedule cost with more for pods that were moved recently.
func restless(pods []Pod) float64 {
	cost := baseCost
	for i := range pods {
		switch p := &pods[i]; {
		case !p.Reschedulable:
		case p.Moved:
			cost += movedAgain * max(p.EvictionCost, 0)
		default:
			cost += max(p.EvictionCost, 0)
		}
	}
	return cost
}

// affordable is what replacements of nodes, or nodes that stay for the pods, may cost
// per hour so that the command pays within a time: less than the result.
func affordable(nodes []*Node, totals map[string]total, within time.Duration) float64 {
	price, cost := 0.0, 0.0
	for _, n := range nodes {
		price += n.Price
		cost += moving(n, totals)
	}
	return (price - cost/within.Hours()) / (1 + besideTakes.Hours()/within.Hours())
}

// payback is how long it takes until a command has saved what it costs; never, if
// it saves nothing.
func payback(nodes []*Node, saving float64, replacements []Replacement, totals map[string]total) time.Duration {
	cost := 0.0
	for _, n := range nodes {
		cost += moving(n, totals)
	}
	for i := range replacements {
		cost += replacements[i].Bin.Price * besideTakes.Hours()
	}
	if cost == 0 {
		return 0
	}
	if saving*Never.Hours() <= cost {
		return Never
	}
	return time.Duration(cost / saving * float64(time.Hour))
}

// Never is longer than anybody waits: ten years.
const Never = 10 * 365 * 24 * time.Hour
