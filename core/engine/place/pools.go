// SPDX-License-Identifier: Apache-2.0

package place

import (
	"slices"
	"strconv"

	"karpenter.sh/core/engine/bitset"
	"karpenter.sh/core/engine/constraint"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/resource"
)

// pool is a node pool in this run.
type pool struct {
	*model.Template
	index      int
	vocabulary *constraint.Vocabulary
	remaining  model.Limits
	allowed    bitset.Set // variants within the remaining limits
	root       *state
	minValues  MinValuesPolicy
	shelf      *shelf // nil if the catalogue sells no reservations
	reserving  ReservationMode
	states     map[uint64][]*state

	// Scratch space of one check.
	left  bitset.Set
	total resource.Vector
}

func (s *solver) newPool(index int) *pool {
	in := &s.in.Snapshot.Pools[index]
	p := &pool{
		Template: in.Template, index: index, vocabulary: s.in.Snapshot.Vocabulary,
		minValues: s.in.MinValues, reserving: s.in.Reservations, shelf: s.stock.shelf(in.Catalogue),
		states: map[uint64][]*state{},
	}
	p.root = p.keep(&state{wanted: p.Wanted, offer: p.shelf.remove(p.Base, p.Catalogue)})
	p.limit(in.Remaining)
	return p
}

// limit says what is left of the pool's limits.
func (p *pool) limit(remaining model.Limits) {
	p.remaining = remaining
	p.allowed = withinLimits(p.Template, remaining)
}

// withinLimits returns the variants that the limits admit.
func withinLimits(t *model.Template, remaining model.Limits) bitset.Set {
	c := t.Catalogue
	if len(remaining) == 0 {
		return bitset.Full(c.Variants())
	}
	out := bitset.New(c.Variants())
	for i := range c.Variants() {
		if remaining.Admit(c.Type(c.TypeOf(i)).Capacity) {
			out = out.With(i)
		}
	}
	return out
}

// tryPools opens a bin for the pod in the most wanted pool that admits it.
func (s *solver) tryPools(r *route, pod int) bool {
	name := binName(len(s.bins))
	if !r.admitsHost(name) {
		return false
	}
	for _, p := range s.pools {
		if r.pools[p.index].closed {
			continue
		}
		b, said := p.open(r, pod)
		switch said {
		case taken:
			b.name = name
			s.bins = append(s.bins, b)
			s.countOnBin(r.class, b)
			s.obey(r)
			return true
		case refused:
			r.pools[p.index].closed = true
		case deferred:
			if s.defers(pod) {
				return false
			}
		}
	}
	return false
}

// binName stands for the hostname of a bin; no node can have it.
func binName(i int) string { return "/" + strconv.Itoa(i) }

func (p *pool) open(r *route, pod int) (*bin, answer) {
	if p.root == nil || !r.tolerates(p) {
		return nil, refused
	}
	st := p.join(p.root, r)
	if st == nil {
		return nil, refused
	}
	variants := st.offer.Variants.Clone()
	variants.And(p.allowed)
	variants.AndNot(r.pools[p.index].taken)
	if !p.KeepFitting(variants, r.class.Requests) {
		return nil, refused
	}
	held, said := p.settle(prospect{state: st, variants: variants, minimums: p.binding(), fresh: true})
	if said != taken {
		return nil, said
	}
	b := &bin{
		pool: p, state: st, variants: variants, pods: []int{pod}, routes: []*route{r},
		used: r.class.Requests.Clone(), ports: slices.Clone(r.class.Ports), held: held,
	}
	b.lower()
	p.exchange(nil, held)
	p.charge(variants)
	return b, taken
}

// charge takes the largest node the bin may become off the limits (SCH-202).
func (p *pool) charge(variants bitset.Set) {
	if len(p.remaining) == 0 {
		return
	}
	var largest resource.Vector
	for i := range variants.All() {
		largest = largest.AtLeast(p.Catalogue.Type(p.Catalogue.TypeOf(i)).Capacity)
	}
	p.limit(p.remaining.Charge(largest))
}
