// SPDX-License-Identifier: Apache-2.0

package cloudprovider

import (
	"math"

	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/requirement"
)

// reservedDiscount makes reserved capacity effectively free and still ordered
// by size (CP-065).
const reservedDiscount = 10_000_000

// capacityTypePreference is the order in which capacity is bought (CP-014).
func capacityTypePreference() [3]string {
	return [3]string{label.Reserved, label.Spot, label.OnDemand}
}

// ReservedPrice is the price of reserved capacity, given the on-demand price or
// 0 if that is unknown (CP-065).
func ReservedPrice(onDemand float64) float64 { return onDemand / reservedDiscount }

// Cheapest returns the offering with the lowest price, the first of equals; nil
// for an empty list (CP-058).
func (os Offerings) Cheapest() *Offering {
	return os.best(func(a, b float64) bool { return a < b })
}

// MostExpensive returns the offering with the highest price, the first of
// equals; nil for an empty list (CP-058).
func (os Offerings) MostExpensive() *Offering {
	return os.best(func(a, b float64) bool { return a > b })
}

func (os Offerings) best(better func(a, b float64) bool) *Offering {
	var best *Offering
	for _, o := range os {
		if best == nil || better(o.Price, best.Price) {
			best = o
		}
	}
	return best
}

// PreferredCapacityType is the capacity type to buy among these offerings:
// reserved before spot before on-demand (CP-014); empty for an empty list.
func (os Offerings) PreferredCapacityType() string {
	for _, capacityType := range capacityTypePreference() {
		for _, o := range os {
			if o.CapacityType() == capacityType {
				return capacityType
			}
		}
	}
	return ""
}

// WorstLaunchPrice is the most that a launch with these requirements may cost:
// the highest price within the capacity type that would be bought, +Inf when
// nothing is compatible (CP-059). Call it on available offerings.
func (os Offerings) WorstLaunchPrice(reqs requirement.Requirements, open requirement.MayBeUndefined) float64 {
	compatible := os.Compatible(reqs, open)
	worst := compatible.OfCapacityType(compatible.PreferredCapacityType()).MostExpensive()
	if worst == nil {
		return math.Inf(1)
	}
	return worst.Price
}
