// SPDX-License-Identifier: Apache-2.0

package place

import (
	"karpenter.sh/core/engine/bitset"
	"karpenter.sh/core/engine/constraint"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/model"
)

// ReservationMode is a way to deal with used-up reservations.
type ReservationMode int

// The modes.
const (
	// StrictReservations defers pods rather than to let them spill onto capacity
	// that costs more (SCH-213).
	StrictReservations ReservationMode = iota
	// FallbackReservations does without (SCH-216).
	FallbackReservations
)

// answer is what a bin or a pool says to a pod.
type answer int

const (
	answerTaken    answer = iota
	answerRefused         // for good
	answerDeferred        // until a unit of a reservation comes back
	answerPassed          // to this pod, for the sake of its own claims
)

// prospect is what a bin would be with a pod.
type prospect struct {
	state    *state
	variants bitset.Set // narrowed in place
	minimums []model.Minimum
	// fresh bins may begin to hold reservations; others only keep and swap.
	fresh bool
	held  bitset.Set
}

// reserve says which reservations the bin would hold: one unit of each that it
// could use and that is free (SCH-212). In strict mode it is deferred when there
// would be none although some could be used, or were held (SCH-213). A bin
// without reservations can be had in ordinary markets only.
func (p *pool) reserve(b prospect) (bitset.Set, answer) {
	if p.shelf == nil || !b.fresh && b.held.Empty() {
		return nil, p.ordinarily(b, answerRefused)
	}
	usable := p.usable(b.state, b.variants)
	if b.fresh && (usable.Empty() || p.shortThrough(b, usable)) {
		return nil, p.ordinarily(b, answerRefused)
	}
	free := p.shelf.free(usable, b.held)
	if !free.Empty() && !p.shortThrough(b, free) {
		return free, answerTaken
	}
	if p.reserving == StrictReservations {
		return nil, answerDeferred
	}
	return nil, p.ordinarily(b, answerDeferred)
}

// ordinarily narrows a bin to what can be had without reservations.
func (p *pool) ordinarily(b prospect, otherwise answer) answer {
	if p.shelf != nil {
		b.variants.And(p.ordinary(b.state))
	}
	if _, short := p.short(b.minimums, b.variants, nil); short || p.shelf != nil && b.variants.Empty() {
		return otherwise
	}
	return answerTaken
}

// ordinary are the variants that bins of the state can have without
// reservations.
func (p *pool) ordinary(st *state) bitset.Set {
	if st.ordinary == nil {
		markets := st.offer.Markets.Clone()
		markets.AndNot(p.shelf.reserved)
		st.ordinary = p.Catalogue.Having(markets)
	}
	return st.ordinary
}

// usable are the reservations through which some of the variants can be had.
func (p *pool) usable(st *state, variants bitset.Set) bitset.Set {
	var out bitset.Set
	for _, s := range p.shelf.sales {
		for m := range s.markets.All() {
			if st.offer.Markets.Has(m) && p.Catalogue.Sells(m, variants) {
				out = out.Add(s.reservation)
				break
			}
		}
	}
	return out
}

// through are the variants that can be had through reservations.
func (p *pool) through(st *state, reservations bitset.Set) bitset.Set {
	markets := bitset.New(0)
	for _, s := range p.shelf.sales {
		if reservations.Has(s.reservation) {
			markets = union(markets, s.markets)
		}
	}
	markets.And(st.offer.Markets)
	return p.Catalogue.Having(markets)
}

// shortThrough reports whether a bin launched through the reservations would
// break its minimums.
func (p *pool) shortThrough(b prospect, reservations bitset.Set) bool {
	if len(b.minimums) == 0 {
		return false
	}
	variants := p.through(b.state, reservations)
	variants.And(b.variants)
	_, short := p.short(b.minimums, variants, p.pins(reservations))
	return short
}

// pins are the requirements of a bin that holds reservations (SCH-217); none if
// it holds none.
func (p *pool) pins(reservations bitset.Set) constraint.Sets {
	if reservations.Empty() {
		return nil
	}
	ids, key := bitset.Set{}, constraint.Key(0)
	for i := range reservations.All() {
		key, ids = p.shelf.ids[i].Key, ids.Add(int(p.shelf.ids[i].Value))
	}
	reserved, capacityType := p.reservedType()
	return p.vocabulary.Conjunction(
		constraint.Sets{{Key: capacityType, Set: constraint.Only(reserved)}},
		constraint.Sets{{Key: key, Set: constraint.Only(ids)}})
}

func (p *pool) reservedType() (bitset.Set, constraint.Key) {
	key := p.vocabulary.Key(label.CapacityType)
	return bitset.Set{}.Add(int(p.vocabulary.Value(key, label.Reserved))), key
}

// pin narrows a finished bin to the reservations it holds, or to ordinary
// markets if it holds none.
func (b *bin) pin() {
	p := b.pool
	if p.shelf == nil || !b.state.offer.Markets.Intersects(p.shelf.reserved) {
		return
	}
	pins := p.pins(b.held)
	if pins == nil {
		reserved, key := p.reservedType()
		pins = constraint.Sets{{Key: key, Set: constraint.Except(reserved)}}
	}
	if st := p.intern(p.vocabulary.Conjunction(b.state.wanted, pins)); st != nil {
		b.state = st
		b.variants.And(st.offer.Variants)
	}
}

// sold are the variants that the bin may be launched as.
func (b *bin) sold() bitset.Set {
	if b.held.Empty() {
		return b.variants
	}
	out := b.pool.through(b.state, b.held)
	out.And(b.variants)
	return out
}

// defers reports whether a pod that a pool has deferred must wait: then no less
// wanted pool is asked (SCH-214).
func (s *solver) defers(pod int) bool {
	if s.in.Reservations == FallbackReservations {
		return false
	}
	s.waiting = s.waiting.Add(pod)
	return true
}

// exchange gives a bin what it holds now for what it held before.
func (p *pool) exchange(before, now bitset.Set) {
	if p.shelf != nil {
		p.shelf.exchange(before, now)
	}
}

// wait remembers the first bin that deferred the route's pods: what it said may
// change when a unit comes back, unlike a refusal.
func (s *solver) wait(r *route) {
	if !r.waits {
		r.waits, r.first, r.returned = true, r.bin, s.stock.returned
	}
}

// lookAgain goes back to that bin if units came back since.
func (s *solver) lookAgain(r *route) {
	if r.waits && r.returned != s.stock.returned {
		r.bin, r.waits = r.first, false
	}
}
