// SPDX-License-Identifier: Apache-2.0

package model

import (
	"sync"

	"karpenter.sh/core/engine/bitset"
	"karpenter.sh/core/engine/constraint"
	"karpenter.sh/core/engine/resource"
)

// Type is an instance type that may be launched.
type Type struct {
	Name         string
	Requirements constraint.Sets
	// Capacity is what limits are charged with (SCH-200).
	Capacity resource.Vector
	// Groups are the allocatable groups, the base group first (CP-055).
	Groups []Group
}

// Group is a set of offerings of one type that yield the same node size.
type Group struct {
	Allocatable resource.Vector
	Offerings   []Offering
}

// Offering is one way to buy a type.
type Offering struct {
	Requirements constraint.Sets
	// Price per hour, not negative.
	Price     float64
	Available bool
	// Reservation is what the offering draws on; nil for ordinary offerings.
	Reservation *Reservation
}

// Catalogue is a list of types compiled for the questions of a scheduling
// round. It is immutable; what is asked for often is worked out
// once.
type Catalogue struct {
	vocabulary *constraint.Vocabulary
	types      []Type
	variants   []variant
	markets    []market
	keys       map[constraint.Key]*keyIndex
	orders     sync.Map // of [Catalogue.ByPrice], by markets

	reservations []Reservation
	through      []bitset.Set // markets, by reservation
}

// variant is one group of one type.
type variant struct {
	typeIndex   int32
	allocatable resource.Vector
	buys        []buy // available offerings only
}

// buy is an available offering: its market and price.
type buy struct {
	market int32
	price  float64
}

// market is a distinct set of offering requirements (a zone with a capacity
// type, mostly) with the variants that can be had there.
type market struct {
	requirements constraint.Sets
	variants     bitset.Set
}

// keyIndex answers, for one label key, which variants' types admit a set.
type keyIndex struct {
	byValue   []bitset.Set // types with a concrete set
	undefined bitset.Set   // types that say nothing
	rest      bitset.Set   // complements and DoesNotExist: asked one by one
}

// NewCatalogue compiles the types.
func NewCatalogue(v *constraint.Vocabulary, types []Type) *Catalogue {
	c := &Catalogue{vocabulary: v, types: types, keys: map[constraint.Key]*keyIndex{}}
	for t := range types {
		for g := range types[t].Groups {
			c.addVariant(t, &types[t].Groups[g])
		}
	}
	c.indexKeys()
	return c
}

func (c *Catalogue) addVariant(t int, g *Group) {
	i := len(c.variants)
	added := variant{typeIndex: int32(t), allocatable: g.Allocatable}
	for _, o := range g.Offerings {
		reservation := c.reserve(o.Reservation)
		if !o.Available {
			continue
		}
		m := c.market(o.Requirements, reservation)
		c.markets[m].variants = c.markets[m].variants.Add(i)
		added.buys = append(added.buys, buy{int32(m), o.Price})
	}
	c.variants = append(c.variants, added)
}

func (c *Catalogue) market(requirements constraint.Sets, reservation int) int {
	for i := range c.markets {
		if c.markets[i].requirements.Equal(requirements) {
			return i
		}
	}
	c.markets = append(c.markets, market{requirements: requirements})
	m := len(c.markets) - 1
	if reservation != noReservation {
		c.through[reservation] = c.through[reservation].Add(m)
	}
	return m
}

func (c *Catalogue) indexKeys() {
	for _, t := range c.types {
		for _, e := range t.Requirements {
			if c.keys[e.Key] == nil {
				c.keys[e.Key] = &keyIndex{undefined: bitset.Full(len(c.variants)), rest: bitset.New(len(c.variants))}
			}
		}
	}
	for i, v := range c.variants {
		for _, e := range c.types[v.typeIndex].Requirements {
			c.keys[e.Key].add(i, e.Set, len(c.variants))
		}
	}
}

func (ki *keyIndex) add(i int, s constraint.Set, n int) {
	ki.undefined.Remove(i)
	if !s.Concrete() || s.Values().Empty() {
		ki.rest = ki.rest.Add(i)
		return
	}
	for value := range s.Values().All() {
		for len(ki.byValue) <= value {
			ki.byValue = append(ki.byValue, nil)
		}
		if ki.byValue[value] == nil {
			ki.byValue[value] = bitset.New(n)
		}
		ki.byValue[value] = ki.byValue[value].Add(i)
	}
}

// Len is the number of types.
func (c *Catalogue) Len() int { return len(c.types) }

// Type returns the i-th type.
func (c *Catalogue) Type(i int) *Type { return &c.types[i] }

// Variants is the number of variants.
func (c *Catalogue) Variants() int { return len(c.variants) }

// TypeOf is the type that variant i belongs to.
func (c *Catalogue) TypeOf(i int) int { return int(c.variants[i].typeIndex) }
