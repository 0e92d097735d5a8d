// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"math"
	"slices"
)

// Ways to make whole numbers of what the program says: what is added before it is
// rounded down, and whether the rest is packed by its duals.
var roundings = []struct {
	up    float64
	duals bool
}{{0, false}, {0, true}, {0.3, false}}

// missed is by how much the program may miss a whole number.
const missed = 1e-6

// round uses loads as often as the program says, in whole numbers, and packs what
// that leaves one load after the other.
func (m *master) round() (best []Load) {
	least := math.Inf(1)
	for _, r := range roundings {
		rest := m.problem
		rest.Seeds = slices.Clone(rest.Seeds)
		rest.Groups = make([]Group, len(m.problem.Groups))
		for g := range rest.Groups {
			rest.Groups[g].Items = slices.Clone(m.problem.Groups[g].Items)
		}
		var loads []Load
		for i, l := range m.loads {
			loads = use(loads, rest, l, int(m.program.Amount(i)+r.up+missed))
		}
		s := newPacker(rest)
		if r.duals {
			s.duals = m.program.Duals()
		}
		if !s.packAll() {
			continue
		}
		loads = append(loads, s.loads...)
		if cost := m.costOf(loads); cost < least {
			best, least = loads, cost
		}
	}
	return best
}

// use takes machines loaded so from what is left to pack. Where an item runs out
// the other machines do without it.
func use(out []Load, rest Problem, l Load, times int) []Load {
	if l.Seed >= 0 {
		times = min(times, rest.Seeds[l.Seed].Count)
		rest.Seeds[l.Seed].Count -= times
	}
	for times > 0 {
		now := l
		now.Times, now.Parts = times, nil
		for _, p := range l.Parts {
			left := rest.Groups[p.Group].Items[p.Item].Count
			if p.Count = min(p.Count, left); p.Count > 0 {
				now.Parts = append(now.Parts, p)
				now.Times = min(now.Times, left/p.Count)
			}
		}
		if len(now.Parts) == 0 && l.Seed < 0 {
			break
		}
		for _, p := range now.Parts {
			rest.Groups[p.Group].Items[p.Item].Count -= now.Times * p.Count
		}
		out = append(out, now)
		times -= now.Times
	}
	return out
}
