// SPDX-License-Identifier: Apache-2.0

package model

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strings"

	"karpenter.sh/core/engine/bitset"
)

// ByPrice lists the variants that can be had in the given markets, the cheapest
// first, ties by type name (SCH-230). It is worked out once for each set of
// markets. The caller must not change it.
func (c *Catalogue) ByPrice(markets bitset.Set) []int32 {
	var key []byte
	for _, word := range markets {
		key = binary.LittleEndian.AppendUint64(key, word)
	}
	if known, ok := c.orders.Load(string(key)); ok {
		return known.([]int32)
	}
	order := c.byPrice(markets)
	c.orders.Store(string(key), order)
	return order
}

func (c *Catalogue) byPrice(markets bitset.Set) []int32 {
	var variants bitset.Set
	for m := range markets.All() {
		for i := range c.markets[m].variants.All() {
			variants = variants.Add(i)
		}
	}
	order, prices := make([]int32, 0, variants.Count()), make([]float64, len(c.variants))
	for i := range variants.All() {
		order, prices[i] = append(order, int32(i)), c.Price(i, markets)
	}
	slices.SortFunc(order, func(a, b int32) int {
		return cmp.Or(
			cmp.Compare(prices[a], prices[b]),
			strings.Compare(c.nameOf(a), c.nameOf(b)),
			cmp.Compare(a, b))
	})
	return order
}

func (c *Catalogue) nameOf(variant int32) string { return c.types[c.variants[variant].typeIndex].Name }
