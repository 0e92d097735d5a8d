// SPDX-License-Identifier: Apache-2.0

package place

import (
	"slices"

	"karpenter.sh/core/engine/bitset"
	"karpenter.sh/core/engine/constraint"
	"karpenter.sh/core/engine/model"
)

// short returns the first minimum that the variants do not reach, with some keys
// pinned.
func (p *pool) short(minimums []model.Minimum, variants bitset.Set, pins constraint.Sets) (model.Minimum, bool) {
	for _, m := range minimums {
		if p.distinct(m.Key, variants, pins) < m.Values {
			return m, true
		}
	}
	return model.Minimum{}, false
}

// distinct counts values as the types advertise them; a pin says it all.
func (p *pool) distinct(key constraint.Key, variants bitset.Set, pins constraint.Sets) int {
	if pinned, ok := pins.Get(key); ok {
		return pinned.Values().Count()
	}
	return p.Distinct(key, variants)
}

// binding are the minimums that a new bin must reach.
func (p *pool) binding() []model.Minimum {
	if p.minValues.Strict() {
		return p.Minimums
	}
	return nil
}

// lower settles the minimums of a new bin: the pool's, or what there is.
func (b *bin) lower() {
	p := b.pool
	b.minimums = p.Minimums
	if len(b.minimums) == 0 || p.minValues.Strict() {
		return
	}
	sold, pins := b.sold(), p.pins(b.held)
	if _, short := p.short(b.minimums, sold, pins); !short {
		return
	}
	b.minimums, b.relaxed = slices.Clone(b.minimums), true
	for i := range b.minimums {
		m := &b.minimums[i]
		m.Values = min(m.Values, p.distinct(m.Key, sold, pins))
	}
}
