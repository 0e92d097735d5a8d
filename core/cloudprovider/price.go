// SPDX-License-Identifier: Apache-2.0

package cloudprovider

import (
	"fmt"
	"math"
	"strconv"
	"strings"

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

// AdjustPrice applies a NodeOverlay's price or adjustment to a price (CP-067):
// empty keeps it, a number replaces it, a signed number is added, a signed
// percentage scales it. The result is never negative.
func AdjustPrice(price float64, adjustment string) (float64, error) {
	if adjustment == "" {
		return price, nil
	}
	number, percent := strings.CutSuffix(adjustment, "%")
	n, err := strconv.ParseFloat(number, 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
		return 0, fmt.Errorf("price adjustment %q is not a number or percentage", adjustment)
	}
	signed := number[0] == '+' || number[0] == '-'
	switch {
	case percent && !signed:
		return 0, fmt.Errorf("price adjustment %q: a percentage takes a sign", adjustment)
	case percent:
		price *= 1 + n/100
	case signed:
		price += n
	default:
		price = n
	}
	return max(price, 0), nil
}
