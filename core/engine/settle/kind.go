// SPDX-License-Identifier: Apache-2.0

package settle

import (
	"math"

	"karpenter.sh/core/engine/constraint"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/pack"
	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/engine/resource"
)

// kind is the bins of a pool that ask for the same of a machine, and what
// machines of that kind are worth.
type kind struct {
	pool         *model.Pool
	index        int // of the pool
	requirements constraint.Sets
	offer        model.Offer
	demand       resource.Vector
	seen         map[*model.Class]bool
	shapes       []resource.Vector // of the classes seen

	ids     []resource.ID // that anything is asked of
	value   []float64     // of a unit of each to the pods at hand
	usual   []float64     // of a unit of each to pods that ask for what is sold
	alone   float64       // least price for a pod of the only shape; 0 with several
	largest float64       // price per hour of the largest machine worth buying
}

func newKind(p *model.Pool, b *place.Bin) *kind {
	return &kind{
		pool: p, index: b.Pool, requirements: b.Requirements, offer: p.Catalogue.Meeting(b.Requirements, p.Open),
		seen: map[*model.Class]bool{},
	}
}

// price puts a value on each resource: what the demand would cost if machines
// could be bought in parts.
func (k *kind) price() {
	var demand []float64
	for id, n := range k.demand {
		if n > 0 {
			k.ids, demand = append(k.ids, resource.ID(id)), append(demand, float64(n))
		}
	}
	var rooms [][]int64
	var prices []float64
	for i := range k.offer.Variants.All() {
		rooms = append(rooms, k.project(k.pool.Room(i)))
		prices = append(prices, k.pool.Catalogue.Price(i, k.offer.Markets))
	}
	k.value = pack.Prices(demand, rooms, prices)
	sold := make([]float64, len(k.ids))
	for i, room := range rooms {
		if prices[i]*(1-slack) <= valueOf(k.value, room) {
			k.largest = math.Max(k.largest, prices[i])
		}
		for id, n := range room {
			sold[id] += float64(n)
		}
	}
	k.usual = pack.Prices(sold, rooms, prices)
	if len(k.shapes) == 1 {
		k.alone = least(k.project(k.shapes[0]), rooms, prices)
	}
}

// least is the lowest price for one of many equal pods.
func least(shape []int64, rooms [][]int64, prices []float64) float64 {
	out := math.Inf(1)
	for m, room := range rooms {
		n := int64(math.MaxInt64)
		for id, amount := range shape {
			if amount > 0 {
				n = min(n, room[id]/amount)
			}
		}
		if n > 0 {
			out = min(out, prices[m]/float64(n))
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

// weighty reports whether a bin is as large as those that more pods would get, or
// holds many pods and is no smaller than all that left before it: a few pods that
// come now and then do not get a row of small machines.
func (k *kind) weighty(b *place.Bin, left float64) bool {
	return b.Price >= large*k.largest || len(b.Pods) >= crowd && b.Price >= left
}

// worth reports whether what a bin holds would cost as much in any other company.
func (k *kind) worth(b *place.Bin, load resource.Vector) bool {
	amounts := k.project(load)
	value := max(valueOf(k.value, amounts), k.alone*float64(len(b.Pods)))
	return b.Price*(1-slack) <= value && valueOf(k.usual, k.project(k.roomOf(b)))*(1-Odd) <= valueOf(k.usual, amounts)
}

// roomOf is what the bin's cheapest machine has for pods.
func (k *kind) roomOf(b *place.Bin) resource.Vector {
	for _, i := range k.pool.Catalogue.ByPrice(k.offer.Markets) {
		t := k.pool.Catalogue.TypeOf(int(i))
		if k.offer.Variants.Has(int(i)) && t == b.Types[0] {
			return k.pool.Room(int(i))
		}
	}
	return nil
}

// overlaps reports whether a machine of one kind could hold pods of the other.
func (k *kind) overlaps(o *kind) bool {
	both := k.offer.Variants.Clone()
	both.And(o.offer.Variants)
	return !both.Empty()
}
