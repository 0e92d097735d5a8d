// SPDX-License-Identifier: Apache-2.0

package disrupt

import (
	"karpenter.sh/core/engine/bitset"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/pack"
	"karpenter.sh/core/engine/resource"
)

// values are what the pods of nodes are worth that need machines: at such prices of resources that no
// machine which is for sale holds more than it costs. So no machines that hold the
// pods cost less (the dual of the linear relaxation).
type values struct {
	snapshot *model.Snapshot
	requests map[*Node][]float64
	total    []float64
	prices   []float64 // of one unit of each resource, made when first asked for
}

// learn notes what the pods of a node request, but for those that have room elsewhere.
func (v *values) learn(n *Node, l look) {
	asked := l.asked
	if v.requests == nil {
		v.requests = map[*Node][]float64{}
	}
	v.snapshot = asked.Snapshot
	sum := make([]float64, asked.Snapshot.Names.Len())
	placed := bitset.New(len(asked.Pods))
	for _, p := range l.plan.Placements {
		placed = placed.Add(p.Pod)
	}
	for pod := range asked.Moved.All() {
		if placed.Has(pod) {
			continue
		}
		for id, amount := range asked.Pods[pod].Class.Requests {
			sum[id] += float64(amount)
		}
	}
	for len(v.total) < len(sum) {
		v.total = append(v.total, 0)
	}
	for id, amount := range sum {
		v.total[id] += amount
	}
	v.requests[n] = sum
}

// of is what the pods of a node are worth per hour.
func (v *values) of(n *Node) float64 {
	if v.prices == nil {
		v.prices = v.price()
	}
	worth := 0.0
	for id, amount := range v.requests[n] {
		worth += amount * v.prices[id]
	}
	return worth
}

func (v *values) price() []float64 {
	var rooms [][]int64
	var prices []float64
	for i := range v.snapshot.Pools {
		t := v.snapshot.Pools[i].Template
		markets := t.Catalogue.Offered(t.Wanted, t.Open).Markets
		for variant := range t.Catalogue.Variants() {
			rooms = append(rooms, padded(t.Room(variant), len(v.total)))
			prices = append(prices, t.Catalogue.Price(variant, markets))
		}
	}
	return pack.Prices(v.total, rooms, prices)
}

func padded(v resource.Vector, n int) []int64 {
	out := make([]int64, n)
	copy(out, v)
	return out
}
