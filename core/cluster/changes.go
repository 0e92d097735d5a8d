// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"maps"
	"slices"

	"github.com/awslabs/operatorpkg/status"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/resourceversion"

	v1 "karpenter.sh/core/apis/v1"
)

// supersedes reports whether an object as it arrived says anything that the one
// in the model does not. An older version never replaces a newer one (LIF-015);
// versions that cannot be compared do.
func supersedes(arrived, known metav1.Object) bool {
	if arrived == known {
		return false
	}
	order, err := resourceversion.CompareResourceVersion(arrived.GetResourceVersion(), known.GetResourceVersion())
	return err != nil || order > 0
}

func ordered(a, b metav1.Object) bool {
	_, err := resourceversion.CompareResourceVersion(a.GetResourceVersion(), b.GetResourceVersion())
	return err == nil
}

// sameNodeView reports whether two versions of a Node look the same to [ViewOf].
// Heartbeats do: they change nothing but times in conditions.
func sameNodeView(a, b *corev1.Node) bool {
	if a == nil || b == nil || a == b {
		return a == b
	}
	return a.Name == b.Name && a.Spec.ProviderID == b.Spec.ProviderID &&
		maps.Equal(a.Labels, b.Labels) && maps.Equal(a.Annotations, b.Annotations) &&
		slices.EqualFunc(a.Spec.Taints, b.Spec.Taints, sameTaint) &&
		sameResources(a.Status.Capacity, b.Status.Capacity) &&
		sameResources(a.Status.Allocatable, b.Status.Allocatable)
}

// sameClaimView is sameNodeView for a NodeClaim, whose spec never changes.
func sameClaimView(a, b *v1.NodeClaim) bool {
	if a == nil || b == nil || a == b {
		return a == b
	}
	return a.UID == b.UID && a.Name == b.Name && a.Status.ProviderID == b.Status.ProviderID &&
		maps.Equal(a.Labels, b.Labels) && maps.Equal(a.Annotations, b.Annotations) &&
		sameResources(a.Status.Capacity, b.Status.Capacity) &&
		sameResources(a.Status.Allocatable, b.Status.Allocatable)
}

func sameTaint(a, b corev1.Taint) bool {
	return a.Key == b.Key && a.Value == b.Value && a.Effect == b.Effect
}

func sameResources(a, b corev1.ResourceList) bool {
	return maps.EqualFunc(a, b, func(x, y resource.Quantity) bool { return x.Cmp(y) == 0 })
}

// isTrue reads a condition.
func isTrue(claim *v1.NodeClaim, kind string) bool {
	c := conditionOf(claim, kind)
	return c != nil && c.Status == metav1.ConditionTrue
}

// conditionOf is a condition, or nil; so it is without a NodeClaim. The condition
// set of the API type would add missing conditions to the object, which here is
// shared.
func conditionOf(claim *v1.NodeClaim, kind string) *status.Condition {
	if claim == nil {
		return nil
	}
	for i := range claim.Status.Conditions {
		if claim.Status.Conditions[i].Type == kind {
			return &claim.Status.Conditions[i]
		}
	}
	return nil
}
