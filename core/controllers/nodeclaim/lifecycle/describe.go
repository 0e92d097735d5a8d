// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"maps"

	v1 "karpenter.sh/core/apis/v1"
)

// describe takes over what the provider says of the instance (LIF-081).
func (c *Controller) describe(nodeClaim, created *v1.NodeClaim) {
	nodeClaim.Labels = mergeLabels(nodeClaim.Labels, created.Labels, c.Vocabulary)
	nodeClaim.Annotations = overlay(nodeClaim.Annotations, created.Annotations)
	nodeClaim.Status.ProviderID = created.Status.ProviderID
	nodeClaim.Status.ImageID = created.Status.ImageID
	nodeClaim.Status.Capacity = created.Status.Capacity
	nodeClaim.Status.Allocatable = created.Status.Allocatable
}

// mergeLabels overlays the provider's labels with the NodeClaim's own. Labels
// that describe the instance are the provider's to say: the NodeClaim may carry
// those of an earlier attempt, whose instance is another (LIF-082).
func mergeLabels(own, provider map[string]string, vocabulary Vocabulary) map[string]string {
	merged := overlay(provider, own)
	for key := range merged {
		if !vocabulary.IsWellKnown(key) || key == v1.NodePoolLabelKey {
			continue
		}
		if value, ok := provider[key]; ok {
			merged[key] = value
		} else if vocabulary.IsReservedCapacityLabel(key) {
			delete(merged, key)
		}
	}
	return merged
}

// overlay returns the entries of both maps; those of the second win.
func overlay(under, over map[string]string) map[string]string {
	merged := make(map[string]string, len(under)+len(over))
	maps.Copy(merged, under)
	maps.Copy(merged, over)
	return merged
}
