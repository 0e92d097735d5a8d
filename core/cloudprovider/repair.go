// SPDX-License-Identifier: Apache-2.0

package cloudprovider

import (
	"time"

	corev1 "k8s.io/api/core/v1"
)

// RepairPolicy says by which condition a node counts as broken (CP-038).
type RepairPolicy struct {
	// ConditionType of the Node.
	ConditionType corev1.NodeConditionType
	// ConditionStatus that means unhealthy.
	ConditionStatus corev1.ConditionStatus
	// TolerationDuration is how long the condition may hold; 0 or more.
	TolerationDuration time.Duration
}

// Unhealthy is a condition that a policy matched.
type Unhealthy struct {
	Policy    RepairPolicy
	Condition corev1.NodeCondition
	// Due is when toleration ends.
	Due time.Time
}

// FindUnhealthy returns the match whose toleration ends first, the first in the
// order of policies when several end together; false if none matches (CP-038).
func FindUnhealthy(policies []RepairPolicy, conditions []corev1.NodeCondition) (Unhealthy, bool) {
	var first Unhealthy
	found := false
	for _, policy := range policies {
		for _, condition := range conditions {
			if condition.Type != policy.ConditionType || condition.Status != policy.ConditionStatus {
				continue
			}
			due := condition.LastTransitionTime.Add(policy.TolerationDuration)
			if !found || due.Before(first.Due) {
				first, found = Unhealthy{Policy: policy, Condition: condition, Due: due}, true
			}
		}
	}
	return first, found
}
