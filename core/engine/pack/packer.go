// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"math"

	"karpenter.sh/core/engine/resource"
)

// packer is the state of one search.
type packer struct {
	problem Problem
	ids     []resource.ID // the resources that anything asks for; others play no role
	rooms   [][]int64     // by machine, in the order of ids
	items   []item
	open    []int // items of which some are left
	left    []int // items by group
	loads   []Load
	steps   int

	subject  subject
	priced   bool      // price is that of the subject
	machines []int     // worth a look
	price    []float64 // by machine; +Inf for the others
	guess    []float64 // by machine: what it will waste
	least    float64   // what the best machine wastes when it is full
	close    float64   // wastes this close are as good as equal
	worth    []float64 // of a unit of each resource
	weight   []float64 // of a unit of each resource, in directions
	share    float64   // what each seed should take of the items, in worth

	trial, best loading
	shares      []bool // by group: may join the trial
	room        []int64
	ahead       []float64 // direction of the trial's room
	order       []int     // of the items put into the trial

	duals []float64 // by item: what a program says it is worth; nil for none
}

// subject is what machines are being bought for: a seed or a group.
type subject struct {
	seed, group int // -1 for the other
	at          State
	used        []int64
}

// item is a shape with what the current prices make of it.
type item struct {
	group, index int
	left         int
	requests     []int64
	value        float64
	direction    []float64 // of the requests, by weight; a unit vector
}

// loading is a machine being filled.
type loading struct {
	machine int
	state   State
	count   []int32 // by item
	items   int
	value   float64
}

func newPacker(p Problem) *packer {
	s := &packer{problem: p, left: make([]int, len(p.Groups)), shares: make([]bool, len(p.Groups))}
	s.ids = asked(&p)
	for g := range p.Groups {
		for i, it := range p.Groups[g].Items {
			s.items = append(s.items, item{
				group: g, index: i, left: it.Count, requests: s.project(it.Requests), direction: make([]float64, len(s.ids)),
			})
			s.left[g] += it.Count
			if it.Count > 0 {
				s.open = append(s.open, len(s.items)-1)
			}
		}
	}
	for _, room := range p.Rooms {
		s.rooms = append(s.rooms, s.project(room))
	}
	s.trial.count, s.best.count = make([]int32, len(s.items)), make([]int32, len(s.items))
	s.price, s.guess = make([]float64, len(p.Rooms)), make([]float64, len(p.Rooms))
	s.room, s.ahead = make([]int64, len(s.ids)), make([]float64, len(s.ids))
	return s
}

// asked lists the resources of which a seed or an item wants any.
func asked(p *Problem) []resource.ID {
	var most resource.Vector
	for _, sd := range p.Seeds {
		most = most.Raise(sd.Used)
	}
	for _, g := range p.Groups {
		for _, it := range g.Items {
			most = most.Raise(it.Requests)
		}
	}
	var out []resource.ID
	for id, n := range most {
		if n > 0 {
			out = append(out, resource.ID(id))
		}
	}
	return out
}

func (s *packer) project(v resource.Vector) []int64 {
	out := make([]int64, len(s.ids))
	for i, id := range s.ids {
		out[i] = v.Get(id)
	}
	return out
}

// turn begins to buy machines for something else, and reports whether they have
// the same prices as before.
func (s *packer) turn(to subject) (same bool) {
	same = s.priced && s.subject.at == to.at
	s.subject, s.priced = to, true
	if same {
		return true
	}
	for m := range s.price {
		s.price[m] = s.problem.Space.Price(to.at, m)
		if s.problem.Rooms[m].Negative() { // nothing fits there (SCH-044)
			s.price[m] = math.Inf(1)
		}
	}
	s.dropDominated()
	return false
}

// reprice values the resources by what is left.
func (s *packer) reprice() {
	s.worth = Prices(s.demand(), s.rooms, s.price)
	s.weigh()
	for i := range s.items {
		s.items[i].value = s.valueOf(s.items[i].requests)
		if s.duals != nil {
			s.items[i].value = (s.items[i].value + s.duals[i]) / 2
		}
		s.point(s.items[i].direction, s.items[i].requests)
	}
}

// weigh sets what each resource counts for in directions: its worth, but no
// less than a part of what it would cost alone. A resource that is worth nothing
// because there is enough of it in all may still run out on one machine.
func (s *packer) weigh() {
	s.weight = append(s.weight[:0], s.worth...)
	for k := range s.weight {
		alone := math.Inf(1)
		for _, m := range s.machines {
			if room := s.rooms[m][k]; room > 0 {
				alone = min(alone, s.price[m]/float64(room))
			}
		}
		if !math.IsInf(alone, 1) {
			s.weight[k] = max(s.weight[k], alone*balance)
		}
	}
}

// expect guesses that every machine will be full; false when there is none to
// buy.
func (s *packer) expect() bool {
	s.least, s.close = math.Inf(1), settled
	cheapest := math.Inf(1)
	for _, m := range s.machines {
		price := s.price[m]
		s.guess[m] = math.Inf(1)
		if price > 0 && fits(s.subject.used, s.rooms[m]) {
			s.guess[m] = s.wasted(m, s.valueOf(s.rooms[m])-s.valueOf(s.subject.used))
			s.least = min(s.least, s.guess[m])
			cheapest = min(cheapest, price)
		}
	}
	if s.subject.seed >= 0 {
		s.close *= cheapest
	}
	return !math.IsInf(s.least, 1)
}

// apportion divides what is left of the items among seeds.
func (s *packer) apportion(seeds int) {
	s.share = 0
	for i := range s.items {
		s.share += s.items[i].value * float64(s.items[i].left)
	}
	s.share /= float64(seeds)
}

// demand is what is left to hold of everything that may share the machine.
func (s *packer) demand() []float64 {
	out := make([]float64, len(s.ids))
	for g := range s.shares {
		_, s.shares[g] = s.problem.Space.Join(s.subject.at, g)
	}
	for i := range s.items {
		if it := &s.items[i]; s.shares[it.group] {
			for k, n := range it.requests {
				out[k] += float64(n) * float64(it.left)
			}
		}
	}
	for k, n := range s.subject.used {
		out[k] += float64(n)
	}
	return out
}

// wasted is what a machine costs more than what is put into it is worth. For a
// group it is measured as a share of the price, to the advantage of larger
// machines; for a seed as money, to the advantage of those that take their
// share.
func (s *packer) wasted(machine int, value float64) float64 {
	price := s.price[machine]
	if s.subject.seed >= 0 {
		used := s.valueOf(s.subject.used)
		return price - used - value + stretch*math.Abs(price-used-s.share)
	}
	return 1 - value/price - doubling*math.Log2(price)
}

func (s *packer) valueOf(amounts []int64) (sum float64) {
	for k, n := range amounts {
		sum += s.worth[k] * float64(n)
	}
	return sum
}

// point sets to to the unit vector of the amounts by weight; to zero if they
// have none.
func (s *packer) point(to []float64, amounts []int64) {
	length := 0.0
	for k, n := range amounts {
		to[k] = s.weight[k] * float64(n)
		length += to[k] * to[k]
	}
	if length == 0 {
		return
	}
	length = math.Sqrt(length)
	for k := range to {
		to[k] /= length
	}
}
