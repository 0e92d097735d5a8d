// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"cmp"
	"math"
	"slices"
)

// dropDominated keeps the machines that are worth a look: those that can be had and of
// which no other has as much room for as little money.
func (s *packer) dropDominated() {
	var order []int
	for m, price := range s.price {
		if !math.IsInf(price, 1) {
			order = append(order, m)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(s.price[a], s.price[b]), slices.Compare(s.rooms[b], s.rooms[a]))
	})
	s.machines = s.machines[:0]
	for _, m := range order {
		if slices.ContainsFunc(s.machines, func(o int) bool { return fits(s.rooms[m], s.rooms[o]) }) {
			s.price[m] = math.Inf(1)
		} else {
			s.machines = append(s.machines, m)
		}
	}
	slices.Sort(s.machines)
}
