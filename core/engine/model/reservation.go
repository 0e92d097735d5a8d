// SPDX-License-Identifier: Apache-2.0

package model

import (
	"karpenter.sh/core/engine/bitset"
	"karpenter.sh/core/engine/constraint"
)

// Reservation is capacity that was bought in advance (SCH-211).
type Reservation struct {
	// ID is the label that names the reservation.
	ID constraint.Label
	// Capacity is how many more machines it holds.
	Capacity int
}

// noReservation is in the place of an index where there is none.
const noReservation = -1

// reserve returns the index of the reservation behind an offering. Offerings
// that differ about its capacity are all taken to mean the least.
func (c *Catalogue) reserve(r *Reservation) int {
	if r == nil {
		return noReservation
	}
	for i := range c.reservations {
		if known := &c.reservations[i]; known.ID == r.ID {
			known.Capacity = min(known.Capacity, r.Capacity)
			return i
		}
	}
	c.reservations, c.through = append(c.reservations, *r), append(c.through, nil)
	return len(c.reservations) - 1
}

// Reservations are those behind the catalogue's offerings, available or not.
// The caller must not change them.
func (c *Catalogue) Reservations() []Reservation { return c.reservations }

// Through returns the markets that draw on the i-th reservation. All other
// markets are ordinary. The caller must not change the set.
func (c *Catalogue) Through(i int) bitset.Set { return c.through[i] }

// Sells reports whether some of the variants can be had in a market.
func (c *Catalogue) Sells(market int, variants bitset.Set) bool {
	return c.markets[market].variants.Intersects(variants)
}

// Having returns the variants that can be had in some of the markets.
func (c *Catalogue) Having(markets bitset.Set) bitset.Set {
	out := bitset.New(len(c.variants))
	for m := range markets.All() {
		out.Or(c.markets[m].variants)
	}
	return out
}
