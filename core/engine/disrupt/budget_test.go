// SPDX-License-Identifier: Apache-2.0

package disrupt_test

import (
	"slices"
	"testing"

	"karpenter.sh/core/engine/disrupt"
)

// DIS-049
func TestCount(t *testing.T) {
	for _, test := range []struct {
		why  string
		node func(*disrupt.Node)
		want disrupt.Usage
	}{
		{"in service", func(*disrupt.Node) {}, disrupt.Usage{Nodes: 1}},
		{"not ready", func(n *disrupt.Node) { n.Ready = false }, disrupt.Usage{Nodes: 1, Disrupting: 1}},
		{"marked for deletion", func(n *disrupt.Node) { n.Leaving = true }, disrupt.Usage{Nodes: 1, Disrupting: 1}},
		{"both count once", func(n *disrupt.Node) { n.Ready, n.Leaving = false, true }, disrupt.Usage{Nodes: 1, Disrupting: 1}},
		{"a command waits to be validated", func(n *disrupt.Node) { n.Held = true }, disrupt.Usage{Nodes: 1, Promised: 1}},
		{"a started command counts once", func(n *disrupt.Node) { n.Held, n.Leaving = true, true }, disrupt.Usage{Nodes: 1, Disrupting: 1}},
		{"no NodeClaim", func(n *disrupt.Node) { n.Claimed = false }, disrupt.Usage{}},
		{"not initialized: a replacement does not count yet (DIS-055)", func(n *disrupt.Node) { n.Initialized = false }, disrupt.Usage{}},
		{"instance terminating", func(n *disrupt.Node) { n.InstanceTerminating, n.Leaving = true, true }, disrupt.Usage{}},
		{"of no pool", func(n *disrupt.Node) { n.Pool = "" }, disrupt.Usage{}},
	} {
		t.Run(test.why, func(t *testing.T) {
			n := emptyNode("n")
			test.node(&n)
			if got := disrupt.Count([]disrupt.Node{n})["p"]; got != test.want {
				t.Errorf("usage is %+v, want %+v", got, test.want)
			}
		})
	}
}

func TestBudgetLeft(t *testing.T) {
	for _, test := range []struct {
		why    string
		budget disrupt.Budget
		left   int
		shut   bool
	}{
		{"DIS-050 room", disrupt.Budget{Usage: disrupt.Usage{Nodes: 10, Disrupting: 1}, Limit: 3}, 2, false},
		{"DIS-050 what is promised is not given twice", disrupt.Budget{Usage: disrupt.Usage{Nodes: 10, Disrupting: 1, Promised: 1}, Limit: 3}, 1, false},
		{"DIS-050 never negative", disrupt.Budget{Usage: disrupt.Usage{Nodes: 10, Disrupting: 5}, Limit: 3}, 0, false},
		{"DIS-057 nothing is let go", disrupt.Budget{Usage: disrupt.Usage{Nodes: 1}}, 0, true},
		{"DIS-057 a pool without nodes", disrupt.Budget{}, 0, false},
	} {
		t.Run(test.why, func(t *testing.T) {
			if got := test.budget.Left(); got != test.left {
				t.Errorf("%d left, want %d", got, test.left)
			}
			if got := test.budget.Shut(); got != test.shut {
				t.Errorf("shut is %v", got)
			}
		})
	}
}

// DIS-054
func TestWalkSkipsPoolsWithoutRoom(t *testing.T) {
	node := func(id, pool string, price float64) disrupt.Node {
		n := emptyNode(id)
		n.Pool, n.Price = pool, price
		return n
	}
	s := state(node("p1", "p", 4), node("p2", "p", 3), node("q1", "q", 2), node("r1", "r", 5))
	for name, limit := range map[string]int{"p": 1, "q": 1, "r": 0} {
		s.Pools[name] = disrupt.Pool{Managed: true, Budget: disrupt.Budget{Limit: limit}}
	}
	d := disrupt.Emptiness{}.Decide(s)
	if got := taken(d); !slices.Equal(got, []string{"p1", "q1"}) {
		t.Errorf("took %v", got)
	}
	if got := causes(d.Refusals); got["p2"] != disrupt.OverBudget || got["r1"] != disrupt.OverBudget {
		t.Errorf("refusals are %v", got)
	}
	if d.Eligible != 4 {
		t.Errorf("%d eligible, want all 4: they are counted before budgets", d.Eligible)
	}
}

// DIS-055: a budget bounds what goes on at a time, so what was started before is
// taken off by the count and nothing else is remembered.
func TestBudgetIsNoRate(t *testing.T) {
	started := emptyNode("a")
	started.Leaving = true
	budgeted := func(nodes ...disrupt.Node) disrupt.State {
		s := state(nodes...)
		s.Pools["p"] = disrupt.Pool{Managed: true, Budget: disrupt.Budget{Usage: disrupt.Count(nodes)["p"], Limit: 1}}
		return s
	}
	if got := taken(disrupt.Emptiness{}.Decide(budgeted(started, emptyNode("b")))); len(got) != 0 {
		t.Errorf("took %v beside a node that is leaving", got)
	}
	if got := taken(disrupt.Emptiness{}.Decide(budgeted(emptyNode("b")))); len(got) != 1 {
		t.Errorf("took %v after that node had gone", got)
	}
}
