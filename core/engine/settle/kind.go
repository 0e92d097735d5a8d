// SPDX-License-Identifier: Apache-2.0

package settle

import (
	"math"
	"slices"

	"karpenter.sh/core/engine/constraint"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/pack"
	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/engine/resource"
)

// kind is the bins of a pool that require the same of a machine, and what machines
// of that kind are worth.
type kind struct {
	pool         *model.Pool
	index        int // of the pool
	requirements constraint.Sets
	offer        model.Offer
	demand       resource.Vector
	seen         map[*model.Class]bool
	shapes       []resource.Vector // the classes' requests, each once

	ids     []resource.ID // of which the pods ask for any
	value   []float64     // price of a unit of each, for the pods at hand
	bare    []float64     // the same for pods that ask for nothing else
	alone   float64       // least price for a pod of the only shape; 0 with several
	largest float64       // price per hour of the largest machine worth buying
}

func newKind(p *model.Pool, b *place.Bin) *kind {
	return &kind{
		pool: p, index: b.Pool, requirements: b.Requirements, offer: p.Catalogue.Meeting(b.Requirements, p.Open),
		seen: map[*model.Class]bool{},
	}
}

// add counts a pod.
func (k *kind) add(c *model.Class) {
	k.demand = k.demand.Add(c.Requests)
	if k.seen[c] {
		return
	}
	k.seen[c] = true
	if !slices.ContainsFunc(k.shapes, c.Requests.Equal) {
		k.shapes = append(k.shapes, c.Requests)
	}
}

// market is the machines of a kind as far as its pods ask for what they have.
type market struct {
	rooms  [][]int64
	prices []float64
}

// price works out what resources and machines are worth.
func (k *kind) price() {
	var demand []float64
	for id, n := range k.demand {
		if n > 0 {
			k.ids, demand = append(k.ids, resource.ID(id)), append(demand, float64(n))
		}
	}
	var m market
	for i := range k.offer.Variants.All() {
		m.rooms = append(m.rooms, k.project(k.pool.Room(i)))
		m.prices = append(m.prices, k.pool.Catalogue.Price(i, k.offer.Markets))
	}
	k.value = pack.Prices(demand, m.rooms, m.prices)
	k.bare = m.bare(k.ids)
	for i, room := range m.rooms {
		if m.prices[i]*(1-slack) <= valueOf(k.value, room) {
			k.largest = math.Max(k.largest, m.prices[i])
		}
	}
	if len(k.shapes) == 1 {
		k.alone = m.least(k.project(k.shapes[0]))
	}
}

// bare prices a unit of each resource bought for itself. What machines have far
// more of than any use for is worth nothing.
func (m *market) bare(ids []resource.ID) []float64 {
	out := make([]float64, len(ids))
	for k, id := range ids {
		if id == resource.Pods || id == resource.EphemeralStorage {
			continue
		}
		out[k] = math.Inf(1)
		for i, room := range m.rooms {
			if room[k] > 0 {
				out[k] = min(out[k], m.prices[i]/float64(room[k]))
			}
		}
	}
	return out
}

// least is the lowest price for one of many pods of a shape.
func (m *market) least(shape []int64) float64 {
	out := math.Inf(1)
	for i, room := range m.rooms {
		n := int64(math.MaxInt64)
		for id, amount := range shape {
			if amount > 0 {
				n = min(n, room[id]/amount)
			}
		}
		if n > 0 {
			out = min(out, m.prices[i]/float64(n))
		}
	}
	return out
}

func (k *kind) project(v resource.Vector) []int64 {
	out := make([]int64, len(k.ids))
	for i, id := range k.ids {
		out[i] = max(0, v.Get(id))
	}
	return out
}

func valueOf(prices []float64, amounts []int64) (sum float64) {
	for i, n := range amounts {
		sum += prices[i] * float64(n)
	}
	return sum
}

// weighty reports whether a bin is as large as those that many pods get, or holds
// many and is no smaller than all that left before: a few pods that come now and
// then do not get a row of small machines.
func (k *kind) weighty(b *place.Bin, left float64) bool {
	return b.Price >= large*k.largest || len(b.Pods) >= crowd && b.Price >= left
}

// worth reports whether a bin's pods would cost as much in any other company.
func (k *kind) worth(b *place.Bin, load resource.Vector) bool {
	value := max(valueOf(k.value, k.project(load)), k.alone*float64(len(b.Pods)))
	return b.Price*(1-slack) <= value
}

// gaping reports whether pods of shapes that are not at hand would find much of a
// bin's machine unused.
func (k *kind) gaping(b *place.Bin, load resource.Vector) bool {
	return valueOf(k.bare, k.project(load)) < (1-idle)*valueOf(k.bare, k.project(k.roomOf(b)))
}

// roomOf is what the bin's cheapest machine has for pods.
func (k *kind) roomOf(b *place.Bin) resource.Vector {
	for _, i := range k.pool.Catalogue.ByPrice(k.offer.Markets) {
		if k.offer.Variants.Has(int(i)) && k.pool.Catalogue.TypeOf(int(i)) == b.Types[0] {
			return k.pool.Room(int(i))
		}
	}
	return nil
}

// overlaps reports whether some machine is of both kinds.
func (k *kind) overlaps(o *kind) bool {
	return k.index == o.index && k.offer.Variants.Intersects(o.offer.Variants)
}
