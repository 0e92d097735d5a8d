// SPDX-License-Identifier: Apache-2.0

package cloudprovider

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"karpenter.sh/core/engine/requirement"
)

// InstanceTypes is a list of instance types. Its methods leave it as it is and
// return lists of their own.
type InstanceTypes []*InstanceType

// Compatible returns, in the same order, the types with an available offering
// that a machine with these requirements may use (CP-057).
func (its InstanceTypes) Compatible(reqs requirement.Requirements, open requirement.MayBeUndefined) InstanceTypes {
	out := make(InstanceTypes, 0, len(its))
	for _, it := range its {
		if it.Offerings.Available().HasCompatible(reqs, open) {
			out = append(out, it)
		}
	}
	return out
}

// OrderByPrice returns the types by their lowest price among the available
// offerings that these requirements allow, those without one last; equal prices
// are ordered by name (CP-056).
func (its InstanceTypes) OrderByPrice(reqs requirement.Requirements, open requirement.MayBeUndefined) InstanceTypes {
	type priced struct {
		it    *InstanceType
		price float64
	}
	byPrice := make([]priced, len(its))
	for i, it := range its {
		byPrice[i] = priced{it, it.lowestPrice(reqs, open)}
	}
	slices.SortFunc(byPrice, func(a, b priced) int {
		return cmp.Or(cmp.Compare(a.price, b.price), strings.Compare(a.it.Name, b.it.Name))
	})
	out := make(InstanceTypes, len(its))
	for i := range byPrice {
		out[i] = byPrice[i].it
	}
	return out
}

func (it *InstanceType) lowestPrice(reqs requirement.Requirements, open requirement.MayBeUndefined) float64 {
	lowest := math.Inf(1)
	for _, o := range it.Offerings {
		if o.Available && o.Price < lowest && o.CompatibleWith(reqs, open) {
			lowest = o.Price
		}
	}
	return lowest
}

// RunningNode is what the labels of a Node tell about how it was bought.
type RunningNode struct {
	InstanceType string
	Zone         string
	CapacityType string
}

// PriceOf returns the price of a running node, whether or not it could be
// bought again; false means unknown, which is not the same as free (CP-060).
func (its InstanceTypes) PriceOf(node RunningNode) (float64, bool) {
	for _, it := range its {
		if it.Name == node.InstanceType {
			return it.priceOf(node)
		}
	}
	return 0, false
}

func (it *InstanceType) priceOf(node RunningNode) (float64, bool) {
	for _, o := range it.Offerings {
		if o.Zone() == node.Zone && o.CapacityType() == node.CapacityType {
			return o.Price, true
		}
	}
	return 0, false
}
