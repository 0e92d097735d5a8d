// SPDX-License-Identifier: Apache-2.0

package lifecycle_test

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "karpenter.sh/core/apis/v1"
)

// API-132: registration completes what a Node brings along. What both have of
// labels and annotations becomes the NodeClaim's, a taint stays the Node's, and
// nothing is there twice.
func TestRegistrationOfAPreparedNode(t *testing.T) {
	nodeClaim, node := joined(func(n *v1.NodeClaim) {
		n.Annotations = map[string]string{"example.com/both": "claim", "example.com/claim": "claim"}
		n.Labels["example.com/both"] = "claim"
		n.Spec.Taints = []corev1.Taint{taint("dedicated", "claim", "NoSchedule"), taint("other", "claim", "NoExecute")}
		n.Spec.StartupTaints = []corev1.Taint{taint("agent", "claim", "NoSchedule")}
	})
	block, foreign := true, metav1.OwnerReference{APIVersion: "v1", Kind: "Machine", Name: "m", UID: "m"}
	node.OwnerReferences = []metav1.OwnerReference{foreign, {
		APIVersion: "karpenter.sh/v1", Kind: "NodeClaim", Name: nodeClaim.Name, UID: nodeClaim.UID, BlockOwnerDeletion: &block,
	}}
	node.Finalizers = []string{"example.com/held", v1.TerminationFinalizer}
	node.Annotations = map[string]string{"example.com/both": "node", "example.com/node": "node"}
	node.Labels["example.com/both"], node.Labels["example.com/node"] = "node", "node"
	node.Spec.Taints = append(node.Spec.Taints,
		taint("dedicated", "node", "NoSchedule"), taint("other", "node", "NoSchedule"), taint("agent", "node", "NoSchedule"))
	w := setup(t, nodeClaim, node)
	w.pass("a")

	got := w.node("a")
	want := []corev1.Taint{
		taint("dedicated", "node", "NoSchedule"), taint("other", "node", "NoSchedule"), taint("agent", "node", "NoSchedule"), taint("other", "claim", "NoExecute"),
	}
	if !slices.Equal(got.Spec.Taints, want) {
		t.Errorf("taints are %v, want %v", got.Spec.Taints, want)
	}
	if len(got.OwnerReferences) != 2 || got.OwnerReferences[0] != foreign {
		t.Errorf("owners are %v", got.OwnerReferences)
	}
	if !slices.Equal(got.Finalizers, []string{"example.com/held", v1.TerminationFinalizer}) {
		t.Errorf("finalizers are %v", got.Finalizers)
	}
	for key, value := range map[string]string{"example.com/both": "claim", "example.com/node": "node"} {
		if got.Annotations[key] != value || got.Labels[key] != value {
			t.Errorf("%s is %q as annotation and %q as label, want %q", key, got.Annotations[key], got.Labels[key], value)
		}
	}
	if got.Annotations["example.com/claim"] != "claim" {
		t.Error("an annotation of the NodeClaim is missing")
	}
}
