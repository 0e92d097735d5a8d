// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import "karpenter.sh/core/apis/vocabulary"

// Vocabulary is what Proxmox VE adds to the words of the core (PVE-004, CP-005). It is
// the caller's.
func Vocabulary() vocabulary.Additions {
	return vocabulary.Additions{
		WellKnownLabels:   WellKnownLabels(),
		RestrictedDomains: []string{Group},
	}
}

// WellKnownLabels are the labels of nodes of Proxmox VE that users may ask for, beside
// those of the core. The NodeClass's is among them: what admission lets through must not
// be refused later.
func WellKnownLabels() []string {
	return []string{LabelInstanceFamily, LabelInstanceCPUType, LabelInstanceImageID, LabelNodeClass}
}
