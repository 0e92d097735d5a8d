// SPDX-License-Identifier: Apache-2.0

package benchmark

import "math"

// cells is how many cells a grid has at most.
const cells = 1 << 18

// grid bounds what a machine can hold at most, where a search in depth has too
// many ways to go: dynamic programming over what is used of CPU and memory, in
// cells. What meets in a cell is taken for one that is worth the most of them and
// has the most room of them left, so a bound stays a bound.
type grid struct {
	cell  [2]float64 // of CPU and of memory
	width int        // cells of memory
	at    []held
}

// held is a set of pods: the room it leaves and what it is worth, negative for
// none.
type held struct {
	room  amount
	value float64
}

// atMost bounds what the machine can hold; less than the floor is of no interest.
// Candidates smaller than a cell are added in fractions in the end.
func (f *filling) atMost() float64 {
	g := f.newGrid()
	var small, open []candidate
	for _, c := range f.order {
		if c.amount[0] < g.cell[0] && c.amount[1] < g.cell[1] {
			small = append(small, c)
		} else {
			open = append(open, c)
		}
	}
	open = append(open, small...)
	for i := range len(open) - len(small) {
		g.add(f, open[i:])
	}
	most, density := 0.0, f.densities(small)
	for _, h := range g.at {
		if h.value >= 0 {
			most = max(most, h.value+f.within(density, h.room))
		}
	}
	return max(most, f.floor)
}

func (f *filling) newGrid() *grid {
	g, room := &grid{}, f.room
	n := [2]float64{math.Sqrt(cells), 0}
	for k := range g.cell {
		unit := 0.0
		for _, c := range f.order {
			unit = common(unit, c.amount[k])
		}
		if k == 1 {
			n[1] = cells / math.Ceil(room[0]/g.cell[0])
		}
		g.cell[k] = max(unit, room[k]/(n[k]-1))
	}
	g.width = int(room[1]/g.cell[1]) + 1
	g.at = make([]held, g.width*(int(room[0]/g.cell[0])+1))
	for i := range g.at {
		g.at[i].value = -1
	}
	g.at[0] = held{room, 0}
	return g
}

// common is the greatest common divisor.
func common(a, b float64) float64 {
	for b != 0 {
		a, b = b, math.Mod(a, b)
	}
	return a
}

// add adds any number of copies of the first candidate to every set that may
// still come to more than the floor.
func (g *grid) add(f *filling, open []candidate) {
	c, density := &open[0], f.densities(open)
	for i := range g.at {
		h := &g.at[i]
		if h.value < 0 {
			continue
		}
		if h.value+f.within(density, h.room) <= f.floor {
			h.value = -1
			continue
		}
		if !c.fits(h.room) {
			continue
		}
		next := held{h.room, h.value + c.price}
		for k, x := range c.amount {
			next.room[k] -= x
		}
		to := &g.at[int((f.room[0]-next.room[0])/g.cell[0])*g.width+int((f.room[1]-next.room[1])/g.cell[1])]
		if to.value < 0 {
			*to = next
			continue
		}
		to.value = max(to.value, next.value)
		for k, x := range next.room {
			to.room[k] = max(to.room[k], x)
		}
	}
}
