// SPDX-License-Identifier: Apache-2.0

package wiring

import (
	"context"

	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/blueprint"
	"karpenter.sh/providers/aws/failure"
	"karpenter.sh/providers/aws/nodeclass"
	"karpenter.sh/providers/aws/userdata"
)

// facts are what machines of a NodeClass have in common. Only AL2023 needs the service
// range, so that other families work on clusters that EKS does not know (AWS-005).
func (p *Parts) facts(ctx context.Context, nodeClass *v1.EC2NodeClass) (blueprint.Facts, error) {
	f := blueprint.Facts{
		Cluster: userdata.Cluster{Name: p.Cluster.Name(), Endpoint: p.Cluster.Endpoint(), CABundle: p.Cluster.CABundle()},
		Region:  p.Region, IPv6: p.Cluster.IPv6(), Reservations: p.reserved(), PodAddresses: p.Plugin.PodsTakeAddresses(),
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
