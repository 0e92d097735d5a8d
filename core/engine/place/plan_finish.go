// SPDX-License-Identifier: Apache-2.0

package place

import (
	"slices"

	"karpenter.sh/core/engine/bitset"
	"karpenter.sh/core/engine/constraint"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/reason"
	"karpenter.sh/core/engine/resource"
)

// plan turns the run into its answer.
func (s *solver) plan() Plan {
	cut := map[int]reason.List{}
	p := Plan{Placements: s.placements(cut)}
	for _, b := range s.bins {
		b.pin()
		finished, kept := b.finish()
		if m, short := b.pool.short(b.minimums, kept, b.pool.pins(b.held)); short && !b.relaxed && s.in.MinValues.Strict() {
			why := reason.List{{Cause: reason.MinValuesCut, Pool: b.pool.Pool, Detail: b.pool.vocabulary.KeyName(m.Key)}}
			for _, pod := range b.pods {
				s.done.Remove(pod)
				cut[pod] = why
			}
			continue
		}
		p.Bins = append(p.Bins, finished)
	}
	p.Unplaced, p.Deferred = s.explain(cut)
	return p
}

// finish ends the bin and returns the variants of the types it lists.
func (b *bin) finish() (Bin, bitset.Set) {
	types := b.types()
	kept := bitset.New(b.pool.Catalogue.Variants())
	listed := bitset.New(b.pool.Catalogue.Len())
	for _, t := range types {
		listed = listed.Add(t)
	}
	for i := range b.variants.All() {
		if listed.Has(b.pool.Catalogue.TypeOf(i)) {
			kept = kept.Add(i)
		}
	}
	return Bin{
		Pool:         b.pool.index,
		Pods:         b.pods,
		Requirements: slices.Clone(b.state.wanted),
		Types:        types,
		Markets:      copies(b.pool.Catalogue.Markets(kept, b.state.offer.Markets)),
		Price:        b.price(),
		Minimums:     slices.Clone(b.minimums),
		Relaxed:      b.relaxed,
		Requests:     b.used.Clone().Add(b.leastOverhead(kept)),
	}, kept
}

// copies share nothing with the catalogue: a plan belongs to its caller.
func copies(in []constraint.Sets) []constraint.Sets {
	for i := range in {
		in[i] = slices.Clone(in[i])
	}
	return in
}

// types lists the bin's types by price, at most MaxTypes.
func (b *bin) types() []int {
	seen := bitset.New(b.pool.Catalogue.Len())
	var out []int
	for _, i := range b.pool.Catalogue.ByPrice(b.state.offer.Markets) {
		t := b.pool.Catalogue.TypeOf(int(i))
		if b.variants.Has(int(i)) && !seen.Has(t) && len(out) < MaxTypes {
			seen = seen.Add(t)
			out = append(out, t)
		}
	}
	return out
}

func (b *bin) price() float64 {
	for _, i := range b.pool.Catalogue.ByPrice(b.state.offer.Markets) {
		if b.variants.Has(int(i)) {
			return b.pool.Catalogue.Price(int(i), b.state.offer.Markets)
		}
	}
	return 0
}

// leastOverhead is the element-wise minimum of the daemon overhead (SCH-234).
func (b *bin) leastOverhead(variants bitset.Set) resource.Vector {
	var least resource.Vector
	first := true
	for i := range variants.All() {
		o := b.pool.OverheadOf(i)
		if first {
			least, first = o.Clone(), false
			continue
		}
		for id := range least {
			least[id] = min(least[id], o.Get(resource.ID(id)))
		}
	}
	return least
}

// explain lists the pods without a place, in the order of the input, each with
// the reasons of its class or, if its bin was dropped, of that; and those that
// wait for a reservation.
func (s *solver) explain(dropped map[int]reason.List) (out []Unplaced, waiting []int) {
	why := map[*model.Class]reason.List{}
	for pod := range s.in.Pods {
		if s.done.Has(pod) {
			continue
		}
		if s.waiting.Has(pod) {
			waiting = append(waiting, pod)
			continue
		}
		if list, ok := dropped[pod]; ok {
			out = append(out, Unplaced{Pod: pod, Why: list})
			continue
		}
		if list := nowhere(&s.in.Pods[pod]); list != nil {
			out = append(out, Unplaced{Pod: pod, Why: list})
			continue
		}
		c := s.in.Pods[pod].Class
		if _, known := why[c]; !known {
			why[c] = s.reasons(c)
		}
		out = append(out, Unplaced{Pod: pod, Why: s.attachReasons(why[c], pod)})
	}
	return out, waiting
}
