// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"cmp"

	"k8s.io/utils/ptr"
)

// CompareNodeOverlays orders overlays by precedence: the heavier first, and of
// equal weights the one whose name comes later in the alphabet. It is negative
// when a comes before b, and zero only for two overlays of one name.
func CompareNodeOverlays(a, b *NodeOverlay) int {
	return cmp.Or(
		cmp.Compare(ptr.Deref(b.Spec.Weight, 0), ptr.Deref(a.Spec.Weight, 0)),
		cmp.Compare(b.Name, a.Name),
	)
}
