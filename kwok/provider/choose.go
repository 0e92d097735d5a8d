// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"fmt"
	"math"
	"slices"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/requirement"
)

// choice is what a launch buys.
type choice struct {
	instanceType *cloudprovider.InstanceType
	offering     *cloudprovider.Offering
}

// wanted is what a launch is chosen by.
type wanted struct {
	cloudprovider.LaunchRequest
	// listed are the type names that the NodeClaim lists, in its order; nil when
	// it lists none, which leaves the choice among all types.
	listed []string
	// draw chooses among equals.
	draw uint64
}

// listedTypes are the type names that both the requirements and the entry of the
// NodeClaim allow (KWOK-018).
func listedTypes(reqs requirement.Requirements, written []string) []string {
	types, ok := reqs.Get(label.InstanceType)
	if !ok || types.Operator() != requirement.OpIn {
		return nil
	}
	listed := slices.DeleteFunc(slices.Clone(written), func(name string) bool { return !types.Has(name) })
	if len(listed) < len(types.Values()) {
		return types.Values()
	}
	return listed
}

// check returns an error that names a listed type which is not on sale.
func (v *view) check(listed []string) error {
	for _, name := range listed {
		if _, ok := v.byName[name]; !ok {
			return fmt.Errorf("instance type not found: %s", name)
		}
	}
	return nil
}

// choose returns the cheapest offering that serves the launch (KWOK-019): of
// types with equal prices the first listed, of equal offerings the one that is
// drawn. It is false when none serves.
//
// Types are looked at by price, so it ends at the first one that cannot be
// cheaper than what was found.
func (v *view) choose(w wanted) (choice, bool) {
	best := candidate{price: math.Inf(1)}
	for _, i := range v.byPrice {
		if v.floor[i] > best.price || math.IsInf(v.floor[i], 1) {
			break
		}
		c := v.candidate(i, w)
		if c.offerings != nil && (c.price < best.price || (c.price == best.price && c.place < best.place)) {
			best = c
		}
	}
	if best.offerings == nil {
		return choice{}, false
	}
	offering := best.offerings[w.draw%uint64(len(best.offerings))]
	return choice{best.instanceType, offering}, true
}

// candidate is the best that one type offers.
type candidate struct {
	instanceType *cloudprovider.InstanceType
	// offerings are the cheapest ones; nil if none serves.
	offerings cloudprovider.Offerings
	price     float64
	// place is where the type is listed.
	place int
}

func (v *view) candidate(i int, w wanted) candidate {
	it, place := v.types[i], i
	if w.listed != nil {
		if place = slices.Index(w.listed, it.Name); place < 0 {
			return candidate{}
		}
	}
	launchable := it.Launchable(w.LaunchRequest)
	cheapest := launchable.Cheapest()
	if cheapest == nil {
		return candidate{}
	}
	equal := slices.DeleteFunc(launchable, func(o *cloudprovider.Offering) bool { return o.Price != cheapest.Price })
	return candidate{instanceType: it, offerings: equal, price: cheapest.Price, place: place}
}
