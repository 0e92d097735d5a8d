// SPDX-License-Identifier: Apache-2.0

package model

import (
	"iter"

	"karpenter.sh/core/engine/bitset"
	"karpenter.sh/core/engine/constraint"
)

// Buys yields the available offerings of a type in the given markets: what each
// requires, and its price per hour.
func (c *Catalogue) Buys(t int, markets bitset.Set) iter.Seq2[constraint.Sets, float64] {
	return func(yield func(constraint.Sets, float64) bool) {
		for i := range c.variants {
			if c.TypeOf(i) != t {
				continue
			}
			for _, b := range c.variants[i].buys {
				if markets.Has(int(b.market)) && !yield(c.markets[b.market].requirements, b.price) {
					return
				}
			}
		}
	}
}

// VariantsOf are the variants of some types.
func (c *Catalogue) VariantsOf(types []int) bitset.Set {
	wanted := bitset.New(len(c.types))
	for _, t := range types {
		wanted = wanted.Add(t)
	}
	out := bitset.New(len(c.variants))
	for i := range c.variants {
		if wanted.Has(c.TypeOf(i)) {
			out = out.Add(i)
		}
	}
	return out
}
