// SPDX-License-Identifier: Apache-2.0

package place

import (
	"slices"

	"karpenter.sh/core/engine/bitset"
	"karpenter.sh/core/engine/model"
)

// short returns the first minimum that the variants do not reach.
func (p *pool) short(minimums []model.Minimum, variants bitset.Set) (model.Minimum, bool) {
	for _, m := range minimums {
		if p.Distinct(m.Key, variants) < m.Values {
			return m, true
		}
	}
	return model.Minimum{}, false
}

// lowered is the minimums, each at most what the variants offer.
func (p *pool) lowered(variants bitset.Set) []model.Minimum {
	out := slices.Clone(p.Minimums)
	for i := range out {
		out[i].Values = min(out[i].Values, p.Distinct(out[i].Key, variants))
	}
	return out
}

// accept settles the minimums of a new bin; false when it must not be opened.
func (p *pool) accept(b *bin) bool {
	b.minimums = p.Minimums
	if _, short := p.short(p.Minimums, b.variants); !short {
		return true
	}
	if p.minValues == StrictMinValues {
		return false
	}
	b.minimums, b.relaxed = p.lowered(b.variants), true
	return true
}
