// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"fmt"
	"math"
	"strconv"

	corev1 "k8s.io/api/core/v1"
)

// Bounds and scale of the eviction cost (DIS-042).
const (
	leastEvictionCost = -10
	mostEvictionCost  = 10
	deletionCostScale = 1 << 27
	priorityScale     = 1 << 25
)

// EvictionCost is what it costs to move a pod, from -10 to 10, 1 for an ordinary
// one: more with a higher priority or deletion cost. An error names a deletion
// cost that is no number; it counts as 0 and the result is valid.
func EvictionCost(pod *corev1.Pod) (float64, error) {
	cost, err := 1.0, error(nil)
	if text, ok := pod.Annotations[corev1.PodDeletionCost]; ok {
		n, failed := strconv.ParseFloat(text, 64)
		if failed != nil || math.IsNaN(n) || math.IsInf(n, 0) {
			err = fmt.Errorf("annotation %s=%q is not a finite number", corev1.PodDeletionCost, text)
		} else {
			cost += n / deletionCostScale
		}
	}
	if pod.Spec.Priority != nil {
		cost += float64(*pod.Spec.Priority) / priorityScale
	}
	return min(max(cost, leastEvictionCost), mostEvictionCost), err
}
