// SPDX-License-Identifier: Apache-2.0

package objects

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "karpenter.sh/core/apis/v1"
)

// Term is a node affinity term: all its expressions have to match.
func Term(expressions ...corev1.NodeSelectorRequirement) corev1.NodeSelectorTerm {
	return corev1.NodeSelectorTerm{MatchExpressions: expressions}
}

// Expression is one condition on a node label.
func Expression(key string, operator corev1.NodeSelectorOperator, values ...string) corev1.NodeSelectorRequirement {
	return corev1.NodeSelectorRequirement{Key: key, Operator: operator, Values: values}
}

// Tolerate tolerates a taint of the key, whatever its value and effect.
func Tolerate(key string) corev1.Toleration {
	return corev1.Toleration{Key: key, Operator: corev1.TolerationOpExists}
}

// NodeClaim asks for one node with the NodeClass of a pool, without belonging to
// that pool (API-112).
func NodeClaim(name string, pool *v1.NodePool) *v1.NodeClaim {
	template := pool.Spec.Template.Spec
	return &v1.NodeClaim{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: Marked(nil)},
		Spec:       v1.NodeClaimSpec{Requirements: template.Requirements, NodeClassRef: template.NodeClassRef},
	}
}
