// SPDX-License-Identifier: Apache-2.0

package place

import (
	"cmp"
	"math"
	"slices"

	"karpenter.sh/core/engine/constraint"
	"karpenter.sh/core/engine/pack"
	"karpenter.sh/core/engine/resource"
)

// mix is the bins of a pool as a packing problem: movable pods in lots, the
// others as seeds. It is the problem's space as well: a state of the problem is
// a state of the pool, which may be frozen.
type mix struct {
	pool  *pool
	root  *state // of nodes without pods
	rooms []resource.Vector
	lots  []*lot
	seeds []*seed
	alike map[seedKey][]*seed
	kept  []*bin // stay as they are

	roles  map[role]*shape
	states []phase
	number map[phase]pack.State
	joins  map[join]joined
	prices map[*state][]float64
}

// lot is the movable pods that leave the same of an empty node.
type lot struct {
	home   *state
	wanted constraint.Sets
	shapes []*shape
}

// shape is the pods of a lot that ask for the same.
type shape struct {
	requests resource.Vector
	pods     []pod
}

// pod is a pod with the route that it was placed by.
type pod struct {
	index int
	route *route
}

// role is what a pod's mobility depends on: its route and its bin's state.
type role struct {
	route *route
	state *state
}

// phase is a state of the pool. A frozen one is narrowed no further: a fixed
// pod's rules rely on which domains are open.
type phase struct {
	*state
	frozen bool
}

type join struct {
	at  *state
	lot int
}

func (s *solver) newMix(p *pool, bins []*bin) *mix {
	x := &mix{
		pool: p, root: s.spared(p, p.root), roles: map[role]*shape{}, number: map[phase]pack.State{},
		joins: map[join]joined{}, prices: map[*state][]float64{}, alike: map[seedKey][]*seed{},
	}
	if x.root == nil {
		return x
	}
	x.numbered(phase{state: x.root})
	for i := range p.Catalogue.Variants() {
		x.rooms = append(x.rooms, p.Room(i))
	}
	for _, b := range bins {
		s.sort(x, b)
	}
	slices.SortStableFunc(x.lots, func(a, b *lot) int {
		return cmp.Compare(a.home.offer.Variants.Count(), b.home.offer.Variants.Count())
	})
	for _, g := range x.lots {
		g.coarsen()
		for _, sh := range g.shapes {
			slices.SortFunc(sh.pods, func(a, b pod) int { return cmp.Compare(a.index, b.index) })
		}
	}
	return x
}

// sort takes a bin apart. Bins with pods that take host ports or that daemons are
// in the way of on some instance types stay whole.
func (s *solver) sort(x *mix, b *bin) {
	if len(b.ports) > 0 || b.crowded() {
		x.kept = append(x.kept, b)
		return
	}
	var fixed []pod
	for i, r := range b.routes {
		if sh := s.roleOf(x, b, r); sh != nil {
			sh.pods = append(sh.pods, pod{b.pods[i], r})
		} else {
			fixed = append(fixed, pod{b.pods[i], r})
		}
	}
	if len(fixed) > 0 {
		x.addSeed(b, fixed, s.relies(fixed))
	}
}

// roleOf is where a pod belongs, nil if it is fixed.
func (s *solver) roleOf(x *mix, b *bin, r *route) *shape {
	key := role{r, b.state}
	if sh, known := x.roles[key]; known {
		return sh
	}
	var sh *shape
	if pins, movable := s.pinned(b, r); movable {
		sh = x.shape(r, pins)
	}
	x.roles[key] = sh
	return sh
}

// shape finds or begins the shape for a route under pins; nil if that leaves
// nothing.
func (x *mix) shape(r *route, pins constraint.Sets) *shape {
	wanted := x.pool.vocabulary.Conjunction(r.wanted, pins)
	home := x.pool.narrow(x.root, wanted)
	if home == nil {
		return nil
	}
	i := slices.IndexFunc(x.lots, func(l *lot) bool { return l.home == home })
	if i < 0 {
		i = len(x.lots)
		x.lots = append(x.lots, &lot{home: home, wanted: wanted})
	}
	g := x.lots[i]
	for _, sh := range g.shapes {
		if sh.requests.Equal(r.class.Requests) {
			return sh
		}
	}
	sh := &shape{requests: r.class.Requests}
	g.shapes = append(g.shapes, sh)
	return sh
}

// Join implements [pack.Space].
func (x *mix) Join(at pack.State, group int) (pack.State, bool) {
	from := x.states[at]
	key := join{from.state, group}
	j := x.joins[key]
	if !j.known {
		j = joined{known: true, to: x.pool.narrow(from.state, x.lots[group].wanted)}
		x.joins[key] = j
	}
	if j.to == nil || from.frozen && j.to != from.state {
		return 0, false
	}
	return x.numbered(phase{j.to, from.frozen}), true
}

func (x *mix) numbered(p phase) pack.State {
	n, known := x.number[p]
	if !known {
		n = pack.State(len(x.states))
		x.number[p], x.states = n, append(x.states, p)
	}
	return n
}

// Price implements [pack.Space].
func (x *mix) Price(at pack.State, machine int) float64 {
	st := x.states[at].state
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

func (x *mix) packGroups() []pack.Group {
	out := make([]pack.Group, len(x.lots))
	for i, g := range x.lots {
		for _, sh := range g.shapes {
			out[i].Items = append(out[i].Items, pack.Item{Requests: sh.requests, Count: len(sh.pods)})
		}
	}
	return out
}

// bins turns loads into bins of the pool, handing out the pods in their order.
func (x *mix) bins(loads []pack.Load) []*bin {
	var out []*bin
	for _, l := range loads {
		for range l.Times {
			b := &bin{pool: x.pool, minimums: x.pool.Minimums}
			if l.Seed >= 0 {
				b = x.seeds[l.Seed].next()
			}
			b.state = x.states[l.State].state
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
	sh := x.lots[part.Group].shapes[part.Item]
	for _, p := range sh.pods[:part.Count] {
		b.hold(p)
	}
	sh.pods = sh.pods[part.Count:]
}

func (b *bin) hold(p pod) {
	b.pods, b.routes = append(b.pods, p.index), append(b.routes, p.route)
	b.used = b.used.Add(p.route.class.Requests)
}
