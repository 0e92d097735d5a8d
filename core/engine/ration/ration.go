// SPDX-License-Identifier: Apache-2.0

package ration

import "math"

// Draw is how much of a limit something takes; an amount of 0 or less is none.
type Draw struct {
	// Limit is the name of the limit.
	Limit  string
	Amount int64
}

// Input is a question: which of these orders may go ahead?
type Input struct {
	// Left is what may still be taken of each limit, by name. Limits that are not in it
	// bound nothing.
	Left map[string]int64
	// Pending are draws that are not yet part of Left, of machines which are launched
	// whatever the answer.
	Pending []Draw
	// Orders are what each order draws, the draws of all its machines, in the order in
	// which they are served.
	Orders [][]Draw
}

// Held is an order that has to wait.
type Held struct {
	// Order is its index.
	Order int
	// Limit is the first that it would exceed, Need how much it takes of that, Left how
	// much those before have left.
	Limit      string
	Need, Left int64
}

// Admit returns the orders that have to wait, in order; all others may go ahead. A later
// order that takes less may go ahead of one that waits.
func Admit(in Input) []Held {
	left := make(map[string]int64, len(in.Left))
	for name, n := range in.Left {
		left[name] = max(n, 0)
	}
	for limit, n := range sum(in.Pending) {
		if _, known := left[limit]; known {
			left[limit] = max(left[limit]-n, 0)
		}
	}
	var held []Held
	for i, draws := range in.Orders {
		if h, exceeds := exceeding(draws, left); exceeds {
			h.Order = i
			held = append(held, h)
			continue
		}
		for limit, n := range sum(draws) {
			if _, known := left[limit]; known {
				left[limit] -= n
			}
		}
	}
	return held
}

// exceeding is the first limit that draws together exceed.
func exceeding(draws []Draw, left map[string]int64) (Held, bool) {
	need := sum(draws)
	for _, d := range draws {
		if n, known := left[d.Limit]; known && need[d.Limit] > n {
			return Held{Limit: d.Limit, Need: need[d.Limit], Left: n}, true
		}
	}
	return Held{}, false
}

// sum adds draws up by limit, at most to math.MaxInt64.
func sum(draws []Draw) map[string]int64 {
	out := map[string]int64{}
	for _, d := range draws {
		if d.Amount > 0 {
			out[d.Limit] += min(d.Amount, math.MaxInt64-out[d.Limit])
		}
	}
	return out
}
