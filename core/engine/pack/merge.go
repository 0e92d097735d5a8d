// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"math"
	"slices"
)

// merged is the most loads that are tried to be merged into others.
const merged = 16

// merge puts the last loads, which tend to be small, together with others where
// one machine for both costs no more than two.
func (s *packer) merge() {
	for range merged {
		i := len(s.loads) - 1
		if i < 0 || s.loads[i].Seed >= 0 || s.loads[i].Times != 1 {
			return
		}
		if !s.mergeInto(i) {
			return
		}
	}
}

// mergeInto puts the last load into an earlier one.
func (s *packer) mergeInto(last int) bool {
	small := s.loads[last]
	for j := range s.loads[:last] {
		if both, ok := s.union(s.loads[j], small); ok {
			s.loads = s.loads[:last]
			if s.loads[j].Times--; s.loads[j].Times == 0 {
				s.loads = slices.Delete(s.loads, j, j+1)
			}
			s.loads = append([]Load{both}, s.loads...)
			return true
		}
	}
	return false
}

// union is one machine for what two loads hold, false if there is none that
// costs no more.
func (s *packer) union(a, b Load) (Load, bool) {
	out := Load{State: a.State, Seed: a.Seed, Times: 1, Parts: slices.Concat(a.Parts, b.Parts)}
	for _, part := range b.Parts {
		to, ok := s.problem.Space.Join(out.State, part.Group)
		if !ok {
			return out, false
		}
		out.State = to
	}
	used := s.usedBy(out)
	limit := s.priceOf(a) + s.priceOf(b)
	best := math.Inf(1)
	for m := range s.rooms {
		if price := s.problem.Space.Price(out.State, m); price < best && price <= limit && s.holds(m, used) {
			out.Machine, best = m, price
		}
	}
	return out, !math.IsInf(best, 1)
}

func (s *packer) priceOf(l Load) float64 { return s.problem.Space.Price(l.State, l.Machine) }

func (s *packer) holds(machine int, used []int64) bool {
	return fits(used, s.rooms[machine]) && !s.problem.Rooms[machine].Negative()
}

// usedBy is what one machine of a load holds.
func (s *packer) usedBy(l Load) []int64 {
	out := make([]int64, len(s.ids))
	if l.Seed >= 0 {
		copy(out, s.project(s.problem.Seeds[l.Seed].Used))
	}
	for _, part := range l.Parts {
		for k, id := range s.ids {
			out[k] += s.problem.Groups[part.Group].Items[part.Item].Requests.Get(id) * int64(part.Count)
		}
	}
	return out
}
