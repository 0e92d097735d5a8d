// SPDX-License-Identifier: Apache-2.0

package place

import (
	"karpenter.sh/core/engine/constraint"
	"karpenter.sh/core/engine/topology"
)

// decide narrows bins whose domain is open and whose pods count for a spread that
// placed pods rely on. Those were placed as if the bin's pods counted nowhere, but
// the scheduler will find them somewhere: it had better be where there are fewest
// (SCH-165).
func (s *solver) decide() {
	for _, b := range s.bins {
		for i := range b.tallied {
			if x := &b.tallied[i]; x.pods > 0 && s.relied.Has(int(x.group)) {
				s.decideFor(b, s.tally(x.group))
			}
		}
	}
}

func (s *solver) decideFor(b *bin, t *topology.Tally) {
	possible := b.reachable(t.Key)
	if t.Kind != topology.Spread || t.Hostname || possible.Count() < 2 || !s.looksAt(t, b.pool, b.state) {
		return
	}
	for _, d := range s.ordered(t.Key, possible, []*topology.Tally{t}) {
		if b.narrow(constraint.Sets{{Key: t.Key, Set: d}}) {
			s.recount(b)
			return
		}
	}
}

// narrow adds requirements to a bin and reports whether it still holds its pods;
// if not, the bin is as it was.
func (b *bin) narrow(wanted constraint.Sets) bool {
	to := b.pool.narrow(b.state, wanted)
	if to == nil {
		return false
	}
	left := b.variants.Clone()
	left.And(to.offer.Variants)
	if !b.pool.KeepFitting(left, b.used) {
		return false
	}
	held, said := b.pool.reserve(prospect{state: to, variants: left, minimums: b.minimums, held: b.held})
	if said != answerTaken {
		return false
	}
	b.pool.exchange(b.held, held)
	b.held, b.state, b.variants = held, to, left
	return true
}
