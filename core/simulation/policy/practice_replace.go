// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/disrupt"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/core/simulation"
)

// spotChoices is how many types must be cheaper for one spot node to replace
// another, and how many of them are kept (DIS-085).
const spotChoices = 15

// change is nodes to give up for at most one other.
type change struct {
	method string
	nodes  []disrupt.Node
	claim  *v1.NodeClaim // nil for none
}

func (c *change) commands() []simulation.Command {
	if c == nil {
		return nil
	}
	out := simulation.Command{Method: c.method, Wait: disrupt.ValidationWait}
	for _, n := range c.nodes {
		out.Nodes = append(out.Nodes, n.ID)
	}
	if c.claim != nil {
		out.Replacements = []*v1.NodeClaim{c.claim}
	}
	return []simulation.Command{out}
}

// consolidate gives up nodes together if their pods run elsewhere, or on one
// machine that is cheaper than all of them (DIS-076); nil otherwise.
func (s *search) consolidate(nodes []disrupt.Node, method string) (*change, error) {
	v := s.view
	s.took += time.Duration(v.Nodes()) * whatIfPerNode
	ids := make([]string, len(nodes))
	for i, n := range nodes {
		ids[i] = n.ID
	}
	what, err := v.WithoutNodes(ids...)
	if err != nil || what.Stuck || len(what.Bins) > 1 {
		return nil, err
	}
	out := &change{method: method, nodes: nodes}
	if len(what.Bins) == 0 {
		return out, nil
	}
	x := exchange{view: v, nodes: nodes, bin: &what.Bins[0], method: method}
	kept, capacityType := x.types()
	if len(kept) == 0 {
		return nil, nil
	}
	bin := *x.bin
	bin.Types = nil
	for _, i := range kept {
		bin.Types = append(bin.Types, x.bin.Types[i])
	}
	if out.claim, err = v.NodeClaim(&bin); err != nil {
		return nil, err
	}
	pin(out.claim, capacityType)
	return out, nil
}

// exchange is nodes that would be replaced by a bin.
type exchange struct {
	view   *simulation.View
	nodes  []disrupt.Node
	bin    *place.Bin
	method string
}

// types are the indexes, into those of the bin, of the types that may replace the
// nodes, and the capacity type as which they are bought (DIS-077 to DIS-085).
func (x exchange) types() (kept []int, capacityType string) {
	total, allSpot := 0.0, true
	for _, n := range x.nodes {
		total += n.Price
		allSpot = allSpot && x.view.CapacityType(n.ID) == v1.CapacityTypeSpot
	}
	if x.bin.Price >= total {
		return nil, "" // the cheapest is not cheaper
	}
	types, wanted := x.view.Types(x.bin), x.view.Requirements(x.bin)
	capacityType = v1.CapacityTypeOnDemand
	for _, sold := range []string{v1.CapacityTypeOnDemand, v1.CapacityTypeSpot} {
		only := wanted.With(requirement.In(label.CapacityType, sold))
		if below := x.below(types, only, total); len(below) > 0 {
			kept, capacityType = below, sold // spot, where there is any
		}
	}
	if x.method == multi {
		kept = x.belowOwn(types, kept, wanted.With(requirement.In(label.CapacityType, capacityType)))
	} else if allSpot && capacityType == v1.CapacityTypeSpot {
		if len(kept) < spotChoices {
			return nil, ""
		}
		kept = kept[:spotChoices]
	}
	return kept, capacityType
}

// below are the types whose worst price is below a price.
func (x exchange) below(types []*cloudprovider.InstanceType, wanted requirement.Requirements, price float64) (kept []int) {
	for i, it := range types {
		if it.Offerings.Available().Cheapest().Price < price && it.Offerings.Available().WorstLaunchPrice(wanted, x.view.WellKnown) < price {
			kept = append(kept, i)
		}
	}
	return kept
}

// belowOwn keeps the types that are cheaper than the cheapest of the nodes whose
// type is among them: anything else would be no change but of the others.
func (x exchange) belowOwn(types []*cloudprovider.InstanceType, kept []int, wanted requirement.Requirements) []int {
	ceiling, some := 0.0, false
	for _, n := range x.nodes {
		own := x.view.Type(n.ID)
		if slices.ContainsFunc(kept, func(i int) bool { return types[i] == own }) && (!some || n.Price < ceiling) {
			ceiling, some = n.Price, true
		}
	}
	if !some {
		return kept
	}
	return slices.DeleteFunc(slices.Clone(kept), func(i int) bool {
		return types[i].Offerings.Available().WorstLaunchPrice(wanted, x.view.WellKnown) >= ceiling
	})
}

// pin has a NodeClaim be bought as one capacity type.
func pin(claim *v1.NodeClaim, capacityType string) {
	claim.Spec.Requirements = slices.DeleteFunc(claim.Spec.Requirements, func(r v1.NodeSelectorRequirementWithMinValues) bool {
		return r.Key == v1.CapacityTypeLabelKey
	})
	claim.Spec.Requirements = append(claim.Spec.Requirements, v1.NodeSelectorRequirementWithMinValues{
		Key: v1.CapacityTypeLabelKey, Operator: corev1.NodeSelectorOpIn, Values: []string{capacityType},
	})
}

// typesOf are the names of the instance types that a NodeClaim lists.
func typesOf(claim *v1.NodeClaim) []string {
	for _, r := range claim.Spec.Requirements {
		if r.Key == corev1.LabelInstanceTypeStable {
			return r.Values
		}
	}
	return nil
}

// within reports whether all names are those of some types.
func within(names []string, types []*cloudprovider.InstanceType) bool {
	return !slices.ContainsFunc(names, func(name string) bool {
		return !slices.ContainsFunc(types, func(it *cloudprovider.InstanceType) bool { return it.Name == name })
	})
}
