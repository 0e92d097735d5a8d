// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"fmt"
	"math"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	"karpenter.sh/core/engine/disrupt"
)

// EvictionCost is what it costs to move a pod, from -10 to 10, 1 for an ordinary
// one: more with a higher priority or deletion cost. An error names a deletion
// cost that is no number; it counts as 0 and the result is valid.
func EvictionCost(pod *corev1.Pod) (float64, error) {
	deletionCost, err := deletionCost(pod)
	return disrupt.EvictionCost(deletionCost, ptr.Deref(pod.Spec.Priority, 0)), err
}

func deletionCost(pod *corev1.Pod) (float64, error) {
	text, given := pod.Annotations[corev1.PodDeletionCost]
	if !given {
		return 0, nil
	}
	cost, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(cost) || math.IsInf(cost, 0) {
		return 0, fmt.Errorf("annotation %s=%q is not a finite number", corev1.PodDeletionCost, text)
	}
	return cost, nil
}
