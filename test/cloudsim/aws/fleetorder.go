// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"cmp"
	"slices"

	"karpenter.sh/test/cloudsim/world"
)

// rank orders candidates by the request's allocation strategy; equal ones keep the
// order of the request.
func (r *request) rank(candidates []*candidate, capacity string) {
	strategy := r.in.Tree("OnDemandOptions").Str("AllocationStrategy")
	if capacity == spot {
		strategy = r.in.Tree("SpotOptions").Str("AllocationStrategy")
	}
	depth := func(c *candidate) int {
		if c.subnet == nil {
			return 0
		}
		return r.stock.Left(world.Pool{Type: c.kind.name, Zone: c.subnet.Zone, Capacity: capacity})
	}
	slices.SortStableFunc(candidates, func(a, b *candidate) int {
		switch strategy {
		case "prioritized":
			return cmp.Or(cmp.Compare(a.priority, b.priority), cmp.Compare(a.order, b.order))
		case "capacity-optimized":
			return cmp.Or(cmp.Compare(class(depth(b)), class(depth(a))), cmp.Compare(a.order, b.order))
		case "capacity-optimized-prioritized":
			return cmp.Or(cmp.Compare(class(depth(b)), class(depth(a))), cmp.Compare(a.priority, b.priority), cmp.Compare(a.order, b.order))
		case "price-capacity-optimized":
			return cmp.Or(cmp.Compare(class(depth(b)), class(depth(a))), cmp.Compare(a.price, b.price), cmp.Compare(a.order, b.order))
		case "diversified":
			return cmp.Compare(a.order, b.order)
		}
		return cmp.Or(cmp.Compare(a.price, b.price), cmp.Compare(a.order, b.order)) // lowest-price, the default
	})
}

// class is how deep a pool is, coarsely: the optimized strategies do not tell pools
// apart that have plenty.
func class(depth int) int {
	switch {
	case depth >= 100:
		return 3
	case depth >= 10:
		return 2
	case depth > 0:
		return 1
	}
	return 0
}
