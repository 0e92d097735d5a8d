// SPDX-License-Identifier: Apache-2.0

package vocabulary

import (
	corev1 "k8s.io/api/core/v1"

	v1 "karpenter.sh/core/apis/v1"
)

// coreContent is what every provider's vocabulary begins with.
func coreContent() Additions {
	return Additions{
		WellKnownLabels: []string{
			v1.NodePoolLabelKey,
			v1.CapacityTypeLabelKey,
			corev1.LabelTopologyZone,
			corev1.LabelTopologyRegion,
			corev1.LabelInstanceTypeStable,
			corev1.LabelArchStable,
			corev1.LabelOSStable,
			corev1.LabelWindowsBuild,
		},
		WellKnownResources: []corev1.ResourceName{
			corev1.ResourceCPU,
			corev1.ResourceMemory,
			corev1.ResourceEphemeralStorage,
			corev1.ResourcePods,
		},
		WellKnownValues: map[string][]string{
			v1.CapacityTypeLabelKey: {v1.CapacityTypeOnDemand, v1.CapacityTypeReserved, v1.CapacityTypeSpot},
		},
		RestrictedDomains: []string{v1.Group},
		RestrictedLabels:  []string{corev1.LabelHostname},
		KeyAliases: map[string]string{
			corev1.LabelFailureDomainBetaZone:   corev1.LabelTopologyZone,
			corev1.LabelFailureDomainBetaRegion: corev1.LabelTopologyRegion,
			"beta.kubernetes.io/arch":           corev1.LabelArchStable,
			"beta.kubernetes.io/os":             corev1.LabelOSStable,
			corev1.LabelInstanceType:            corev1.LabelInstanceTypeStable,
		},
		OfferingLabels: []string{corev1.LabelTopologyZone, v1.CapacityTypeLabelKey},
	}
}
