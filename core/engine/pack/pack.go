// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"math"

	"karpenter.sh/core/engine/resource"
)

// Problem is a set of items and the machines to hold them.
type Problem struct {
	// Rooms are what each machine has for items.
	Rooms []resource.Vector
	// Groups of items are packed in this order, each filling up with items of
	// later groups what room it leaves: the most restricted first.
	Groups []Group
	Space  Space
	// Steps is the most machines that may be filled in search of the answer.
	Steps int
}

// Group is what items of equal constraints have in common.
type Group struct{ Items []Item }

// Item is a number of equal things to hold.
type Item struct {
	Requests resource.Vector
	Count    int
}

// State says what a machine has become by the groups it holds. The zero State
// is that of an empty machine.
type State int

// Space knows which groups may share a machine.
type Space interface {
	// Join is the state of a machine that also holds items of a group; false if
	// it cannot.
	Join(at State, group int) (State, bool)
	// Price of a machine in a state, +Inf if it cannot be had so.
	Price(at State, machine int) float64
}

// Load is a machine with what it holds.
type Load struct {
	Machine int
	State   State
	// Times is how many machines are loaded so.
	Times int
	// Parts are what each of them holds.
	Parts []Part
}

// Part is a number of copies of one item.
type Part struct{ Group, Item, Count int }

// Cheapest packs every item. It reports false if it cannot within the steps
// allowed, or if some item fits on no machine.
func Cheapest(p Problem) ([]Load, bool) {
	s := newPacker(p)
	for g := range p.Groups {
		if !s.pack(g) {
			return nil, false
		}
	}
	return s.loads, true
}

// Measures of the search. They were chosen on real and synthetic workloads:
// the result moves by a few tenths of a percent within a factor of two of each.
const (
	// doubling is the share of its price that a machine may waste more than
	// one of half the price.
	doubling = 0.004
	// settled is how much worse a load may be than what another machine
	// promises before that one is tried.
	settled = 0.001
	// drift is the waste from which the prices of resources no longer fit what
	// is left.
	drift = 0.01
)

// pack holds every item of a group.
func (s *packer) pack(group int) bool {
	start, ok := s.problem.Space.Join(0, group)
	if !ok {
		return s.left[group] == 0
	}
	s.start(group, start)
	stale := true
	for s.left[group] > 0 {
		if stale && !s.reprice(group) {
			return false
		}
		waste, ok := s.next()
		if !ok {
			return false
		}
		stale = waste > s.least+drift
		s.take()
	}
	return true
}

// next finds the load that wastes least and leaves it in s.best.
func (s *packer) next() (waste float64, ok bool) {
	waste = math.Inf(1)
	for {
		m, promise := s.promising()
		if waste <= promise+settled {
			return waste, !math.IsInf(waste, 1)
		}
		if s.steps++; s.steps > s.problem.Steps {
			return 0, false
		}
		s.fill(m)
		s.guess[m] = s.wasted(m, s.trial.value)
		if s.trial.items == 0 {
			s.guess[m] = math.Inf(1)
		}
		if s.guess[m] < waste {
			waste = s.guess[m]
			s.best, s.trial = s.trial, s.best
		}
	}
}

// promising is the machine that is thought to waste least.
func (s *packer) promising() (machine int, waste float64) {
	waste = math.Inf(1)
	for m, w := range s.guess {
		if w < waste {
			machine, waste = m, w
		}
	}
	return machine, waste
}

// wasted is the share of a machine's price that buys nothing, in the measure
// that prefers larger machines.
func (s *packer) wasted(machine int, value float64) float64 {
	price := s.price[machine]
	return 1 - value/price - doubling*math.Log2(price)
}

// take loads the best machine as often as the items allow.
func (s *packer) take() {
	load := Load{Machine: s.best.machine, State: s.best.state, Times: math.MaxInt}
	for i, n := range s.best.count {
		if n > 0 {
			load.Times = min(load.Times, s.items[i].left/int(n))
			load.Parts = append(load.Parts, Part{s.items[i].group, s.items[i].index, int(n)})
		}
	}
	for i, n := range s.best.count {
		s.items[i].left -= load.Times * int(n)
		s.left[s.items[i].group] -= load.Times * int(n)
	}
	s.loads = append(s.loads, load)
}
