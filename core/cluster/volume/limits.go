// SPDX-License-Identifier: Apache-2.0

package volume

import (
	storagev1 "k8s.io/api/storage/v1"

	"karpenter.sh/core/engine/attach"
)

// LimitsOf reads how many claims a node attaches from its CSINode, which may be
// nil. A driver without a count is unlimited (LIF-039).
func LimitsOf(node *storagev1.CSINode) attach.Limits {
	if node == nil {
		return nil
	}
	var out attach.Limits
	for i := range node.Spec.Drivers {
		d := &node.Spec.Drivers[i]
		if d.Allocatable == nil || d.Allocatable.Count == nil {
			continue
		}
		if out == nil {
			out = attach.Limits{}
		}
		out[d.Name] = int(*d.Allocatable.Count)
	}
	return out
}
