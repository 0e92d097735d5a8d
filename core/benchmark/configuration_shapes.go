// SPDX-License-Identifier: Apache-2.0

package benchmark

import (
	"cmp"
	"math"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/core/cloudprovider"
)

// amount is CPU, memory and pods, scaled by powers of two, so that sums of
// whole amounts stay exact and none is much larger than others.
type amount [3]float64

func (a amount) fits(room amount) bool {
	return a[0] <= room[0] && a[1] <= room[1] && a[2] <= room[2]
}

func (a amount) worth(prices amount) float64 {
	return a[0]*prices[0] + a[1]*prices[1] + a[2]*prices[2]
}

func amountOf(r corev1.ResourceList) amount {
	return amount{float64(r.Cpu().MilliValue()) / (1 << 10), float64(r.Memory().Value()) / (1 << 32), float64(r.Pods().Value()) / (1 << 3)}
}

// shape is pods that ask for the same.
type shape struct {
	amount
	count float64
}

// copies is how many of the shape there are that fit into a room.
func (sh *shape) copies(room amount) float64 {
	n := sh.count
	for k, x := range sh.amount {
		if x > 0 {
			n = min(n, math.Floor(room[k]/x))
		}
	}
	return n
}

func shapesOf(pods []*corev1.Pod) []shape {
	count := map[amount]float64{}
	for _, p := range pods {
		sum := amount{2: 1.0 / (1 << 3)}
		for _, c := range p.Spec.Containers {
			for k, x := range amountOf(c.Resources.Requests) {
				sum[k] += x
			}
		}
		count[sum]++
	}
	var out []shape
	for a, n := range count {
		out = append(out, shape{a, n})
	}
	slices.SortFunc(out, func(a, b shape) int { return slices.Compare(a.amount[:], b.amount[:]) })
	return out
}

// machine is what a type has room for, and its price.
type machine struct {
	room  amount
	price float64
}

// machinesOf lists the types that can be had and of which no other has as much
// room for as little money, larger ones first.
func machinesOf(types []*cloudprovider.InstanceType) []machine {
	var all, out []machine
	for _, it := range types {
		price := math.Inf(1)
		for _, o := range it.Offerings {
			if o.Available {
				price = min(price, o.Price)
			}
		}
		if !math.IsInf(price, 1) {
			all = append(all, machine{amountOf(it.Allocatable()), price})
		}
	}
	slices.SortFunc(all, func(a, b machine) int {
		return cmp.Or(cmp.Compare(a.price, b.price), -slices.Compare(a.room[:], b.room[:]))
	})
	for _, m := range all { // whoever makes one superfluous comes before it, or is as large for the same price
		if !slices.ContainsFunc(out, func(o machine) bool { return m.room.fits(o.room) }) {
			out = append(out, m)
		}
	}
	slices.Reverse(out)
	return out
}
