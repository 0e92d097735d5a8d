// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/objects/nodes"
)

// synchronisation says what to bring from a NodeClaim to its Node beside
// finalizer, owner, labels and annotations.
type synchronisation struct {
	// taints are added unless the Node opts out.
	taints []corev1.Taint
	// complete marks the Node as registered.
	complete bool
	// kept are annotations that stay on the NodeClaim.
	kept []string
}

// synchronised returns the Node as the NodeClaim wants it (LIF-087, LIF-088).
// The Node that is passed stays as it is.
func synchronised(node *corev1.Node, nodeClaim *v1.NodeClaim, s synchronisation) *corev1.Node {
	node = node.DeepCopy()
	if node.DeletionTimestamp.IsZero() { // a finalizer can no longer be added to a deleting object
		controllerutil.AddFinalizer(node, v1.TerminationFinalizer)
	}
	addOwner(node, nodeClaim)
	if node.Labels[v1.NodeDoNotSyncTaintsLabelKey] != v1.LabelValueTrue {
		addTaints(node, s.taints)
	}
	node.Labels = overlay(node.Labels, nodeClaim.Labels)
	node.Annotations = overlay(node.Annotations, without(nodeClaim.Annotations, s.kept))
	if s.complete {
		node.Spec.Taints = slices.DeleteFunc(node.Spec.Taints, nodes.SameTaint(v1.UnregisteredTaint()))
		node.Labels[v1.NodeRegisteredLabelKey] = v1.LabelValueTrue
	}
	return node
}

// without returns a map without some keys.
func without(m map[string]string, keys []string) map[string]string {
	m = maps.Clone(m)
	for _, key := range keys {
		delete(m, key)
	}
	return m
}

func addOwner(node *corev1.Node, nodeClaim *v1.NodeClaim) {
	block := true
	owner := metav1.OwnerReference{
		APIVersion: v1.GroupVersion.String(), Kind: "NodeClaim",
		Name: nodeClaim.Name, UID: nodeClaim.UID, BlockOwnerDeletion: &block,
	}
	if !ownedBy(node, nodeClaim) {
		node.OwnerReferences = append(node.OwnerReferences, owner)
	}
}

func ownedBy(node *corev1.Node, nodeClaim *v1.NodeClaim) bool {
	return slices.ContainsFunc(node.OwnerReferences, func(o metav1.OwnerReference) bool {
		return o.APIVersion == v1.GroupVersion.String() && o.Kind == "NodeClaim" && o.UID == nodeClaim.UID
	})
}

// stillRegistered returns the Node with what must stay of its registration.
func stillRegistered(node *corev1.Node, nodeClaim *v1.NodeClaim) *corev1.Node {
	node = node.DeepCopy()
	if node.DeletionTimestamp.IsZero() {
		controllerutil.AddFinalizer(node, v1.TerminationFinalizer)
	}
	addOwner(node, nodeClaim)
	node.Spec.Taints = slices.DeleteFunc(node.Spec.Taints, nodes.SameTaint(v1.UnregisteredTaint()))
	return node
}

// addTaints appends the taints that the Node lacks; one that it has keeps its
// value.
func addTaints(node *corev1.Node, taints []corev1.Taint) {
	for _, taint := range taints {
		if !nodes.HasTaint(node.Spec.Taints, taint) {
			node.Spec.Taints = append(node.Spec.Taints, taint)
		}
	}
}

// labelled returns the Node with one more label.
func labelled(node *corev1.Node, key, value string) *corev1.Node {
	node = node.DeepCopy()
	node.Labels = maps.Clone(node.Labels)
	if node.Labels == nil {
		node.Labels = map[string]string{}
	}
	node.Labels[key] = value
	return node
}
