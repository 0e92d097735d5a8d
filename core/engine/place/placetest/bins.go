// SPDX-License-Identifier: Apache-2.0

package placetest

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"karpenter.sh/core/engine/constraint"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/engine/resource"
)

// bin checks one planned node.
func (c *check) bin(i int) {
	b := &c.plan.Bins[i]
	pool := &c.in.Snapshot.Pools[b.Pool]
	var l load
	for _, pod := range b.Pods {
		class := c.in.Pods[pod].Class
		if !l.add(class) {
			c.breaks("bin %d: pod %s finds its port taken", i, c.in.Pods[pod])
		}
		if !c.satisfied(class, pool.Taints, func(wanted constraint.Sets) bool { return c.implies(b.Requirements, wanted) }) {
			c.breaks("bin %d: pod %s does not want it", i, c.in.Pods[pod])
		}
	}
	if len(b.Pods) == 0 || !c.implies(b.Requirements, pool.Wanted) {
		c.breaks("bin %d: has %d pods and requirements %v of a pool with %v", i, len(b.Pods), b.Requirements, pool.Wanted)
	}
	c.types(i, pool, l)
	if want := l.requests.Clone().Add(leastOverhead(pool, b.Types)); !b.Requests.Equal(want) {
		c.breaks("bin %d: requests %v instead of %v", i, b.Requests, want)
	}
	c.minimums(i, pool)
}

// implies reports whether requirements are at least as narrow as wanted.
func (c *check) implies(requirements, wanted constraint.Sets) bool {
	return c.vocabulary().Conjunction(requirements, wanted).Equal(requirements)
}

// types wants every listed type to hold the pods at a price, the cheapest
// first, and no more of them than a NodeClaim lists (SCH-192, SCH-230).
func (c *check) types(i int, pool *model.Pool, l load) {
	b := &c.plan.Bins[i]
	if len(b.Types) == 0 || len(b.Types) > place.MaxTypes {
		c.breaks("bin %d: lists %d types", i, len(b.Types))
		return
	}
	price := func(t int) float64 { return c.price(pool, b, t, l) }
	for _, t := range b.Types {
		if math.IsInf(price(t), 1) {
			c.breaks("bin %d: type %s cannot hold the pods", i, pool.Catalogue.Type(t).Name)
		}
	}
	cheaper := func(x, y int) int {
		return cmp.Or(cmp.Compare(price(x), price(y)),
			strings.Compare(pool.Catalogue.Type(x).Name, pool.Catalogue.Type(y).Name))
	}
	if !slices.IsSortedFunc(b.Types, cheaper) || len(slices.Compact(slices.Sorted(slices.Values(b.Types)))) != len(b.Types) {
		c.breaks("bin %d: types %v are not in the order of their prices", i, b.Types)
	}
	if b.Price != price(b.Types[0]) {
		c.breaks("bin %d: costs %v instead of %v", i, b.Price, price(b.Types[0]))
	}
}

// price is the lowest price at which a type holds the pods, infinite if none.
func (c *check) price(pool *model.Pool, b *place.Bin, t int, l load) float64 {
	it := pool.Catalogue.Type(t)
	for _, e := range it.Requirements {
		if own, ok := b.Requirements.Get(e.Key); ok && !c.vocabulary().Overlap(e.Key, own, e.Set) {
			return math.Inf(1)
		}
	}
	if pool.DaemonPorts != nil && l.ports.Conflict(pool.DaemonPorts[t]) {
		return math.Inf(1)
	}
	best := math.Inf(1)
	for g := range it.Groups {
		if !l.requests.FitsIn(it.Groups[g].Allocatable.Clone().Sub(overhead(pool, t))) {
			continue
		}
		for _, o := range it.Groups[g].Offerings {
			if o.Reservation != nil && !holds(b, o.Reservation.ID) {
				continue
			}
			if _, refused := c.vocabulary().Refused(b.Requirements, o.Requirements, pool.Open); o.Available && !refused {
				best = min(best, o.Price)
			}
		}
	}
	return best
}

func overhead(pool *model.Pool, t int) resource.Vector {
	if pool.Overhead == nil {
		return nil
	}
	return pool.Overhead[t]
}

// leastOverhead is the element-wise minimum over the types (SCH-234).
func leastOverhead(pool *model.Pool, types []int) resource.Vector {
	var least resource.Vector
	for n, t := range types {
		o := overhead(pool, t)
		if n == 0 {
			least = o.Clone()
		}
		for id := range least {
			least[id] = min(least[id], o.Get(resource.ID(id)))
		}
	}
	return least
}
