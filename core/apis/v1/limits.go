// SPDX-License-Identifier: Apache-2.0

package v1

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// Limits are upper bounds on the total resources of a pool, ResourceNodes among
// them. A resource without an entry has no bound.
type Limits corev1.ResourceList

// ExceededBy returns the resources, sorted by name, of which the usage is
// greater than the limit. Usage equal to the limit is within it, and so is a
// resource that the usage does not mention (API-029).
func (l Limits) ExceededBy(usage corev1.ResourceList) []corev1.ResourceName {
	var exceeded []corev1.ResourceName
	for name, limit := range l {
		if used, found := usage[name]; found && CompareQuantities(used, limit) > 0 {
			exceeded = append(exceeded, name)
		}
	}
	slices.Sort(exceeded)
	return exceeded
}
