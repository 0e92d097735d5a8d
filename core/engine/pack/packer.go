// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"math"

	"karpenter.sh/core/engine/resource"
)

// packer is the state of one search.
type packer struct {
	problem Problem
	ids     []resource.ID // the resources that items ask for; others play no role
	rooms   [][]int64     // by machine, in the order of ids
	items   []item
	left    []int // items by group
	loads   []Load
	steps   int

	// Of the group that is being packed.
	group int
	at    State
	price []float64 // by machine
	guess []float64 // by machine: what it will waste
	least float64   // what the best machine wastes when it is full
	worth []float64 // of a unit of each resource

	trial, best loading
	shares      []bool // by group: may join the trial
	room        []int64
	ahead       []float64 // direction of the trial's room, in worth
}

// item is a shape with what the current prices make of it.
type item struct {
	group, index int
	left         int
	requests     []int64
	value        float64
	direction    []float64 // of the requests, in worth; a unit vector
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
	s.ids = asked(p.Groups)
	for g := range p.Groups {
		for i, it := range p.Groups[g].Items {
			s.items = append(s.items, item{
				group: g, index: i, left: it.Count, requests: s.project(it.Requests), direction: make([]float64, len(s.ids)),
			})
			s.left[g] += it.Count
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

// asked lists the resources of which some item wants any.
func asked(groups []Group) []resource.ID {
	var most resource.Vector
	for _, g := range groups {
		for _, it := range g.Items {
			most = most.AtLeast(it.Requests)
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

// start turns to a group.
func (s *packer) start(group int, at State) {
	s.group, s.at = group, at
	for m := range s.price {
		s.price[m] = s.problem.Space.Price(at, m)
		if s.problem.Rooms[m].Negative() { // nothing fits there (SCH-044)
			s.price[m] = math.Inf(1)
		}
	}
}

// reprice values the resources by what is left of the group; false when no
// machine is left to buy.
func (s *packer) reprice(group int) bool {
	demand := make([]float64, len(s.ids))
	for i := range s.items {
		if it := &s.items[i]; it.group == group {
			for k, n := range it.requests {
				demand[k] += float64(n) * float64(it.left)
			}
		}
	}
	s.worth = Prices(demand, s.rooms, s.price)
	for i := range s.items {
		s.items[i].value = s.valueOf(s.items[i].requests)
		s.point(s.items[i].direction, s.items[i].requests)
	}
	s.least = math.Inf(1)
	for m, price := range s.price {
		s.guess[m] = math.Inf(1)
		if price > 0 && !math.IsInf(price, 1) {
			s.guess[m] = s.wasted(m, s.valueOf(s.rooms[m]))
			s.least = min(s.least, s.guess[m])
		}
	}
	return !math.IsInf(s.least, 1)
}

func (s *packer) valueOf(amounts []int64) (sum float64) {
	for k, n := range amounts {
		sum += s.worth[k] * float64(n)
	}
	return sum
}

// point sets to to the unit vector of the amounts, measured in worth; to zero
// if they are worth nothing.
func (s *packer) point(to []float64, amounts []int64) {
	length := 0.0
	for k, n := range amounts {
		to[k] = s.worth[k] * float64(n)
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
