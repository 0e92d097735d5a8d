// SPDX-License-Identifier: Apache-2.0

package benchmark

import (
	"cmp"
	"math"
	"slices"

	"karpenter.sh/core/engine/simplex"
)

// tolerance is how little more than the floor is of no interest.
const tolerance = 2e-5

// filling is the search for the set of pods that is worth most on one machine:
// depth first, the shape first that is worth most for what it takes.
type filling struct {
	room  amount
	order []candidate
	open  []int // a stack of candidates that fit, by depth
	floor float64
	most  float64 // no set is worth more than that, or than the floor
	best  []float64
	value float64 // of the best
	count []float64
	looks int
	view  [views]amount
}

// views are the ways to price resources in which what fits is compared with
// what room there is: each gives a bound.
const views = 6

// candidate is a shape with its price.
type candidate struct {
	shape
	index int
	price float64
	takes [views]float64 // what it asks for is worth, in each view
}

func newFilling(shapes []shape, prices []float64, m machine, looks int) *filling {
	f := &filling{room: m.room, floor: m.price, looks: looks}
	for i, sh := range shapes {
		if prices[i] > 0 && sh.fits(m.room) {
			f.order = append(f.order, candidate{shape: sh, index: i, price: prices[i]})
		}
	}
	f.best, f.count = make([]float64, len(f.order)), make([]float64, len(f.order))
	return f
}

// run searches for the best set, and bounds it.
func (f *filling) run() {
	room := f.room
	f.view = [views]amount{{0: 1}, {1: 1}, {2: 1}, f.relax(room), f.relax(amount{room[0], room[1] / 2, room[2]}), f.relax(amount{room[0] / 2, room[1], room[2]})}
	for i := range f.order {
		for k := range f.view {
			f.order[i].takes[k] = f.order[i].worth(f.view[k])
		}
	}
	slices.SortStableFunc(f.order, func(a, b candidate) int { return cmp.Compare(b.price/b.takes[3], a.price/a.takes[3]) })
	for i := range f.order {
		f.open = append(f.open, i)
	}
	f.search(f.open, room, 0)
}

// pattern is the best set.
func (f *filling) pattern() (out []simplex.Entry) {
	for i, n := range f.best {
		if n > 0 {
			out = append(out, simplex.Entry{Row: f.order[i].index, Amount: n})
		}
	}
	return out
}

// relax prices resources so that each pod costs about what it is worth or more,
// and the room as little as possible.
func (f *filling) relax(room amount) (prices amount) {
	p := simplex.New([]simplex.Row{{Demand: room[0], Exact: true}, {Demand: room[1], Exact: true}, {Demand: room[2], Exact: true}}, 1e6)
	for k := range room {
		p.Add(0, []simplex.Entry{{Row: k, Amount: 1}})
	}
	for _, c := range f.order {
		p.Add(-c.price, []simplex.Entry{{Row: 0, Amount: c.amount[0]}, {Row: 1, Amount: c.amount[1]}, {Row: 2, Amount: c.amount[2]}})
	}
	p.Solve(boundPivots)
	for k, y := range p.Duals() {
		prices[k] = max(0, -y)
	}
	return prices
}

// search adds some of the candidates to what is worth so much already.
func (f *filling) search(from []int, room amount, value float64) {
	f.most = max(f.most, value)
	if value > f.value {
		f.value = value
		copy(f.best, f.count)
	}
	top := len(f.open)
	var density densities
	for _, i := range from {
		c := &f.order[i]
		if !c.fits(room) {
			continue
		}
		f.open = append(f.open, i)
		c.raise(&density)
	}
	defer func() { f.open = f.open[:top] }()
	fit := f.open[top:]
	f.looks -= len(from)
	if len(fit) == 0 {
		return
	}
	most := value + f.within(density, room)
	if f.looks < 0 || most <= max(f.value, f.floor)*(1+tolerance) {
		f.most = max(f.most, most)
		return
	}
	c := &f.order[fit[0]]
	for n := c.copies(room); n >= 0; n-- {
		left := room
		for k, x := range c.amount {
			left[k] -= n * x
		}
		f.count[fit[0]] = n
		f.search(fit[1:], left, value+n*c.price)
	}
	f.count[fit[0]] = 0
}

// densities are, in each view, the most that any of some candidates is worth for what
// it takes.
type densities [views]float64

func (f *filling) densities(of []candidate) (out densities) {
	for i := range of {
		of[i].raise(&out)
	}
	return out
}

func (c *candidate) raise(d *densities) {
	for k, x := range c.takes {
		if c.price > d[k]*x {
			d[k] = c.price / x // +Inf for none
		}
	}
}

// within bounds what candidates of such densities are worth in a room.
func (f *filling) within(d densities, room amount) float64 {
	most := math.Inf(1)
	for k, x := range d {
		if !math.IsInf(x, 1) {
			most = min(most, x*room.worth(f.view[k]))
		}
	}
	return most
}
