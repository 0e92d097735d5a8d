// SPDX-License-Identifier: Apache-2.0

package place

import (
	"karpenter.sh/core/engine/bitset"
	"karpenter.sh/core/engine/constraint"
	"karpenter.sh/core/engine/model"
)

// stock is what is left of the reservations in this run.
type stock struct {
	ids []constraint.Label
	// open are the reservations with room when the run began; others are as if
	// they were not on sale (SCH-211).
	open bitset.Set
	left []int // units that no bin holds
	// returned counts the units that came back: whoever was deferred before may
	// ask again.
	returned int
}

// newStock adds up what the pools sell; nil if no pool sells any reservation.
func newStock(in *model.Snapshot) *stock {
	var s *stock
	for i := range in.Pools {
		for _, r := range in.Pools[i].Catalogue.Reservations() {
			if s == nil {
				s = &stock{}
			}
			s.report(r)
		}
	}
	if s == nil {
		return nil
	}
	for i, n := range s.left {
		if n > 0 {
			s.open = s.open.Add(i)
		}
	}
	for _, id := range in.Held {
		if i, known := s.find(id); known {
			s.left[i]--
		}
	}
	return s
}

// report takes in what one pool says of a reservation: the least counts.
func (s *stock) report(r model.Reservation) {
	if i, known := s.find(r.ID); known {
		s.left[i] = min(s.left[i], r.Capacity)
		return
	}
	s.ids, s.left = append(s.ids, r.ID), append(s.left, r.Capacity)
}

func (s *stock) find(id constraint.Label) (int, bool) {
	for i := range s.ids {
		if s.ids[i] == id {
			return i, true
		}
	}
	return 0, false
}

// free are those of the reservations that have a unit left or are held already.
func (s *stock) free(among, held bitset.Set) bitset.Set {
	var out bitset.Set
	for i := range among.All() {
		if held.Has(i) || s.left[i] > 0 {
			out = out.Add(i)
		}
	}
	return out
}

// exchange takes back what a bin held and hands out what it holds now.
func (s *stock) exchange(before, now bitset.Set) {
	for i := range before.All() {
		if !now.Has(i) {
			s.left[i]++
			s.returned++
		}
	}
	for i := range now.All() {
		if !before.Has(i) {
			s.left[i]--
		}
	}
}

// shelf is the part of the stock that one pool sells.
type shelf struct {
	*stock
	sales    []sale
	reserved bitset.Set // the markets of all sales
	gone     bitset.Set // markets of reservations without room from the start
}

// sale is a reservation with the markets that draw on it.
type sale struct {
	reservation int
	markets     bitset.Set
}

func (s *stock) shelf(c *model.Catalogue) *shelf {
	if s == nil || len(c.Reservations()) == 0 {
		return nil
	}
	out := &shelf{stock: s}
	for i, r := range c.Reservations() {
		at, _ := s.find(r.ID)
		markets := c.Through(i)
		if !s.open.Has(at) {
			out.gone = union(out.gone, markets)
			continue
		}
		out.reserved = union(out.reserved, markets)
		out.sales = append(out.sales, sale{at, markets})
	}
	return out
}

// remove takes out of an offer what cannot be had because its reservation is
// used up.
func (sh *shelf) remove(o model.Offer, c *model.Catalogue) model.Offer {
	if sh == nil || !o.Markets.Intersects(sh.gone) {
		return o
	}
	left := model.Offer{Variants: o.Variants.Clone(), Markets: o.Markets.Clone()}
	left.Markets.AndNot(sh.gone)
	left.Variants.And(c.Having(left.Markets))
	return left
}
