// SPDX-License-Identifier: Apache-2.0

package place

import (
	"slices"

	"karpenter.sh/core/engine/constraint"
	"karpenter.sh/core/engine/model"
)

// After returns the snapshot once a plan for the question is carried out: pods take
// up the nodes that they were placed on and are counted there, new nodes count
// against limits, and topology rules count their pods as far as it is known where
// they will be. New nodes are no targets, and nodes that were left out still are
// ([Input.Without]). Nothing is said of pods that were not placed.
//
// It costs the nodes and the groups, a pointer each, the pods of the plan and what
// their groups count.
func After(in Input, plan Plan) *model.Snapshot {
	s := newSolver(in)
	for _, pl := range plan.Placements {
		n, pod := in.Snapshot.Nodes[pl.Node], &in.Pods[pl.Pod]
		s.occupy(pl.Node, pod)
		s.countOnNode(pod.Class, n, 1)
	}
	for i := range plan.Bins {
		s.enterLaunched(&plan.Bins[i])
	}
	out := *in.Snapshot
	out.Nodes = slices.Clone(out.Nodes)
	for i, c := range s.changed {
		if c != nil {
			out.Nodes[i] = c.of(out.Nodes[i])
		}
	}
	out.Groups = slices.Clone(out.Groups)
	for i, t := range s.tallies {
		if t != nil {
			out.Groups[i] = t.Counted()
		}
	}
	out.Pools = slices.Clone(out.Pools)
	for i, p := range s.pools {
		out.Pools[i].Remaining = p.remaining
	}
	out.Held = s.holding(plan)
	return &out
}

// of is the node as it has become.
func (c *changed) of(before *model.Node) *model.Node {
	n := *before
	n.Free = c.free
	n.Ports = append(slices.Clip(n.Ports), c.ports...)
	if c.attached != nil {
		n.Attached = c.attached
	}
	return &n
}

// newNodes stands for the hostnames of all new nodes; no node and no bin can have it.
const newNodes = "new nodes"

// enterLaunched counts the pods of a new node and charges the limits with it.
func (s *solver) enterLaunched(b *Bin) {
	p := s.pools[b.Pool]
	launched := &bin{
		pool: p, name: newNodes, state: &state{wanted: b.Requirements}, variants: p.Catalogue.VariantsOf(b.Types),
	}
	for _, pod := range b.Pods {
		s.countOnBin(s.in.Pods[pod].Class, launched)
	}
	p.charge(launched.variants)
}

// holding are the reservations that launches draw on once those of the plan are
// among them: one of each that a new node can be bought from.
func (s *solver) holding(plan Plan) []constraint.Label {
	held := s.in.Snapshot.Held
	if s.stock == nil {
		return held
	}
	held = slices.Clip(held)
	for i := range plan.Bins {
		for _, id := range s.stock.ids {
			on := func(market constraint.Sets) bool {
				set, restricted := market.Get(id.Key)
				return restricted && set.Concrete() && set.Values().Has(int(id.Value))
			}
			if slices.ContainsFunc(plan.Bins[i].Markets, on) {
				held = append(held, id)
			}
		}
	}
	return held
}
