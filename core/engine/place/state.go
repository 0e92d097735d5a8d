// SPDX-License-Identifier: Apache-2.0

package place

import (
	"slices"

	"karpenter.sh/core/engine/bitset"
	"karpenter.sh/core/engine/constraint"
	"karpenter.sh/core/engine/model"
)

// maxEntries is how many requirements a NodeClaim may hold (SCH-196), less the
// three that are added in the end (instance type, capacity type, reservation).
const maxEntries = 97

// state is a conjunction of requirements on nodes of one pool, with what the
// catalogue has for it.
type state struct {
	wanted constraint.Sets
	offer  model.Offer
	joins  []joined // by route id
	// reached is what it narrows to for some keys, made when first asked for.
	reached []reachedBy
	// ordinary are the variants that can be had without reservations, made when
	// first asked for.
	ordinary bitset.Set
}

// reachedBy are the states that a state narrows to for the values of a key.
type reachedBy struct {
	key constraint.Key
	all []reached
}

// reached is one value and the state with it.
type reached struct {
	domain int
	to     *state
}

// joined is the remembered result of narrowing a state by a route.
type joined struct {
	known bool
	to    *state // nil: refused
}

// join narrows st by the route's requirements; nil if they are incompatible
// or nothing in the catalogue meets both.
func (p *pool) join(st *state, r *route) *state {
	if len(r.wanted) == 0 {
		return st
	}
	for len(st.joins) <= r.id {
		st.joins = append(st.joins, joined{})
	}
	j := &st.joins[r.id]
	if !j.known {
		*j = joined{known: true, to: p.reach(st, r)}
	}
	return j.to
}

// reach works a join out. What the pool itself does not admit, none of its bins
// does: a label that it does not define stays undefined when some pod has asked
// for its absence (SCH-059).
func (p *pool) reach(st *state, r *route) *state {
	if st != p.root && p.join(p.root, r) == nil {
		return nil
	}
	to := p.narrow(st, r.wanted)
	if to == nil || slices.ContainsFunc(r.apart, func(k constraint.Key) bool { return p.undecidable(to.wanted, k) }) {
		return nil
	}
	return to
}

func (p *pool) narrow(st *state, wanted constraint.Sets) *state {
	v := p.vocabulary
	if _, refused := v.Refused(st.wanted, wanted, p.Open); refused {
		return nil
	}
	sets := v.Conjunction(st.wanted, wanted)
	if len(sets) > maxEntries {
		return nil
	}
	return p.intern(sets)
}

// intern returns the state for a conjunction; nil if the catalogue has nothing
// for it.
func (p *pool) intern(sets constraint.Sets) *state {
	h := sets.Hash()
	for _, st := range p.states[h] {
		if st.wanted.Equal(sets) {
			return st.usable()
		}
	}
	return p.keep(&state{wanted: sets, offer: p.shelf.remove(p.Catalogue.Meeting(sets, p.Open), p.Catalogue)})
}

func (p *pool) keep(st *state) *state {
	h := st.wanted.Hash()
	p.states[h] = append(p.states[h], st)
	return st.usable()
}

func (st *state) usable() *state {
	if st.offer.Variants.Empty() {
		return nil
	}
	return st
}
