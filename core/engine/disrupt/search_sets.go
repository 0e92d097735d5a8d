// SPDX-License-Identifier: Apache-2.0

package disrupt

import (
	"cmp"
	"slices"
)

const (
	// mostTogether is how many nodes are given up together at most.
	mostTogether = 6
	// mostInVain is how many sets of nodes in a row may turn out to be worth nothing
	// before the search for sets ends: what comes later wastes less.
	mostInVain = 64
)

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
