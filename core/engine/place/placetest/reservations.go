// SPDX-License-Identifier: Apache-2.0

package placetest

import (
	"karpenter.sh/core/engine/constraint"
	"karpenter.sh/core/engine/place"
)

// reservations wants no more bins to hold a reservation than it has units, by
// the least that any pool says of it (SCH-211, SCH-212).
func (c *check) reservations() {
	units := map[constraint.Label]int{}
	for i := range c.in.Snapshot.Pools {
		for _, r := range c.in.Snapshot.Pools[i].Catalogue.Reservations() {
			if known, ok := units[r.ID]; !ok || r.Capacity < known {
				units[r.ID] = r.Capacity
			}
		}
	}
	for _, id := range c.in.Snapshot.Held {
		units[id]--
	}
	for id, n := range units {
		taken := 0
		for i := range c.plan.Bins {
			if holds(&c.plan.Bins[i], id) {
				taken++
			}
		}
		if taken > max(n, 0) {
			c.breaks("reservation %s: %d bins hold it, %d could", c.vocabulary().ValueName(id.Key, id.Value), taken, n)
		}
	}
}

// holds reports whether a bin is bound to reservations, this one among them
// (SCH-217).
func holds(b *place.Bin, id constraint.Label) bool {
	set, ok := b.Requirements.Get(id.Key)
	return ok && set.Concrete() && set.Values().Has(int(id.Value))
}
