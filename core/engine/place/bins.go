// SPDX-License-Identifier: Apache-2.0

package place

import (
	"karpenter.sh/core/engine/bitset"
	"karpenter.sh/core/engine/resource"
)

// bin is a node being planned.
type bin struct {
	pool     *pool
	state    *state
	variants bitset.Set // can hold what is placed, and were within the limits
	used     resource.Vector
	pods     []int
}

// tryBins puts the pod into the first bin that takes it.
func (s *solver) tryBins(a *attempt, pod int) bool {
	for ; a.bin < len(s.bins); a.bin++ {
		if s.bins[a.bin].add(a, pod) {
			return true
		}
	}
	return false
}

func (b *bin) add(a *attempt, pod int) bool {
	if !a.tolerates(b.pool) {
		return false
	}
	to := b.pool.join(b.state, a)
	if to == nil {
		return false
	}
	total := append(b.pool.total[:0], b.used...).Plus(a.class.Requests)
	b.pool.total = total
	left := append(b.pool.left[:0], b.variants...)
	b.pool.left = left
	if to != b.state {
		left.And(to.offer.Variants)
	}
	if !b.pool.KeepFitting(left, total) {
		return false
	}
	b.state, b.pods = to, append(b.pods, pod)
	b.used = append(b.used[:0], total...)
	b.variants = append(b.variants[:0], left...)
	return true
}
