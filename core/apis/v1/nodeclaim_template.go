// SPDX-License-Identifier: Apache-2.0

package v1

import corev1 "k8s.io/api/core/v1"

// NodeClaimTemplate is the blueprint of the NodeClaims of a pool.
type NodeClaimTemplate struct {
	// Metadata is copied to the NodeClaims and from there to the Nodes.
	// +optional
	ObjectMeta ObjectMeta `json:"metadata,omitzero"`
	// Spec is copied to the NodeClaims.
	// +required
	Spec NodeClaimTemplateSpec `json:"spec"`
}

// ObjectMeta is the part of object metadata that a template may set.
type ObjectMeta struct {
	// Labels are put on the Nodes. Each also acts as a requirement that the
	// label has this one value.
	// +kubebuilder:validation:MaxProperties:=100
	// +mapType=atomic
	// +optional
	Labels map[string]string `json:"labels,omitzero"`
	// Annotations are put on the Nodes.
	// +mapType=granular
	// +optional
	Annotations map[string]string `json:"annotations,omitzero"`
}

// NodeClaimTemplateSpec is what the NodeClaims of a pool have in common. Unlike
// NodeClaimSpec it asks for no resources: those come from the pods.
type NodeClaimTemplateSpec struct {
	// Taints are put on the Nodes; pods must tolerate them to run there.
	// +listType=atomic
	// +optional
	Taints []corev1.Taint `json:"taints,omitzero"`
	// StartupTaints are put on the Nodes when they register, and another actor is
	// expected to remove them. Pods need not tolerate them, and a Node is not
	// initialized while one remains.
	// +listType=atomic
	// +optional
	StartupTaints []corev1.Taint `json:"startupTaints,omitzero"`
	// Requirements constrain the nodes. An empty list leaves every choice open.
	// +kubebuilder:validation:MaxItems:=100
	// +listType=atomic
	// +required
	Requirements []NodeSelectorRequirementWithMinValues `json:"requirements"`
	// NodeClassRef names the NodeClass to launch with. Only its name may change.
	// +kubebuilder:validation:XValidation:rule="self.group == oldSelf.group",message="group is immutable",fieldPath=".group"
	// +kubebuilder:validation:XValidation:rule="self.kind == oldSelf.kind",message="kind is immutable",fieldPath=".kind"
	// +required
	NodeClassRef NodeClassReference `json:"nodeClassRef"`
	// TerminationGracePeriod is the longest time that draining may take, counted
	// from the deletion of the NodeClaim. Once it is over, pods are removed
	// despite disruption budgets and their own grace periods. Unset, draining
	// waits without end; 0s removes pods at once.
	// +kubebuilder:validation:Pattern:=`^([0-9]+(s|m|h))+$`
	// +optional
	TerminationGracePeriod Duration `json:"terminationGracePeriod,omitempty"`
	// ExpireAfter is the lifetime of a node, counted from the creation of its
	// NodeClaim, or Never.
	// +kubebuilder:default:="720h"
	// +kubebuilder:validation:Pattern:=`^(([0-9]+(s|m|h))+|Never)$`
	// +optional
	ExpireAfter NillableDuration `json:"expireAfter,omitempty"`
}
