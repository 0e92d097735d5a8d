// SPDX-License-Identifier: Apache-2.0

package nodeclass

import (
	"slices"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/requirement"
	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/choice"
	"karpenter.sh/providers/aws/image"
)

// Trial is what the type is chosen from that a dry run asks for (AWS-089).
type Trial struct {
	NodeClass *v1.EC2NodeClass
	// Types are those of the NodeClass.
	Types []*cloudprovider.InstanceType
	// Pools are the requirements of the NodePools that use the NodeClass.
	Pools []requirement.Requirements
	// Incompatible says why a type does not suit the NodeClass; empty if it does.
	Incompatible func(instanceType string) (string, error)
}

// Choose returns a launch of one type on demand, with an offering for each zone that has
// a subnet. The error is ErrNoTypes if no type suits.
func (t Trial) Choose() (choice.Choice, error) {
	it, err := t.choose()
	if err != nil {
		return choice.Choice{}, err
	}
	return choice.Choice{
		CapacityType: label.OnDemand, Tenancy: tenancyOf(t.Pools),
		Candidates: []choice.Candidate{{Type: it, Offerings: onDemand(t.NodeClass, it)}},
	}, nil
}

// choose takes a type that a NodePool of the NodeClass may launch, else a common one, else
// any; rather one that boots a standard image. Whether a type suits the NodeClass is asked
// last, because that costs most.
func (t Trial) choose() (*cloudprovider.InstanceType, error) {
	wanted := func(it *cloudprovider.InstanceType) bool {
		return slices.ContainsFunc(t.Pools, it.Requirements.Overlaps)
	}
	if family, _ := t.NodeClass.Family(); v1.IsWindows(family) {
		wanted = func(*cloudprovider.InstanceType) bool { return false }
	}
	common := func(it *cloudprovider.InstanceType) bool { return it.Name == "m5.large" || it.Name == "m6g.large" }
	anyType := func(*cloudprovider.InstanceType) bool { return true }
	for _, which := range []func(*cloudprovider.InstanceType) bool{wanted, common, anyType} {
		var second *cloudprovider.InstanceType
		for _, it := range t.Types {
			if !which(it) || second != nil && !standard(it) {
				continue
			}
			suits, err := t.suits(it)
			switch {
			case err != nil:
				return nil, err
			case suits && standard(it):
				return it, nil
			case suits:
				second = it
			}
		}
		if second != nil {
			return second, nil
		}
	}
	return nil, ErrNoTypes
}

// suits reports whether a type could be launched with the NodeClass, were it in stock.
func (t Trial) suits(it *cloudprovider.InstanceType) (bool, error) {
	if len(onDemand(t.NodeClass, it)) == 0 {
		return false, nil
	}
	if _, bootable := image.For(t.NodeClass.Status.AMIs, it.Requirements); !bootable {
		return false, nil
	}
	why, err := t.Incompatible(it.Name)
	return err == nil && why == "", err
}

// standard holds for types without accelerators, which boot the standard image.
func standard(it *cloudprovider.InstanceType) bool {
	for _, key := range []string{v1.LabelInstanceGPUCount, v1.LabelInstanceAcceleratorCount} {
		if r, there := it.Requirements.Get(key); there && r.Operator() == requirement.OpIn {
			return false
		}
	}
	return true
}

// onDemand are the on-demand offerings of a type, one for each zone with a subnet of the
// NodeClass, also those that cannot be had right now: a dry run buys nothing.
func onDemand(nodeClass *v1.EC2NodeClass, it *cloudprovider.InstanceType) cloudprovider.Offerings {
	open := map[string]bool{}
	for _, s := range nodeClass.Status.Subnets {
		open[s.Zone] = true
	}
	var out cloudprovider.Offerings
	for _, o := range it.Offerings {
		if o.CapacityType() == label.OnDemand && open[o.Zone()] {
			open[o.Zone()] = false
			out = append(out, o)
		}
	}
	return out
}

// tenancyOf is dedicated if some NodePool may ask for it (AWS-089).
func tenancyOf(pools []requirement.Requirements) string {
	for _, pool := range pools {
		if r, there := pool.Get(v1.LabelInstanceTenancy); there && r.Has(v1.TenancyDedicated) {
			return v1.TenancyDedicated
		}
	}
	return v1.TenancyDefault
}
