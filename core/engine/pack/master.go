// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"math"

	"karpenter.sh/core/engine/simplex"
)

// master is the linear program over the loads found: how often to use each, so
// that every item is held at least, and every seed exactly, as often as there
// are of it.
type master struct {
	*packer // explores what the program asks for
	program *simplex.Program
	loads   []Load
	rows    [][]int // by group and item
	counts  []int   // by item
	rounds  int
}

func newMaster(p Problem, loads []Load) *master {
	m := &master{packer: newPacker(p), rows: make([][]int, len(p.Groups))}
	var rows []simplex.Row
	dearest := 0.0
	for i := range m.items {
		it := &m.items[i]
		m.rows[it.group] = append(m.rows[it.group], i)
		m.counts = append(m.counts, it.left)
		rows = append(rows, simplex.Row{Demand: float64(it.left)})
	}
	for _, sd := range p.Seeds {
		rows = append(rows, simplex.Row{Demand: float64(sd.Count), Exact: true})
	}
	for _, l := range loads {
		dearest = max(dearest, m.priceOf(l))
	}
	m.program = simplex.New(rows, 10*dearest)
	m.addAlone()
	for _, l := range loads {
		m.add(l)
	}
	return m
}

// addAlone adds for each item the load of it alone that is the cheapest for each
// copy: a program that begins with these has an answer at once.
func (m *master) addAlone() {
	for i := range m.items {
		it := &m.items[i]
		at, ok := m.problem.Space.Join(0, it.group)
		if !ok {
			continue
		}
		m.turn(subject{seed: -1, group: it.group, at: at})
		best, load := math.Inf(1), Load{State: at, Seed: -1}
		for _, machine := range m.machines {
			n := copies(it.requests, m.rooms[machine], m.counts[i])
			if unit := m.price[machine] / float64(n); n > 0 && unit < best && m.price[machine] > 0 {
				best, load.Machine, load.Parts = unit, machine, []Part{{it.group, it.index, n}}
			}
		}
		if len(load.Parts) > 0 {
			m.add(load)
		}
	}
}

// copies is how many of at most so many copies fit.
func copies(requests, room []int64, most int) int {
	n := int64(most)
	for k, r := range requests {
		if r > 0 {
			n = min(n, room[k]/r)
		}
	}
	return int(n)
}

func (m *master) add(l Load) {
	m.program.Add(weighed(m.priceOf(l)), m.entriesOf(l))
	m.loads = append(m.loads, l)
}

func (m *master) entriesOf(l Load) (out []simplex.Entry) {
	for _, part := range l.Parts {
		out = append(out, simplex.Entry{Row: m.rows[part.Group][part.Item], Amount: float64(part.Count)})
	}
	if l.Seed >= 0 {
		out = append(out, simplex.Entry{Row: len(m.items) + l.Seed, Amount: 1})
	}
	return out
}

// solve solves the program. A pivot counts as many steps as looking at items
// would take that long.
func (m *master) solve() {
	rows := len(m.program.Duals())
	before := m.program.Pivots()
	m.program.Solve(pivotsAtOnce)
	m.steps += (m.program.Pivots() - before) * rows * rows / pivotSteps
}

// worth is what the program says that everything costs.
func (m *master) worth() (sum float64) {
	for i, y := range m.program.Duals() {
		if i < len(m.items) {
			sum += y * float64(m.counts[i])
		} else {
			sum += y * float64(m.problem.Seeds[i-len(m.items)].Count)
		}
	}
	return sum
}

// packByDuals packs everything as in the first search, but with items worth half
// of what they ask for and half of what the program says, and adds the loads.
func (m *master) packByDuals() {
	s := newPacker(m.problem)
	s.duals = m.program.Duals()
	s.packAll()
	m.steps += s.steps
	for _, l := range s.loads {
		m.add(l)
	}
}

// weighed is what a price counts for: larger machines have an advantage, as in
// the first search.
func weighed(price float64) float64 {
	if price <= 0 {
		return 0
	}
	return price * (1 - doubling*math.Log2(price))
}
