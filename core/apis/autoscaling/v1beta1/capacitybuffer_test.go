// SPDX-License-Identifier: Apache-2.0

package v1beta1_test

import (
	"testing"

	"karpenter.sh/core/apis/autoscaling/v1beta1"
)

// API-171: the names are those of the shared API.
func TestConditionNames(t *testing.T) {
	for got, want := range map[string]string{
		v1beta1.ConditionTypeReadyForProvisioning: "ReadyForProvisioning",
		v1beta1.ConditionTypeProvisioning:         "Provisioning",
		v1beta1.ConditionTypeLimitedByQuotas:      "LimitedByQuotas",
		v1beta1.ReasonResolved:                    "Resolved",
		v1beta1.ReasonPodTemplateNotFound:         "PodTemplateNotFound",
		v1beta1.ReasonScalableRefNotFound:         "ScalableRefNotFound",
		v1beta1.ReasonResolutionFailed:            "ResolutionFailed",
		v1beta1.ReasonFitsExistingCapacity:        "FitsExistingCapacity",
		v1beta1.ReasonRequiresNewCapacity:         "RequiresNewCapacity",
		v1beta1.ReasonNotReadyForProvisioning:     "NotReadyForProvisioning",
		v1beta1.ReasonBufferEmpty:                 "BufferEmpty",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
