// SPDX-License-Identifier: Apache-2.0

package model

import (
	"math"

	"karpenter.sh/core/engine/bitset"
	"karpenter.sh/core/engine/constraint"
)

// Offer is what a catalogue has for one conjunction of requirements.
type Offer struct {
	// Variants meet the requirements and have an available offering that
	// does (R and O of SCH-192).
	Variants bitset.Set
	// Markets are the offering requirements that are compatible.
	Markets bitset.Set
}

// Meeting returns what the catalogue has for a planned node with these
// requirements. Open holds the keys that may stay undefined.
func (c *Catalogue) Meeting(wanted constraint.Sets, open bitset.Set) Offer {
	o := c.Offered(wanted, open)
	o.Variants.And(c.Overlapping(wanted))
	return o
}

// Offered returns the markets compatible with the requirements and the
// variants that can be had there (O of SCH-192), whatever their types.
func (c *Catalogue) Offered(wanted constraint.Sets, open bitset.Set) Offer {
	o := Offer{Variants: bitset.New(len(c.variants)), Markets: bitset.New(len(c.markets))}
	for i := range c.markets {
		if _, refused := c.vocabulary.Refused(wanted, c.markets[i].requirements, open); !refused {
			o.Markets = o.Markets.Add(i)
			o.Variants.Or(c.markets[i].variants)
		}
	}
	return o
}

// Overlapping returns the variants whose type meets the requirements on every
// key that both define (R of SCH-192), whatever its offerings.
func (c *Catalogue) Overlapping(wanted constraint.Sets) bitset.Set {
	out := bitset.Full(len(c.variants))
	for _, e := range wanted {
		if ki := c.keys[e.Key]; ki != nil {
			out.And(c.admitting(ki, e))
		}
	}
	return out
}

func (c *Catalogue) admitting(ki *keyIndex, e constraint.Entry) bitset.Set {
	out := ki.undefined.Clone()
	for value, variants := range ki.byValue {
		if variants != nil && c.vocabulary.Has(e.Key, e.Set, constraint.Value(value)) {
			out.Or(variants)
		}
	}
	for i := range ki.rest.All() {
		theirs, _ := c.types[c.variants[i].typeIndex].Requirements.Get(e.Key)
		if c.vocabulary.Overlap(e.Key, theirs, e.Set) {
			out = out.Add(i)
		}
	}
	return out
}

// Price is the lowest price per hour of variant i in the given markets, +Inf if
// it cannot be had there.
func (c *Catalogue) Price(i int, markets bitset.Set) float64 {
	best := math.Inf(1)
	for _, b := range c.variants[i].buys {
		if b.price < best && markets.Has(int(b.market)) {
			best = b.price
		}
	}
	return best
}

// Markets yields the offering requirements under which some of the variants
// can be had, restricted to the given markets.
func (c *Catalogue) Markets(variants, markets bitset.Set) []constraint.Sets {
	var out []constraint.Sets
	for i := range markets.All() {
		if c.markets[i].variants.Intersects(variants) {
			out = append(out, c.markets[i].requirements)
		}
	}
	return out
}
