// SPDX-License-Identifier: Apache-2.0

package place

import (
	"karpenter.sh/core/engine/bitset"
	"karpenter.sh/core/engine/hostport"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/resource"
)

// bin is a node being planned.
type bin struct {
	pool     *pool
	name     string // stands for the hostname
	state    *state
	variants bitset.Set // can hold what is placed, and were within the limits
	used     resource.Vector
	pods     []int
	routes   []*route // by pod: how it was placed
	ports    hostport.Ports
	tallied  []tallied
	minimums []model.Minimum
	relaxed  bool // minimums are lower than the pool's
}

// tryBins puts the pod into the first bin that takes it.
func (s *solver) tryBins(r *route, pod int) bool {
	if r.seeksHost() {
		return s.joinBins(r, pod)
	}
	for ; r.bin < len(s.bins); r.bin++ {
		if s.inBin(r, s.bins[r.bin], pod) {
			return true
		}
	}
	return false
}

// joinBins looks at every bin again, as joinNodes does at nodes.
func (s *solver) joinBins(r *route, pod int) bool {
	for _, b := range s.bins {
		if s.inBin(r, b, pod) {
			return true
		}
	}
	return false
}

func (s *solver) inBin(r *route, b *bin, pod int) bool {
	if !r.admitsHost(b.name) {
		return false
	}
	before := b.state
	if !b.add(r, pod) {
		return false
	}
	if b.state != before {
		s.recount(b)
	}
	s.countOnBin(r.class, b)
	s.obey(r)
	return true
}

func (b *bin) add(r *route, pod int) bool {
	if !r.tolerates(b.pool) || len(r.class.Ports) > 0 && r.class.Ports.Conflict(b.ports) {
		return false
	}
	to := b.pool.join(b.state, r)
	if to == nil {
		return false
	}
	total := append(b.pool.total[:0], b.used...).Plus(r.class.Requests)
	b.pool.total = total
	left := append(b.pool.left[:0], b.variants...)
	b.pool.left = left
	if to != b.state {
		left.And(to.offer.Variants)
	}
	left.AndNot(r.pools[b.pool.index].taken)
	if !b.pool.KeepFitting(left, total) {
		return false
	}
	if _, short := b.pool.short(b.minimums, left); short {
		return false
	}
	b.state, b.pods, b.routes = to, append(b.pods, pod), append(b.routes, r)
	b.ports = append(b.ports, r.class.Ports...)
	b.used = append(b.used[:0], total...)
	b.variants = append(b.variants[:0], left...)
	return true
}
