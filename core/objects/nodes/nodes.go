// SPDX-License-Identifier: Apache-2.0

package nodes

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	v1 "karpenter.sh/core/apis/v1"
)

// Ready reports whether the condition Ready is True. False, Unknown and missing
// are not.
func Ready(node *corev1.Node) bool {
	return slices.ContainsFunc(node.Status.Conditions, func(c corev1.NodeCondition) bool {
		return c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue
	})
}

// Registered reports whether the Node has been matched with its NodeClaim.
func Registered(node *corev1.Node) bool {
	return node.Labels[v1.NodeRegisteredLabelKey] == v1.LabelValueTrue
}

// Initialized reports whether the Node has become usable.
func Initialized(node *corev1.Node) bool {
	return node.Labels[v1.NodeInitializedLabelKey] == v1.LabelValueTrue
}

// HasTaint reports whether a taint is among others, by key and effect (LIF-008).
func HasTaint(taints []corev1.Taint, taint corev1.Taint) bool {
	return slices.ContainsFunc(taints, SameTaint(taint))
}

// SameTaint compares taints by key and effect; the value is ignored (LIF-008).
func SameTaint(taint corev1.Taint) func(corev1.Taint) bool {
	return func(other corev1.Taint) bool { return other.Key == taint.Key && other.Effect == taint.Effect }
}
