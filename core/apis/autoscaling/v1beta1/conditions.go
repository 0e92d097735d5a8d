// SPDX-License-Identifier: Apache-2.0

package v1beta1

// Condition types of a CapacityBuffer. There is no Ready condition over them.
const (
	// ConditionTypeReadyForProvisioning tells whether size and number of the
	// chunks are known.
	ConditionTypeReadyForProvisioning = "ReadyForProvisioning"
	// ConditionTypeProvisioning tells whether the capacity is there.
	ConditionTypeProvisioning = "Provisioning"
	// ConditionTypeLimitedByQuotas is part of the shared API; Karpenter does not
	// write it.
	ConditionTypeLimitedByQuotas = "LimitedByQuotas"
)

// Reasons of ConditionTypeReadyForProvisioning.
const (
	ReasonResolved            = "Resolved"
	ReasonPodTemplateNotFound = "PodTemplateNotFound"
	ReasonScalableRefNotFound = "ScalableRefNotFound"
	ReasonResolutionFailed    = "ResolutionFailed"
)

// Reasons of ConditionTypeProvisioning.
const (
	ReasonFitsExistingCapacity    = "FitsExistingCapacity"
	ReasonRequiresNewCapacity     = "RequiresNewCapacity"
	ReasonNotReadyForProvisioning = "NotReadyForProvisioning"
	ReasonBufferEmpty             = "BufferEmpty"
)
