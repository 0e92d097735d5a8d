// SPDX-License-Identifier: Apache-2.0

package wiring

import (
	"math/rand/v2"
	"time"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/providers/aws/image"
	"karpenter.sh/providers/aws/network"
	"karpenter.sh/providers/aws/placement"
	"karpenter.sh/providers/aws/profile"
	"karpenter.sh/providers/aws/provider"
	"karpenter.sh/providers/aws/quota"
	"karpenter.sh/providers/aws/reservation"
	"karpenter.sh/providers/aws/zonalshift"
)

// discovery is what NodeClasses are resolved with.
func (p *Parts) discovery(s *shared) error {
	ec2, random := p.Services.EC2, rand.Float64
	p.Images = image.New(image.Options{
		EC2: ec2, SSM: p.Services.SSM, Kubernetes: p.Cluster, Clock: p.Clock,
		Interval: p.Settings.AMIRefreshInterval, Random: random, Metrics: s.caches,
		Skipped: func(parameter, reason string) {
			p.Log.V(1).Info("leaving out an SSM parameter that gives no image", "parameter", parameter, "because", reason)
		},
	})
	p.Plugin = network.NewPlugin(p.Cluster.IPv6())
	p.Addresses = network.NewAddresses(network.AddressOptions{Clock: p.Clock, Interval: p.Settings.SubnetRefreshInterval})
	p.Subnets = network.NewSubnets(network.SubnetOptions{
		API: ec2, Addresses: p.Addresses, Interval: p.Settings.SubnetRefreshInterval, Clock: p.Clock, Random: random, Metrics: s.caches,
	})
	p.Groups = network.NewSecurityGroups(network.SecurityGroupOptions{API: ec2, Clock: p.Clock, Random: random, Metrics: s.caches})
	p.Placement = placement.New(placement.Options{
		API: ec2, Clock: p.Clock, Random: random, Metrics: s.caches,
		Stale: func(selector string, age time.Duration, err error) {
			p.Log.Error(err, "using the placement group known last", "placement group", selector, "age", age)
		},
	})
	if p.reserved() {
		p.Counts = reservation.NewCounts(p.Clock)
		p.Reservations = reservation.New(reservation.Options{
			API: ec2, Clock: p.Clock, Enabled: true, Counts: p.Counts, Random: random, Metrics: s.caches,
			Unknown: func(u reservation.Unknown) {
				p.Log.Error(nil, "leaving out a capacity reservation", "because", u.String())
			},
		})
	}
	if !p.Settings.IsolatedVPC {
		p.Quotas = quota.NewAccount(p.Clock)
	}
	p.Profiles = profile.New(profile.Options{
		API: p.Services.IAM, Scope: profile.Scope{Cluster: p.Cluster.Name(), Region: p.Region},
		Isolated: p.Settings.IsolatedVPC, Clock: p.Clock, Random: random, Metrics: s.caches,
	})
	if p.Settings.EnableZonalShift {
		p.Shifts = zonalshift.NewShifts(p.Clock)
	}
	var err error
	p.Kinds, err = cloudprovider.NodeClassKindsOf((&provider.Provider{}).SupportedNodeClasses(), p.Scheme)
	return err
}
