// SPDX-License-Identifier: Apache-2.0

package wiring

import (
	"context"
	"errors"
	"fmt"
	"slices"

	karpv1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/requirement"
	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/blueprint"
	"karpenter.sh/providers/aws/fleet"
	"karpenter.sh/providers/aws/nodeclass"
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
	chosen, err := nodeclass.Trial{
		NodeClass: nodeClass, Types: types, Pools: pools,
		Incompatible: func(instanceType string) (string, error) {
			return p.Types.Incompatible(nodeClass, group, instanceType)
		},
	}.Choose()
	if err != nil {
		return fleet.Request{}, err
	}
	facts, err := p.facts(ctx, nodeClass)
	if err != nil {
		return fleet.Request{}, err
	}
	return blueprint.New().Request(blueprint.Input{
		Facts: facts, NodeClass: nodeClass, NodeClaim: &karpv1.NodeClaim{}, Group: group, Machines: p.Types, Choice: chosen,
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
