// SPDX-License-Identifier: Apache-2.0

package pack

import "math"

// Measures of the second search: whether there is enough to gain, and how much
// to do for it.
const (
	// mostRows is how many kinds of seeds and items the linear program takes on:
	// a pivot costs the square of it.
	mostRows = 160
	// repeats is how many machines there must be for each kind. With fewer, hardly
	// a load is used more than once, and whole numbers eat up the gain.
	repeats = 3
	// slack is the share of its cost by which the first answer must exceed what
	// items cost if they could be cut.
	slack = 0.0075
	// effort is how many steps are taken at most, but for those of the end.
	effort = 2_000_000
	// pivotsAtOnce bounds the pivots between two looks for loads.
	pivotsAtOnce = 400
	// pivotSteps is how many cells of the program are worth a step.
	pivotSteps = 32
	// usual is the share of the cost that packing by duals gains for a step, as
	// long as nothing better is known.
	usual = 2e-9
	// idle is the share of the cost that all steps together should gain. Exploring
	// ends when it stays below that so many times: the program may have to know
	// several loads before it gains anything.
	idle, patience = 5e-4, 2
)

// improve asks how often each load should be used, instead of repeating the least
// wasteful until its items run out, and looks for loads that the answer misses.
// It returns nil if it does not try.
func (s *packer) improve() []Load {
	limit := min(effort, s.problem.Steps-s.steps)
	if limit <= 0 || !s.promises() {
		return nil
	}
	m := newMaster(s.problem, s.loads)
	m.solve()
	m.find(limit)
	return m.round()
}

// find adds loads in one of two ways, whichever gained more for a step the last
// time, until neither gains anything or the steps are used up.
func (m *master) find(limit int) {
	least := idle * m.worth() / float64(limit)
	exploring, packing, left := math.Inf(1), usual*m.worth(), patience
	for m.steps < limit && exploring+packing > 0 {
		if exploring < packing {
			if packing = m.gain(m.packByDuals); packing < least {
				packing = 0
			}
			continue
		}
		if exploring = m.gain(m.explore); exploring >= least {
			left = patience
		} else if left--; left > 0 {
			exploring = least
		} else {
			exploring = 0
		}
	}
}

// gain is by how much a way to add loads lowers the cost for each step.
func (m *master) gain(add func()) float64 {
	worth, steps := m.worth(), m.steps
	add()
	m.solve()
	return (worth - m.worth()) / float64(max(m.steps-steps, 1))
}

// promises reports whether a second search is worth the effort.
func (s *packer) promises() bool {
	machines, rows := 0, len(s.items)+len(s.problem.Seeds)
	for _, l := range s.loads {
		machines += l.Times
	}
	return rows <= mostRows && machines >= repeats*rows && s.costOf(s.loads) > s.bound()*(1+slack)
}

// bound is what everything costs at least, if it could be cut and shared any
// machine.
func (s *packer) bound() (sum float64) {
	demand, price := make([]float64, len(s.ids)), make([]float64, len(s.rooms))
	for i := range s.items {
		for k, n := range s.items[i].requests {
			demand[k] += float64(n) * float64(s.countOf(i))
		}
	}
	for _, sd := range s.problem.Seeds {
		for k, n := range s.project(sd.Used) {
			demand[k] += float64(n) * float64(sd.Count)
		}
	}
	for m := range price {
		price[m] = s.problem.Space.Price(0, m)
	}
	for k, worth := range Prices(demand, s.rooms, price) {
		sum += worth * demand[k]
	}
	return sum
}

func (s *packer) countOf(item int) int {
	it := &s.items[item]
	return s.problem.Groups[it.group].Items[it.index].Count
}

func (s *packer) costOf(loads []Load) (sum float64) {
	for _, l := range loads {
		sum += float64(l.Times) * s.priceOf(l)
	}
	return sum
}
