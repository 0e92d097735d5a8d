// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import "karpenter.sh/core/apis/vocabulary"

// Vocabulary is what the provider adds to the words of the core (CAPI-004, CP-005). It
// is the caller's.
func Vocabulary() vocabulary.Additions {
	return vocabulary.Additions{
		WellKnownLabels:   WellKnownLabels(),
		RestrictedDomains: []string{Group},
	}
}

// WellKnownLabels are the labels in the provider's domain that users may ask for. The
// NodeClass's is among them: what admission lets through must not be refused later.
func WellKnownLabels() []string {
	return []string{
		LabelCapacityCPU, LabelCapacityMemory,
		LabelInstanceSize, LabelInstanceFamily, LabelInstanceCPU, LabelInstanceMemory,
		LabelNodeClass,
	}
}
