// SPDX-License-Identifier: Apache-2.0

package v1

import (
	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/core/apis/vocabulary"
)

// Vocabulary is what AWS adds to the words of the core (AWS-122, CP-005). It is
// the caller's.
func Vocabulary() vocabulary.Additions {
	return vocabulary.Additions{
		WellKnownLabels: WellKnownLabels(),
		// Not those of NVIDIA and AMD: NodeOverlays may add them (AWS-204).
		WellKnownResources: []corev1.ResourceName{
			ResourceAWSPodENI, ResourceEFA, ResourceAWSNeuron, ResourceAWSNeuronCore, ResourceHabanaGaudi,
		},
		WellKnownValues:    map[string][]string{LabelInstanceTenancy: {TenancyDefault, TenancyDedicated}},
		RestrictedDomains:  []string{Group},
		KeyAliases:         map[string]string{LabelEBSZone: corev1.LabelTopologyZone},
		OfferingLabels:     append(reservationLabels(), LabelTopologyZoneID, LabelPlacementGroupID, LabelPlacementGroupPartition),
		ReservationIDLabel: LabelCapacityReservationID,
		// The interruptible one too (improves on common practice).
		ReservedCapacityLabels: reservationLabels(),
	}
}

// WellKnownLabels are the labels of nodes of AWS that users may ask for, beside
// those of the core (AWS-120). The NodeClass's is among them: what admission lets
// through must not be refused later.
func WellKnownLabels() []string {
	return append(reservationLabels(),
		LabelInstanceCategory,
		LabelInstanceGeneration,
		LabelInstanceFamily,
		LabelInstanceSize,
		LabelInstanceCapabilityFlex,
		LabelInstanceCPU,
		LabelInstanceCPUManufacturer,
		LabelInstanceCPUSustainedClockSpeedMhz,
		LabelInstanceMemory,
		LabelInstanceHypervisor,
		LabelInstanceEncryptionInTransitSupported,
		LabelNitroSandbox,
		LabelInstanceEBSBandwidth,
		LabelInstanceNetworkBandwidth,
		LabelInstanceLocalNVMe,
		LabelInstanceGPUName,
		LabelInstanceGPUManufacturer,
		LabelInstanceGPUCount,
		LabelInstanceGPUMemory,
		LabelInstanceAcceleratorName,
		LabelInstanceAcceleratorManufacturer,
		LabelInstanceAcceleratorCount,
		LabelInstanceTenancy,
		LabelPlacementGroupID,
		LabelPlacementGroupPartition,
		LabelNodeClass,
		LabelTopologyZoneID,
	)
}

// reservationLabels are those that mean something on reserved offerings only.
func reservationLabels() []string {
	return []string{LabelCapacityReservationID, LabelCapacityReservationType, LabelCapacityReservationInterruptible}
}
