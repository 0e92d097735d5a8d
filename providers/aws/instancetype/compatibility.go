// SPDX-License-Identifier: Apache-2.0

package instancetype

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	v1 "karpenter.sh/providers/aws/apis/v1"
)

// rule is something that a NodeClass asks of a type.
type rule struct {
	// broken is the message about a type that does not suit.
	broken string
	suits  func(s subject, d *description) bool
}

// rules of compatibility, in order (AWS-212).
func rules() []rule {
	return []rule{
		{"AL2023 does not run on the first generation of Graviton", func(s subject, d *description) bool {
			return s.family != v1.AMIFamilyAL2023 || d.family() != "a1"
		}},
		{"it cannot have the network interfaces of the NodeClass", subject.interfacesFit},
		{"its processor does not support nested virtualization", func(s subject, d *description) bool {
			return !s.nests() || d.ProcessorInfo != nil &&
				slices.Contains(d.ProcessorInfo.SupportedFeatures, ec2types.SupportedAdditionalProcessorFeatureNestedVirtualization)
		}},
		{"it cannot be launched into a placement group of this strategy", func(s subject, d *description) bool {
			return s.group == nil || d.PlacementGroupInfo != nil &&
				slices.Contains(d.PlacementGroupInfo.SupportedStrategies, ec2types.PlacementGroupStrategy(s.group.Strategy))
		}},
		{"timeouts of connection tracking need the Nitro hypervisor", func(s subject, d *description) bool {
			return s.spec.ConnectionTracking == nil || d.Hypervisor == ec2types.InstanceTypeHypervisorNitro
		}},
	}
}

// incompatible says why a type does not suit the NodeClass; empty if it does.
func (s subject) incompatible(d *description) string {
	for _, r := range rules() {
		if !r.suits(s, d) {
			return r.broken
		}
	}
	return ""
}

func (s subject) interfacesFit(d *description) bool {
	if len(s.spec.NetworkInterfaces) == 0 {
		return true
	}
	if len(d.network().NetworkCards) == 0 || d.network().EnaSupport == ec2types.EnaSupportUnsupported {
		return false
	}
	for _, i := range s.spec.NetworkInterfaces {
		if i == nil {
			continue
		}
		card, there := d.card(i.NetworkCardIndex)
		if !there || i.DeviceIndex >= aws.ToInt32(card.MaximumNetworkInterfaces) {
			return false
		}
	}
	return s.efas(d) <= d.efas()
}
