// SPDX-License-Identifier: Apache-2.0

package placetest

import (
	"karpenter.sh/core/engine/bitset"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/resource"
)

// minimums wants as many distinct values as the pool's minValues ask for, among
// those that the listed types advertise and the pool admits (SCH-195).
func (c *check) minimums(i int, pool *model.Pool) {
	b := &c.plan.Bins[i]
	if b.Relaxed && c.in.MinValues.Strict() {
		c.breaks("bin %d: minValues were lowered", i)
	}
	for _, m := range b.Minimums {
		var distinct bitset.Set
		for _, t := range b.Types {
			theirs, _ := pool.Catalogue.Type(t).Requirements.Get(m.Key)
			if !theirs.Concrete() {
				continue
			}
			if own, ok := pool.Wanted.Get(m.Key); ok {
				theirs = c.vocabulary().Intersect(m.Key, theirs, own)
			}
			for value := range theirs.Values().All() {
				distinct = distinct.Add(value)
			}
		}
		if distinct.Count() < m.Values {
			c.breaks("bin %d: %d distinct values of %s instead of %d", i, distinct.Count(), c.vocabulary().KeyName(m.Key), m.Values)
		}
	}
	if !b.Relaxed && len(b.Minimums) != len(pool.Minimums) {
		c.breaks("bin %d: keeps %d of %d minValues", i, len(b.Minimums), len(pool.Minimums))
	}
}

// limits wants all bins of a pool within its limits, whichever of their types
// they become (SCH-201, SCH-202).
func (c *check) limits() {
	for p := range c.in.Snapshot.Pools {
		pool := &c.in.Snapshot.Pools[p]
		var total resource.Vector
		nodes := int64(0)
		for i := range c.plan.Bins {
			if c.plan.Bins[i].Pool != p {
				continue
			}
			nodes++
			total = total.Add(largest(pool, c.plan.Bins[i].Types))
		}
		for _, l := range pool.Remaining {
			used := total.Get(l.Resource)
			if l.Resource == resource.Nodes {
				used = nodes
			}
			if nodes > 0 && used > l.Amount {
				c.breaks("pool %s: %d of resource %d planned with %d left", pool.Pool, used, l.Resource, l.Amount)
			}
		}
	}
}

func largest(pool *model.Pool, types []int) resource.Vector {
	var out resource.Vector
	for _, t := range types {
		out = out.Raise(pool.Catalogue.Type(t).Capacity)
	}
	return out
}
