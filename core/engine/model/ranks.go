// SPDX-License-Identifier: Apache-2.0

package model

import (
	"slices"
	"sort"

	"karpenter.sh/core/engine/bitset"
	"karpenter.sh/core/engine/resource"
)

// Ranks answer which of a list of vectors hold a total: for each resource the
// distinct amounts in ascending order, each with the set of vectors that offer
// at least as much. An answer costs a binary search and an AND for each
// resource asked for.
type Ranks struct {
	usable  bitset.Set // vectors without a negative amount
	columns []column   // by resource ID
}

type column struct {
	amounts []int64
	atLeast []bitset.Set
}

// NewRanks ranks the vectors.
func NewRanks(vectors []resource.Vector) *Ranks {
	r := &Ranks{usable: bitset.New(len(vectors))}
	width := 0
	for i, v := range vectors {
		width = max(width, len(v))
		if !v.Negative() { // nothing fits where any amount is negative (SCH-044)
			r.usable = r.usable.Add(i)
		}
	}
	for id := range width {
		r.columns = append(r.columns, newColumn(vectors, resource.ID(id)))
	}
	return r
}

func newColumn(vectors []resource.Vector, id resource.ID) column {
	var c column
	for _, v := range vectors {
		c.amounts = append(c.amounts, v.Get(id))
	}
	slices.Sort(c.amounts)
	c.amounts = slices.Compact(c.amounts)
	for _, amount := range c.amounts {
		s := bitset.New(len(vectors))
		for i, v := range vectors {
			if v.Get(id) >= amount {
				s = s.Add(i)
			}
		}
		c.atLeast = append(c.atLeast, s)
	}
	return c
}

// Keep removes from candidates, in place, the vectors that do not hold total,
// and reports whether any is left.
func (r *Ranks) Keep(candidates bitset.Set, total resource.Vector) bool {
	candidates.And(r.usable)
	for id, amount := range total {
		if amount <= 0 {
			continue
		}
		if id >= len(r.columns) {
			clear(candidates)
			return false
		}
		c := &r.columns[id]
		if amount <= c.amounts[0] {
			continue
		}
		at := sort.Search(len(c.amounts), func(i int) bool { return c.amounts[i] >= amount })
		if at == len(c.amounts) {
			clear(candidates)
			return false
		}
		candidates.And(c.atLeast[at])
	}
	return !candidates.Empty()
}
