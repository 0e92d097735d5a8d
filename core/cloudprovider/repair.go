// SPDX-License-Identifier: Apache-2.0

package cloudprovider

import (
	"slices"
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
}

// FindUnhealthy returns the matches of policies among the conditions of a node, in the
// order of the policies. Which of them decides is said by package
// [karpenter.sh/core/engine/repair] (CP-038).
func FindUnhealthy(policies []RepairPolicy, conditions []corev1.NodeCondition) []Unhealthy {
	var out []Unhealthy
	for _, policy := range policies {
		for _, condition := range conditions {
			if policy.matches(condition) {
				out = append(out, Unhealthy{Policy: policy, Condition: condition})
			}
		}
	}
	return out
}

// IsUnhealthy reports whether a policy matches a condition of a node.
func IsUnhealthy(policies []RepairPolicy, conditions []corev1.NodeCondition) bool {
	return slices.ContainsFunc(policies, func(p RepairPolicy) bool {
		return slices.ContainsFunc(conditions, p.matches)
	})
}

func (p RepairPolicy) matches(c corev1.NodeCondition) bool {
	return c.Type == p.ConditionType && c.Status == p.ConditionStatus
}
