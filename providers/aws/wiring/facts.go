// SPDX-License-Identifier: Apache-2.0

package wiring

import (
	"context"
	"fmt"
	"slices"

	karpv1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/requirement"
	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/blueprint"
	"karpenter.sh/providers/aws/choice"
	"karpenter.sh/providers/aws/failure"
	"karpenter.sh/providers/aws/fleet"
	"karpenter.sh/providers/aws/image"
	"karpenter.sh/providers/aws/nodeclass"
	"karpenter.sh/providers/aws/userdata"
)

// facts are what machines of a NodeClass have in common. Only AL2023 needs the service
// range, so that other families work on clusters that EKS does not know (AWS-005).
func (p *Parts) facts(ctx context.Context, nodeClass *v1.EC2NodeClass) (blueprint.Facts, error) {
	f := blueprint.Facts{
		Cluster: userdata.Cluster{Name: p.Cluster.Name(), Endpoint: p.Cluster.Endpoint(), CABundle: p.Cluster.CABundle()},
		Region:  p.Region, IPv6: p.Cluster.IPv6(), Reservations: p.reserved(), PodAddresses: p.PodAddresses,
	}
	if dns := p.Cluster.DNS(); dns.IsValid() {
		f.Cluster.DNSIP = dns.String()
	}
	family, err := nodeClass.Family()
	if err != nil {
		return f, err
	}
	if family == v1.AMIFamilyAL2023 {
		if f.Cluster.ServiceCIDR, err = p.Cluster.ServiceCIDR(ctx); err != nil {
			return f, err
		}
	}
	return f, nil
}

// dryRun tries launches; nil if that is switched off.
func (p *Parts) dryRun() nodeclass.Check {
	if p.Settings.DisableDryRun {
		return nil
	}
	return func(ctx context.Context, nodeClass *v1.EC2NodeClass) (nodeclass.Verdict, error) {
		return nodeclass.NewDryRun(nodeclass.DryRunOptions{
			API: p.Services.EC2, Templates: p.Templates, Trial: p.trial, ProfileRefused: p.Profiles.Invalidate,
			Classify: func(err error) failure.Verdict { return p.Table.Classify(failure.Of(err)) },
		})(ctx, nodeClass)
	}
}

// trial is a launch of one type in every zone, for a dry run (AWS-088, AWS-089).
func (p *Parts) trial(ctx context.Context, nodeClass *v1.EC2NodeClass) (fleet.Request, error) {
	group, _ := p.Placement.Last(nodeClass)
	types, err := p.Types.List(ctx, nodeClass, group)
	if err != nil {
		return fleet.Request{}, err
	}
	pools, err := p.poolsOf(ctx, nodeClass)
	if err != nil {
		return fleet.Request{}, err
	}
	it, err := p.tryType(nodeClass, types, pools)
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
			Candidates: []choice.Candidate{{Type: it, Offerings: onDemand(it)}},
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

// tryType chooses the type (AWS-089): one that a NodePool of the NodeClass may launch,
// else a common one, else any; rather one with a standard image.
func (p *Parts) tryType(nodeClass *v1.EC2NodeClass, types []*cloudprovider.InstanceType, pools []requirement.Requirements) (*cloudprovider.InstanceType, error) {
	group, _ := p.Placement.Last(nodeClass)
	var suitable, common, wanted []*cloudprovider.InstanceType
	for _, it := range types {
		why, err := p.Types.Incompatible(nodeClass, group, it.Name)
		if err != nil {
			return nil, err
		}
		if _, bootable := image.For(nodeClass.Status.AMIs, it.Requirements); why != "" || !bootable || len(onDemand(it)) == 0 {
			continue
		}
		suitable = append(suitable, it)
		if it.Name == "m5.large" || it.Name == "m6g.large" {
			common = append(common, it)
		}
		if slices.ContainsFunc(pools, func(pool requirement.Requirements) bool {
			return it.Requirements.Overlaps(pool)
		}) {
			wanted = append(wanted, it)
		}
	}
	if family, _ := nodeClass.Family(); v1.IsWindows(family) {
		wanted = nil
	}
	for _, candidates := range [][]*cloudprovider.InstanceType{wanted, common, suitable} {
		for _, it := range candidates {
			if standard(it) {
				return it, nil
			}
		}
		if len(candidates) > 0 {
			return candidates[0], nil
		}
	}
	return nil, nodeclass.ErrNoTypes
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

// onDemand are the on-demand offerings of a type, one for each zone, also those that
// cannot be had right now: a dry run buys nothing.
func onDemand(it *cloudprovider.InstanceType) cloudprovider.Offerings {
	seen := map[string]bool{}
	var out cloudprovider.Offerings
	for _, o := range it.Offerings {
		if o.CapacityType() == label.OnDemand && !seen[o.Zone()] {
			seen[o.Zone()] = true
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
