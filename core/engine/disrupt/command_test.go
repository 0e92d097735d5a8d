// SPDX-License-Identifier: Apache-2.0

package disrupt_test

import (
	"testing"

	"karpenter.sh/core/engine/disrupt"
	"karpenter.sh/core/engine/place"
)

// DIS-043, DIS-154
func TestWeigh(t *testing.T) {
	node := func(id string, price float64, pods int) disrupt.Node {
		n := emptyNode(id)
		n.Price = price
		for range pods {
			n.Pods = append(n.Pods, ordinaryPod())
		}
		return n
	}
	replacement := func(price float64) disrupt.Replacement {
		return disrupt.Replacement{Bin: place.Bin{Price: price}}
	}
	s := state(node("a", 4, 3), node("b", 2, 0), node("unpriced", 0, 1), node("other", 100, 9))
	for _, test := range []struct {
		why          string
		nodes        []string
		replacements []disrupt.Replacement
		saving, cost float64
	}{
		{"one node", []string{"a"}, nil, 4, 4},
		{"several nodes", []string{"b", "a"}, nil, 6, 5},
		{"an unknown price counts 0", []string{"unpriced", "b"}, nil, 2, 3},
		{"replacements are paid for", []string{"a", "b"}, []disrupt.Replacement{replacement(1), replacement(0.5)}, 4.5, 5},
		{"they may cost more", []string{"b"}, []disrupt.Replacement{replacement(3)}, -1, 1},
		{"a node that is gone", []string{"gone"}, nil, 0, 0},
	} {
		t.Run(test.why, func(t *testing.T) {
			got := s.Weigh(disrupt.Command{Nodes: test.nodes, Replacements: test.replacements, Saving: 77, Cost: 77})
			if got.Saving != test.saving || got.Cost != test.cost {
				t.Errorf("saves %v at a cost of %v, want %v at %v", got.Saving, got.Cost, test.saving, test.cost)
			}
		})
	}
}

// DIS-074: nodes of emptiness go each by itself, and what is left of a command after
// validation is weighed anew.
func TestEmptinessIsDivisible(t *testing.T) {
	a, b := emptyNode("a"), emptyNode("b")
	a.Price, b.Price = 3, 2
	m := disrupt.Emptiness{}
	c := m.Decide(state(a, b)).Commands[0]
	if !c.Divisible || c.Saving != 5 || c.Cost != 2 || len(c.Replacements) != 0 {
		t.Errorf("decided %+v", c)
	}
	b.Nominated = true
	left := m.Validate(state(a, b), []disrupt.Command{c})[0].Left
	if !left.Divisible || left.Saving != 3 || left.Cost != 1 {
		t.Errorf("left is %+v", left)
	}
}
