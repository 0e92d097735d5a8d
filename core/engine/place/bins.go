// SPDX-License-Identifier: Apache-2.0

package place

import (
	"karpenter.sh/core/engine/attach"
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
	attached attach.Usage // claims, where nodes of the pool turned out to limit them
	tallied  []tallied
	minimums []model.Minimum
	relaxed  bool       // minimums are lower than the pool's
	held     bitset.Set // reservations, one unit of each
}

// tryBins puts the pod into the first bin that takes it.
func (s *solver) tryBins(r *route, pod int) bool {
	if r.seeksHost() {
		return s.joinBins(r, pod)
	}
	s.lookAgain(r)
	for ; r.bin < len(s.bins); r.bin++ {
		switch s.inBin(r, s.bins[r.bin], pod) {
		case answerTaken:
			return true
		case answerDeferred:
			s.wait(r)
		}
	}
	return false
}

// joinBins looks at every bin again, as joinNodes does at nodes.
func (s *solver) joinBins(r *route, pod int) bool {
	for _, b := range s.bins {
		if s.inBin(r, b, pod) == answerTaken {
			return true
		}
	}
	return false
}

func (s *solver) inBin(r *route, b *bin, pod int) answer {
	if !r.admitsHost(b.name) {
		return answerRefused
	}
	before, held := b.state, b.variants.Count()
	if said := b.add(r, pod, s.in.Pods[pod].Attachments); said != answerTaken {
		return said
	}
	if b.state != before || b.variants.Count() != held {
		s.recount(b)
	}
	s.countOnBin(r.class.Class, b)
	s.obey(r)
	return answerTaken
}

func (b *bin) add(r *route, pod int, claims []attach.Attachment) answer {
	if !r.tolerates(b.pool) || len(r.class.Ports) > 0 && r.class.Ports.Conflict(b.ports) {
		return answerRefused
	}
	to := b.pool.join(b.state, r)
	if to == nil {
		return answerRefused
	}
	total := append(b.pool.total[:0], b.used...).Add(r.class.Requests)
	b.pool.total = total
	left := append(b.pool.left[:0], b.variants...)
	b.pool.left = left
	if to != b.state {
		left.And(to.offer.Variants)
	}
	left.AndNot(r.pools[b.pool.index].taken)
	if !b.pool.KeepFitting(left, total) {
		return answerRefused
	}
	if _, some := b.pool.KeepAttaching(left, b.attached, claims); !some {
		return answerRefused
	}
	held, said := b.pool.reserve(prospect{state: to, variants: left, minimums: b.minimums, held: b.held})
	if said != answerTaken {
		return said
	}
	b.pool.exchange(b.held, held)
	b.held = held
	b.state, b.pods, b.routes = to, append(b.pods, pod), append(b.routes, r)
	b.ports = append(b.ports, r.class.Ports...)
	b.attach(claims)
	b.used = append(b.used[:0], total...)
	b.variants = append(b.variants[:0], left...)
	return answerTaken
}

// attach counts claims where anything may limit them.
func (b *bin) attach(claims []attach.Attachment) {
	if len(claims) == 0 || b.pool.Observed == nil {
		return
	}
	if b.attached == nil {
		b.attached = attach.Usage{}
	}
	b.attached.Add(claims)
}
