// SPDX-License-Identifier: Apache-2.0

package wiring

import (
	"context"
	"errors"
	"fmt"
	"slices"

	karpv1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/requirement"
	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/blueprint"
	"karpenter.sh/providers/aws/choice"
	"karpenter.sh/providers/aws/fleet"
	"karpenter.sh/providers/aws/image"
	"karpenter.sh/providers/aws/nodeclass"
	"karpenter.sh/providers/aws/placement"
)

// errNoGroup keeps launches from being tried outside of a placement group (AWS-360).
var errNoGroup = errors.New("the placement group is not resolved")

// trial is a launch of one type in every zone, for a dry run (AWS-088, AWS-089).
func (p *Parts) trial(ctx context.Context, nodeClass *v1.EC2NodeClass) (fleet.Request, error) {
	group, known := p.Placement.Last(nodeClass)
	if !known {
		return fleet.Request{}, errNoGroup
	}
	types, err := p.Types.List(ctx, nodeClass, group)
	if err != nil {
		return fleet.Request{}, err
	}
	pools, err := p.poolsOf(ctx, nodeClass)
	if err != nil {
		return fleet.Request{}, err
	}
	it, err := trials{p.Types, nodeClass, group}.choose(types, pools)
	if err != nil {
		return fleet.Request{}, err
	}
	facts, err := p.facts(ctx, nodeClass)
	if err != nil {
		return fleet.Request{}, err
	}
	return blueprint.Request(blueprint.Input{
		Facts: facts, NodeClass: nodeClass, NodeClaim: &karpv1.NodeClaim{}, Group: group, Machines: p.Types,
		Choice: choice.Choice{
			CapacityType: label.OnDemand, Tenancy: tenancyOf(pools),
			Candidates: []choice.Candidate{{Type: it, Offerings: onDemand(nodeClass, it)}},
		},
	})
}

// poolsOf are the requirements of the managed NodePools that use a NodeClass.
func (p *Parts) poolsOf(ctx context.Context, nodeClass *v1.EC2NodeClass) ([]requirement.Requirements, error) {
	var pools karpv1.NodePoolList
	if err := p.Client.List(ctx, &pools); err != nil {
		return nil, fmt.Errorf("listing the NodePools of EC2NodeClass %s: %w", nodeClass.Name, err)
	}
	var out []requirement.Requirements
	for i := range pools.Items {
		template := pools.Items[i].Spec.Template
		if !p.Kinds.Manages(template.Spec.NodeClassRef) || template.Spec.NodeClassRef.Name != nodeClass.Name {
			continue
		}
		written := slices.Clone(template.Spec.Requirements)
		for key, value := range template.ObjectMeta.Labels {
			written = append(written, karpv1.NodeSelectorRequirementWithMinValues{Key: key, Operator: "In", Values: []string{value}})
		}
		if reqs, err := cloudprovider.RequirementsOf(written, p.Provider.Words()); err == nil { // else the NodePool itself says what is wrong
			out = append(out, reqs)
		}
	}
	return out, nil
}

// trials choose the type that is tried.
type trials struct {
	types interface {
		Incompatible(nodeClass *v1.EC2NodeClass, group *placement.Group, instanceType string) (string, error)
	}
	nodeClass *v1.EC2NodeClass
	group     *placement.Group
}

// choose is AWS-089: a type that a NodePool of the NodeClass may launch, else a common
// one, else any; rather one that boots a standard image. Whether a type suits the
// NodeClass is asked last, because that costs most.
func (t trials) choose(types []*cloudprovider.InstanceType, pools []requirement.Requirements) (*cloudprovider.InstanceType, error) {
	wanted := func(it *cloudprovider.InstanceType) bool {
		return slices.ContainsFunc(pools, it.Requirements.Overlaps)
	}
	if family, _ := t.nodeClass.Family(); v1.IsWindows(family) {
		wanted = func(*cloudprovider.InstanceType) bool { return false }
	}
	common := func(it *cloudprovider.InstanceType) bool { return it.Name == "m5.large" || it.Name == "m6g.large" }
	anyType := func(*cloudprovider.InstanceType) bool { return true }
	for _, which := range []func(*cloudprovider.InstanceType) bool{wanted, common, anyType} {
		var second *cloudprovider.InstanceType
		for _, it := range types {
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
	return nil, nodeclass.ErrNoTypes
}

// suits reports whether a type could be launched with the NodeClass, were it in stock.
func (t trials) suits(it *cloudprovider.InstanceType) (bool, error) {
	if len(onDemand(t.nodeClass, it)) == 0 {
		return false, nil
	}
	if _, bootable := image.For(t.nodeClass.Status.AMIs, it.Requirements); !bootable {
		return false, nil
	}
	why, err := t.types.Incompatible(t.nodeClass, t.group, it.Name)
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
