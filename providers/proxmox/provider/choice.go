// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"cmp"
	"slices"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/providers/proxmox/placement"
)

// wanted is a type that a launch may buy, through any of some offerings.
type wanted struct {
	*cloudprovider.InstanceType
	offerings cloudprovider.Offerings
}

// choose are the types that serve a launch, in the order in which they are tried: by
// capacity type, then price, then name (CP-013 to CP-015, PVE-060).
func choose(types []*cloudprovider.InstanceType, r cloudprovider.LaunchRequest) []wanted {
	var out []wanted
	for _, it := range types {
		if offerings := it.Launchable(r); len(offerings) > 0 {
			out = append(out, wanted{it, offerings})
		}
	}
	out = withoutDearSpot(out, r)
	slices.SortFunc(out, func(a, b wanted) int {
		return cmp.Or(cmp.Compare(a.rank(), b.rank()), cmp.Compare(a.price(), b.price()), cmp.Compare(a.Name, b.Name))
	})
	return out
}

// price is that of the cheapest offering.
func (w wanted) price() float64 { return w.offerings.Cheapest().Price }

// rank is the place of the capacity type: all offerings of a type have the same.
func (w wanted) rank() int {
	return slices.Index([]string{label.Reserved, label.Spot, label.OnDemand}, w.offerings[0].CapacityType())
}

// withoutDearSpot leaves out what costs more as spot than the cheapest on demand, unless
// many types are wanted (CP-015).
func withoutDearSpot(types []wanted, r cloudprovider.LaunchRequest) []wanted {
	for req := range r.Requirements.Each() {
		if req.MinValues() > 0 {
			return types
		}
	}
	cheapest := -1.0
	for _, w := range types {
		if w.offerings[0].CapacityType() == label.OnDemand && (cheapest < 0 || w.price() < cheapest) {
			cheapest = w.price()
		}
	}
	return slices.DeleteFunc(types, func(w wanted) bool {
		return cheapest >= 0 && w.offerings[0].CapacityType() == label.Spot && w.price() > cheapest
	})
}

// entriesOf are the selected hosts that a type may be bought on.
func (w wanted) entriesOf(selected []placement.Entry) []placement.Entry {
	var out []placement.Entry
	for _, e := range selected {
		if w.offering(e) != nil {
			out = append(out, e)
		}
	}
	return out
}

// offering is that of a host; nil: it may not be bought there.
func (w wanted) offering(on placement.Entry) *cloudprovider.Offering {
	for _, o := range w.offerings {
		if zone := zoneOf(o); zone.Region == on.Region && zone.Host == on.Host {
			return o
		}
	}
	return nil
}
