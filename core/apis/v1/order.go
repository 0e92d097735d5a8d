// SPDX-License-Identifier: Apache-2.0

package v1

import (
	"cmp"

	"k8s.io/utils/ptr"
)

// CompareNodePools orders pools as scheduling considers them: the heavier first,
// and of equal weights the one whose name comes later in the alphabet. It is
// negative when a comes before b, and zero only for two pools of one name.
func CompareNodePools(a, b *NodePool) int {
	return cmp.Or(
		cmp.Compare(ptr.Deref(b.Spec.Weight, 0), ptr.Deref(a.Spec.Weight, 0)),
		cmp.Compare(b.Name, a.Name),
	)
}
