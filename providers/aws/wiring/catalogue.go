// SPDX-License-Identifier: Apache-2.0

package wiring

import (
	"sigs.k8s.io/controller-runtime/pkg/client"

	"karpenter.sh/core/cloudprovider/kit/price"
	"karpenter.sh/providers/aws/image"
	"karpenter.sh/providers/aws/instancetype"
	"karpenter.sh/providers/aws/kubeletconfig"
	"karpenter.sh/providers/aws/nodeclass"
	"karpenter.sh/providers/aws/pricing"
)

// catalogue is what is sold, and at what price.
func (p *Parts) catalogue(*shared) error {
	var overlays client.Reader
	if p.Core.FeatureGates.NodeOverlay {
		overlays = p.Client
	}
	var err error
	p.Prices, err = pricing.New(pricing.Options{
		List: p.Services.Pricing, Spot: p.Services.EC2, Region: p.Region, Isolated: p.Settings.IsolatedVPC,
		File: p.Settings.PriceFile, Overlays: overlays, Registerer: p.Registerer, Clock: p.Clock,
		Rates: price.Rates{VCPU: p.Settings.PricePerVCPU, GiB: p.Settings.PricePerGiB, OtherAccelerator: p.Settings.PricePerAccelerator},
	})
	if err != nil {
		return err
	}
	kubelet, err := kubeletconfig.New(kubeletconfig.Options{Expressions: p.Settings.FeatureGates.NodeClassCEL})
	if err != nil {
		return err
	}
	types := instancetype.Options{
		API: p.Services.EC2, Clock: p.Clock, Region: p.Region, Kubelet: kubelet,
		Prices: func() instancetype.Prices { return p.Prices.Book().Snapshot() },
		Health: p.Health, Addresses: p.Addresses, PodAddresses: p.Plugin.PodsTakeAddresses, ImageFor: image.For,
		MemoryOverhead: p.Settings.VMMemoryOverheadPercent, ReservedENIs: int64(p.Settings.ReservedENIs),
	}
	if p.reserved() {
		types.Reservations = p.Counts
	}
	if p.Quotas != nil {
		types.Quotas = p.Quotas
	}
	if p.Shifts != nil {
		types.Shifted = p.Shifts.Shifted
	}
	if p.Types, err = instancetype.New(types); err != nil {
		return err
	}
	p.Dropped = nodeclass.NewDropped(func(nodeClass string, keys []string) {
		p.Log.Error(nil, "leaving out user data: Bottlerocket does not know these keys of settings.kubernetes", "EC2NodeClass", nodeClass, "keys", keys)
	})
	p.Validator = nodeclass.NewValidator(nodeclass.ValidationOptions{
		Cluster: p.Cluster, Kubelet: kubelet, Types: p.Types, DryRun: p.dryRun(), Dropped: p.Dropped, Clock: p.Clock,
	})
	return nil
}
