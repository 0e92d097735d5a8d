// SPDX-License-Identifier: Apache-2.0

package place

import (
	"slices"
	"strconv"

	"karpenter.sh/core/engine/bitset"
	"karpenter.sh/core/engine/constraint"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/requirement"
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
	minValues  requirement.MinValuesPolicy
	shelf      *shelf // nil if the catalogue sells no reservations
	reserving  ReservationMode
	states     map[uint64][]*state
	changes    *int // of the run

	// Scratch space of one check.
	left  bitset.Set
	total resource.Vector
}

func (s *solver) newPool(index int) *pool {
	in := &s.in.Snapshot.Pools[index]
	p := &pool{
		Template: in.Template, index: index, vocabulary: s.in.Snapshot.Vocabulary,
		minValues: s.in.MinValues, reserving: s.in.Reservations, shelf: s.stock.shelf(in.Catalogue),
		states: map[uint64][]*state{}, changes: s.changes,
	}
	p.root = p.keep(&state{wanted: p.Wanted, offer: p.shelf.remove(p.Base, p.Catalogue)})
	p.limit(in.Remaining)
	return p
}

// limit says what is left of the pool's limits.
func (p *pool) limit(remaining model.Limits) {
	allowed := withinLimits(p.Template, remaining)
	if !allowed.Equal(p.allowed) {
		*p.changes++
	}
	p.remaining, p.allowed = remaining, allowed
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
			out = out.Add(i)
		}
	}
	return out
}

// tryPools opens a bin for the pod in the most wanted pool that admits it.
func (s *solver) tryPools(r *route, pod int) bool {
	if !r.admitsHost(binName(len(s.bins))) {
		return false
	}
	for _, p := range s.pools {
		if r.pools[p.index].closed {
			continue
		}
		switch s.launch(p, r, pod) {
		case answerTaken:
			return true
		case answerRefused:
			r.pools[p.index].closed = true
		case answerDeferred:
			if s.defers(pod) {
				return false
			}
		}
	}
	return false
}

// launch opens a bin of a pool for the pod.
func (s *solver) launch(p *pool, r *route, pod int) answer {
	b, said := s.open(p, r, pod)
	if said != answerTaken {
		return said
	}
	b.name = binName(len(s.bins))
	s.bins = append(s.bins, b)
	s.countOnBin(r.class.Class, b)
	s.obey(r)
	return answerTaken
}

// binName stands for the hostname of a bin; no node can have it.
func binName(i int) string { return "/" + strconv.Itoa(i) }

// open makes a bin of a pool for the pod.
func (s *solver) open(p *pool, r *route, pod int) (*bin, answer) {
	fresh, said := p.prospect(r)
	if said != answerTaken {
		return nil, said
	}
	if st := s.spared(p, fresh.state); st != fresh.state {
		if fresh, said = p.begin(st, r); said != answerTaken {
			return nil, said
		}
	}
	claims := s.in.Pods[pod].Attachments
	if _, some := p.KeepAttaching(fresh.variants, nil, claims); !some {
		return nil, answerPassed
	}
	b := &bin{
		pool: p, state: fresh.state, variants: fresh.variants, pods: []int{pod}, routes: []*route{r},
		used: r.class.Requests.Clone(), ports: slices.Clone(r.class.Ports), held: fresh.held,
	}
	b.attach(claims)
	b.lower()
	p.exchange(nil, b.held)
	p.charge(b.variants)
	return b, answerTaken
}

// prospect is what a new bin for the route would be.
func (p *pool) prospect(r *route) (prospect, answer) {
	if p.root == nil || !r.tolerates(p) {
		return prospect{}, answerRefused
	}
	return p.begin(p.join(p.root, r), r)
}

// begin is what a new bin of a state would be; nil stands for no state.
func (p *pool) begin(st *state, r *route) (prospect, answer) {
	if st == nil {
		return prospect{}, answerRefused
	}
	fresh := prospect{state: st, variants: st.offer.Variants.Clone(), minimums: p.binding(), fresh: true}
	fresh.variants.And(p.allowed)
	fresh.variants.AndNot(r.pools[p.index].taken)
	if !p.KeepFitting(fresh.variants, r.class.Requests) {
		return prospect{}, answerRefused
	}
	held, said := p.reserve(fresh)
	fresh.held = held
	return fresh, said
}

// charge takes the largest node the bin may become off the limits (SCH-202).
func (p *pool) charge(variants bitset.Set) {
	if len(p.remaining) == 0 {
		return
	}
	var largest resource.Vector
	for i := range variants.All() {
		largest = largest.Raise(p.Catalogue.Type(p.Catalogue.TypeOf(i)).Capacity)
	}
	p.limit(p.remaining.Charge(largest))
}
