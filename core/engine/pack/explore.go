// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"cmp"
	"slices"
)

// Measures of the exploration.
const (
	// undone is how many of the last items of a filled machine are thought over.
	undone = 5
	// mostTries is how many ways to go on are tried then, and trySteps what one costs.
	mostTries, trySteps = 200, 4
	// surplus is the share of its cost that a load must be worth beyond it.
	surplus = 1e-6
)

// explore looks twice for loads that are worth more than they cost by the duals
// of the program, and adds them.
func (m *master) explore() {
	m.exploreGroups(true)
	m.solve()
	m.exploreGroups(false)
}

// exploreGroups fills machines for each group: one for each item, which begins
// with the item, another one each time; and, if asked to, each as it comes.
func (m *master) exploreGroups(all bool) {
	for g := range m.problem.Groups {
		at, ok := m.problem.Space.Join(0, g)
		if !ok {
			continue
		}
		m.turn(subject{seed: -1, group: g, at: at, used: make([]int64, len(m.ids))})
		m.reprice()
		d := m.newDive()
		machines := d.efficient()
		for k, machine := range machines {
			if all {
				d.try(machine, -1)
			}
			for j := k; j < len(d.open); j += len(machines) {
				d.try(machines[(m.rounds+k)%len(machines)], d.open[j])
			}
		}
	}
	m.rounds++
}

// dive is the search in depth for a load that is worth more than it costs.
type dive struct {
	*master
	machine int
	open    []int     // items in the order in which they are tried
	density []float64 // by place: what an item from here on is worth at most for a dollar of resources
	count   []int32   // by item
	left    [][]int64 // by depth: room
	most    float64   // the value of the best
	best    []int32   // nil for none
	tries   int       // that are left
}

func (m *master) newDive() *dive {
	d := &dive{master: m, count: make([]int32, len(m.items))}
	density := make([]float64, len(m.items))
	for i := range m.items {
		it := &m.items[i]
		if it.value = m.program.Duals()[i]; it.value > 0 && m.shares[it.group] {
			density[i] = it.value / m.valueOf(it.requests)
			d.open = append(d.open, i)
		}
		d.left = append(d.left, make([]int64, len(m.ids)))
	}
	slices.SortStableFunc(d.open, func(a, b int) int { return cmp.Compare(density[b], density[a]) })
	for _, i := range d.open {
		d.density = append(d.density, density[i])
	}
	return d
}

// efficient lists the machines that can hold as much as they cost, the best first.
func (d *dive) efficient() (out []int) {
	for _, m := range d.machines {
		if price := d.price[m]; price > 0 && len(d.open) > 0 && d.density[0]*d.valueOf(d.rooms[m]) > weighed(price) {
			out = append(out, m)
		}
	}
	slices.SortStableFunc(out, func(a, b int) int {
		return cmp.Compare(d.price[a]*d.valueOf(d.rooms[b]), d.price[b]*d.valueOf(d.rooms[a]))
	})
	return out
}

// try fills a machine, beginning with an item if there is one, thinks over the
// last items, and adds the load if that is of use.
func (d *dive) try(machine, first int) {
	if !d.begin(machine) {
		return
	}
	if first >= 0 {
		if !fits(d.items[first].requests, d.room) {
			return
		}
		d.put(first)
	}
	d.complete()
	done := max(len(d.order)-undone, min(first+1, 1))
	d.machine, d.tries, d.best, d.most = machine, mostTries, nil, weighed(d.price[machine])*(1+surplus)
	clear(d.count)
	copy(d.room, d.rooms[machine])
	state, value := d.subject.at, 0.0
	for _, i := range d.order[:done] {
		it := &d.items[i]
		d.count[i]++
		value += it.value
		state, _ = d.problem.Space.Join(state, it.group)
		for k, n := range it.requests {
			d.room[k] -= n
		}
	}
	d.search(0, d.room, value, state)
	d.steps += trySteps * (mostTries - d.tries)
	if d.best == nil {
		return
	}
	l := Load{Machine: machine, State: d.subject.at, Seed: -1}
	for i, n := range d.best {
		if n > 0 {
			it := &d.items[i]
			l.State, _ = d.problem.Space.Join(l.State, it.group)
			l.Parts = append(l.Parts, Part{it.group, it.index, int(n)})
		}
	}
	d.add(l)
}

// search adds items from a place in the order on, as many copies as fit first.
func (d *dive) search(place int, room []int64, value float64, at State) {
	if value > d.most {
		d.most = value
		d.best = append(d.best[:0], d.count...)
	}
	for place < len(d.open) && !fits(d.items[d.open[place]].requests, room) {
		place++
	}
	d.tries--
	if place == len(d.open) || d.tries < 0 || value+d.density[place]*d.valueOf(room) <= d.most {
		return
	}
	i := d.open[place]
	it, before, left := &d.items[i], d.count[i], d.left[place]
	to, n := at, 0 // whoever makes the machine dearer stays out: the load was to be worth the price it has
	if joined, ok := d.problem.Space.Join(at, it.group); ok && (joined == at || d.problem.Space.Price(joined, d.machine) <= d.price[d.machine]) {
		to, n = joined, copies(it.requests, room, d.counts[i]-int(before))
	}
	for ; n >= 0 && d.tries >= 0; n-- {
		if n == 0 {
			to = at
		}
		for k, r := range it.requests {
			left[k] = room[k] - int64(n)*r
		}
		d.count[i] = before + int32(n)
		d.search(place+1, left, value+float64(n)*it.value, to)
	}
	d.count[i] = before
}
