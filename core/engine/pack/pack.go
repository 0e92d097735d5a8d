// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"math"
	"slices"

	"karpenter.sh/core/engine/resource"
)

// Problem is a set of items and the machines to hold them.
type Problem struct {
	// Rooms are what each machine has for items.
	Rooms []resource.Vector
	// Seeds each need a machine, and let items fill it up.
	Seeds []Seed
	// Groups of items are packed in this order, each filling up with items of
	// later groups what room it leaves: the most restricted first.
	Groups []Group
	Space  Space
	// Steps is how many times an item may be looked at in search of the answer.
	Steps int
}

// Seed is a number of equal machines that are needed anyway, each with
// something in it that stays.
type Seed struct {
	State State
	Used  resource.Vector
	Count int
}

// Group is what items of equal constraints have in common.
type Group struct{ Items []Item }

// Item is a number of equal things to hold.
type Item struct {
	Requests resource.Vector
	Count    int
}

// State says what a machine has become by what it holds. The zero State is that
// of an empty machine.
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
	// Seed is the index of the seed in each of them, -1 for none.
	Seed int
	// Parts are what each of them holds besides.
	Parts []Part
}

// Part is a number of copies of one item.
type Part struct{ Group, Item, Count int }

// Cheapest packs every seed and item. It reports false if it cannot within the
// steps allowed, or if something fits on no machine.
func Cheapest(p Problem) ([]Load, bool) {
	s := newPacker(p)
	if !s.packAll() {
		return nil, false
	}
	if better := s.improve(); better != nil && s.costOf(better) < s.costOf(s.loads) {
		return better, true
	}
	return s.loads, true
}

// packAll packs one load after the other, seeds first.
func (s *packer) packAll() bool {
	p, seeds := &s.problem, 0
	for _, sd := range p.Seeds {
		seeds += sd.Count
	}
	for i, sd := range p.Seeds {
		if !s.sow(i, seeds) {
			return false
		}
		seeds -= sd.Count
	}
	for g := range p.Groups {
		if !s.pack(g) {
			return false
		}
	}
	s.merge()
	return true
}

// Measures of the search. They were chosen on real and synthetic workloads:
// the cost moves by a percent or so within a factor of two of each.
const (
	// doubling is the share of its price that a machine may waste more than
	// one of half the price.
	doubling = 0.004
	// stretch is how much a dollar weighs by which a machine for a seed costs
	// more or less than it should for items to be shared evenly among seeds.
	stretch = 0.1
	// balance is the least weight of a resource in directions, as a share of
	// what it would cost alone.
	balance = 0.1
	// settled is how much worse a load may be than what another machine
	// promises before that one is tried.
	settled = 0.001
	// The prices of resources are renewed every so many kinds of seeds, and for
	// each of the last seeds, which have to take whatever mix of items is left.
	repriced, last = 16, 64
	// drift is the waste from which the prices of resources no longer fit what
	// is left.
	drift = 0.01
)

// sow finds a machine for each copy of a seed, the first of so many that are
// left. The machines have to be bought in any case, so it is the waste that
// counts, not its share of the price.
func (s *packer) sow(seed, seeds int) bool {
	sd := &s.problem.Seeds[seed]
	if !s.turn(subject{seed: seed, group: -1, at: sd.State, used: s.project(sd.Used)}) || seed%repriced == 0 || seeds < last {
		s.reprice()
	}
	s.apportion(seeds)
	if !s.expect() {
		return false
	}
	for left := sd.Count; left > 0; {
		if _, ok := s.next(); !ok {
			return false
		}
		left -= s.take(left)
	}
	return true
}

// pack holds every item of a group.
func (s *packer) pack(group int) bool {
	at, ok := s.problem.Space.Join(0, group)
	if !ok {
		return s.left[group] == 0
	}
	s.turn(subject{seed: -1, group: group, at: at, used: make([]int64, len(s.ids))})
	stale := true
	for s.left[group] > 0 {
		if stale {
			s.reprice()
			if !s.expect() {
				return false
			}
		}
		waste, ok := s.next()
		if !ok {
			return false
		}
		stale = waste > s.least+drift
		s.take(math.MaxInt)
	}
	return true
}

// next finds the load that wastes least and leaves it in s.best.
func (s *packer) next() (waste float64, ok bool) {
	waste = math.Inf(1)
	for {
		m, promise := s.promising()
		if waste <= promise+s.close {
			return waste, !math.IsInf(waste, 1)
		}
		if s.steps > s.problem.Steps {
			return 0, false
		}
		s.guess[m] = math.Inf(1)
		if s.fill(m) {
			s.guess[m] = s.wasted(m, s.trial.value)
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
	for _, m := range s.machines {
		if w := s.guess[m]; w < waste {
			machine, waste = m, w
		}
	}
	return machine, waste
}

// take loads the best machine as often as the items allow, at most limit times.
func (s *packer) take(limit int) (times int) {
	load := Load{Machine: s.best.machine, State: s.best.state, Times: limit, Seed: s.subject.seed}
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
	s.open = slices.DeleteFunc(s.open, func(i int) bool { return s.items[i].left == 0 })
	s.loads = append(s.loads, load)
	return load.Times
}
