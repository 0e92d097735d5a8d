// SPDX-License-Identifier: Apache-2.0

package place

import (
	"cmp"
	"math"
	"slices"

	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/pack"
	"karpenter.sh/core/engine/resource"
)

// worthwhile is the share of its cost that a new mix of machines must save.
const worthwhile = 0.001

// repack replaces, pool by pool, the bins that hold nothing but loose pods by a
// cheaper mix of machines for the same pods, if there is one.
func (s *solver) repack() {
	if s.in.Repack == 0 {
		return
	}
	for _, p := range s.pools {
		s.repackPool(p)
	}
}

func (s *solver) repackPool(p *pool) {
	var kept, loose []*bin
	for _, b := range s.bins {
		if b.pool == p && b.loose() {
			loose = append(loose, b)
		} else {
			kept = append(kept, b)
		}
	}
	if len(loose) == 0 {
		return
	}
	remaining, allowed := p.remaining, p.allowed
	p.limit(s.in.Snapshot.Pools[p.index].Remaining)
	if better := s.cheaper(p, loose); better != nil && p.admit(kept, better) {
		s.bins = append(kept, better...)
		return
	}
	p.remaining, p.allowed = remaining, allowed
}

// loose bins hold pods that any other node of the pool with room and the right
// labels would do for.
func (b *bin) loose() bool {
	return !slices.ContainsFunc(b.routes, func(r *route) bool { return !r.loose() })
}

// loose routes look at nothing but requirements and resources.
func (r *route) loose() bool {
	return r.class.Topology.None() && len(r.onKeys)+len(r.onHosts)+len(r.class.Ports) == 0
}

// cheaper packs the pods of the bins anew; nil if that does not pay.
func (s *solver) cheaper(p *pool, bins []*bin) []*bin {
	x := newMix(p, bins, s.in.Pods)
	loads, ok := pack.Cheapest(pack.Problem{Rooms: x.rooms, Groups: x.groups, Space: x, Steps: s.in.Repack})
	if !ok {
		return nil
	}
	var before, after float64
	for _, b := range bins {
		before += b.price()
	}
	better := x.bins(loads)
	for _, b := range better {
		after += b.price()
	}
	if after > before*(1-worthwhile) {
		return nil
	}
	return better
}

// admit charges the limits with the bins that stay and those that come, and
// settles what the new ones may become; false if they are too much, or offer
// too little choice.
func (p *pool) admit(kept, better []*bin) bool {
	for _, b := range kept {
		if b.pool == p {
			p.charge(b.variants)
		}
	}
	for _, b := range better {
		b.variants.And(p.allowed)
		if _, short := p.short(b.minimums, b.variants); short || b.variants.Empty() {
			return false
		}
		p.charge(b.variants)
	}
	return true
}

// mix is the pods of some bins as a packing problem. It is its own space: a
// state of the problem is a state of the pool.
type mix struct {
	pool   *pool
	rooms  []resource.Vector
	groups []pack.Group
	routes []*route  // one of each group
	pods   [][][]pod // by group and item
	states []*state
	number map[*state]pack.State
	prices map[*state][]float64
}

// pod is a pod with the route that it was placed by.
type pod struct {
	index int
	route *route
}

// newMix sorts the pods into groups by what they leave of the pool, the most
// restricted first, and into items by what they ask for.
func newMix(p *pool, bins []*bin, pods []model.Pod) *mix {
	x := &mix{pool: p, states: []*state{p.root}, number: map[*state]pack.State{p.root: 0}, prices: map[*state][]float64{}}
	for i := range p.Catalogue.Variants() {
		x.rooms = append(x.rooms, p.Room(i))
	}
	shapes := newShapes(p)
	for _, b := range bins {
		for i, r := range b.routes {
			shapes.add(pod{b.pods[i], r})
		}
	}
	for _, home := range shapes.byRestriction() {
		var group pack.Group
		var members [][]pod
		for _, sh := range shapes.of[home] {
			slices.SortFunc(sh.pods, func(a, b pod) int { return cmp.Compare(a.index, b.index) })
			group.Items = append(group.Items, pack.Item{Requests: sh.requests, Count: len(sh.pods)})
			members = append(members, sh.pods)
		}
		x.groups = append(x.groups, group)
		x.pods = append(x.pods, members)
		x.routes = append(x.routes, members[0][0].route)
	}
	return x
}

// Join implements [pack.Space]. Routes that leave the same of an empty node
// leave the same of any node.
func (x *mix) Join(at pack.State, group int) (pack.State, bool) {
	to := x.pool.join(x.states[at], x.routes[group])
	if to == nil {
		return 0, false
	}
	n, known := x.number[to]
	if !known {
		n = pack.State(len(x.states))
		x.number[to], x.states = n, append(x.states, to)
	}
	return n, true
}

// Price implements [pack.Space].
func (x *mix) Price(at pack.State, machine int) float64 {
	st := x.states[at]
	prices := x.prices[st]
	if prices == nil {
		prices = make([]float64, len(x.rooms))
		for i := range prices {
			prices[i] = math.Inf(1)
			if st.offer.Variants.Has(i) && x.pool.allowed.Has(i) {
				prices[i] = x.pool.Catalogue.Price(i, st.offer.Markets)
			}
		}
		x.prices[st] = prices
	}
	return prices[machine]
}

// bins turns loads into bins of the pool, handing out the pods in their order.
func (x *mix) bins(loads []pack.Load) []*bin {
	var out []*bin
	for _, l := range loads {
		for range l.Times {
			b := &bin{pool: x.pool, state: x.states[l.State], minimums: x.pool.Minimums}
			for _, part := range l.Parts {
				x.move(b, part)
			}
			b.variants = b.state.offer.Variants.Clone()
			x.pool.KeepFitting(b.variants, b.used)
			out = append(out, b)
		}
	}
	return out
}

func (x *mix) move(b *bin, part pack.Part) {
	from := &x.pods[part.Group][part.Item]
	for _, p := range (*from)[:part.Count] {
		b.pods, b.routes = append(b.pods, p.index), append(b.routes, p.route)
		b.used = b.used.Plus(p.route.class.Requests)
	}
	*from = (*from)[part.Count:]
}
