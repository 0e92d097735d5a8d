// SPDX-License-Identifier: Apache-2.0

package place

import "karpenter.sh/core/engine/pack"

// worthwhile is the share of its cost that a new mix of machines must save.
const worthwhile = 0.001

// repack looks, pool by pool, for a cheaper mix of machines for the pods that
// new bins hold, but for pools that sell reserved capacity: there the price
// depends on what other bins hold. What cannot move stays together and gets a machine of its own,
// which is filled up with what can.
func (s *solver) repack() {
	if s.in.Repack == 0 {
		return
	}
	for _, p := range s.pools {
		if p.shelf == nil || len(p.shelf.sales) == 0 {
			s.repackPool(p)
		}
	}
}

func (s *solver) repackPool(p *pool) {
	var others, own []*bin
	for _, b := range s.bins {
		if b.pool == p {
			own = append(own, b)
		} else {
			others = append(others, b)
		}
	}
	remaining, allowed := p.remaining, p.allowed
	p.limit(s.in.Snapshot.Pools[p.index].Remaining)
	if better := s.cheaper(p, own); better != nil && p.admit(better) {
		s.exchangeBins(own, better)
		s.bins = append(others, better...)
		return
	}
	p.remaining, p.allowed = remaining, allowed
}

// exchangeBins counts the pods where they are now: what is decided in the end goes
// by that. New bins need no name, since no pod asks any more for a node to join.
func (s *solver) exchangeBins(before, after []*bin) {
	for _, b := range before {
		for i := range b.tallied {
			s.retract(b, &b.tallied[i])
		}
		b.tallied = nil
	}
	for _, b := range after {
		for _, r := range b.routes {
			s.countOnBin(r.class.Class, b)
		}
	}
}

// cheaper packs the pods of the pool's bins anew; nil if that does not pay.
func (s *solver) cheaper(p *pool, bins []*bin) []*bin {
	x := s.newMix(p, bins)
	if len(x.lots) == 0 {
		return nil
	}
	loads, ok := pack.Cheapest(pack.Problem{
		Rooms: x.rooms, Seeds: x.packSeeds(), Groups: x.packGroups(), Space: x, Steps: s.in.Repack,
	})
	if !ok {
		return nil
	}
	var before, after float64
	for _, b := range bins {
		before += b.price()
	}
	better := append(x.kept, x.bins(loads)...)
	for _, b := range better {
		after += b.price()
	}
	if after > before*(1-worthwhile) {
		return nil
	}
	return better
}

// admit charges the limits with the bins and settles what they may become;
// false if they are too much, or offer too little choice.
func (p *pool) admit(bins []*bin) bool {
	for _, b := range bins {
		b.variants.And(p.allowed)
		if _, short := p.short(b.minimums, b.variants, nil); short || b.variants.Empty() {
			return false
		}
		p.charge(b.variants)
	}
	return true
}
