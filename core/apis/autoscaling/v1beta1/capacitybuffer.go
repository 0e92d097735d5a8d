// SPDX-License-Identifier: Apache-2.0

package v1beta1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"karpenter.sh/core/apis/lenient"
)

// ActiveCapacityStrategy is the provisioning strategy that keeps real nodes
// ready. It is the default.
const ActiveCapacityStrategy = "buffer.x-k8s.io/active-capacity"

// CapacityBuffer asks for spare capacity, in chunks the size of a pod.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=capacitybuffers,scope=Namespaced,categories=autoscaling,shortName=cb
// +kubebuilder:subresource:status
// +kubebuilder:printcolumn:name="Strategy",type="string",JSONPath=".spec.provisioningStrategy"
// +kubebuilder:printcolumn:name="PodTemplate",type="string",JSONPath=".status.podTemplateRef.name"
// +kubebuilder:printcolumn:name="Replicas",type="integer",JSONPath=".status.replicas"
// +kubebuilder:printcolumn:name="ConditionsType",type="string",JSONPath=".status.conditions[*].type"
// +kubebuilder:printcolumn:name="ConditionsStatus",type="string",JSONPath=".status.conditions[*].status"
// +kubebuilder:printcolumn:name="ConditionsReason",type="string",JSONPath=".status.conditions[*].reason"
// +kubebuilder:printcolumn:name="Age",type="date",JSONPath=".metadata.creationTimestamp"
type CapacityBuffer struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Spec is the wanted spare capacity.
	// +required
	Spec CapacityBufferSpec `json:"spec"`
	// Status is the observed state.
	// +optional
	Status CapacityBufferStatus `json:"status,omitzero"`
	// Unreadable are the fields of the stored object that could not be read, and
	// are missing here. Nothing is launched from what is incomplete.
	Unreadable []lenient.Problem `json:"-"`
}

// CapacityBufferSpec is the wanted spare capacity.
//
// +kubebuilder:validation:XValidation:rule="!has(self.podTemplateRef) || !has(self.scalableRef)",message="podTemplateRef and scalableRef may not be set together",fieldPath=".scalableRef"
// +kubebuilder:validation:XValidation:rule="!has(self.podTemplateRef) || has(self.replicas) || has(self.limits)",message="replicas or limits must be set together with podTemplateRef",fieldPath=".replicas"
type CapacityBufferSpec struct {
	// ProvisioningStrategy says how the capacity is kept ready.
	// +kubebuilder:default:="buffer.x-k8s.io/active-capacity"
	// +optional
	ProvisioningStrategy string `json:"provisioningStrategy,omitempty"`
	// PodTemplateRef names the PodTemplate, in the same namespace, that a chunk
	// has the size of.
	// +optional
	PodTemplateRef *LocalObjectRef `json:"podTemplateRef,omitempty"`
	// ScalableRef names the workload, in the same namespace, that a chunk has the
	// size of a pod of.
	// +optional
	ScalableRef *ScalableRef `json:"scalableRef,omitempty"`
	// Replicas is the number of chunks.
	// +kubebuilder:validation:Minimum:=0
	// +optional
	Replicas *int32 `json:"replicas,omitempty"`
	// Percentage is the number of chunks in percent of the workload's replicas.
	// It needs ScalableRef.
	// +kubebuilder:validation:Minimum:=0
	// +optional
	Percentage *int32 `json:"percentage,omitempty"`
	// Limits bound the total requests of the chunks.
	// +optional
	Limits corev1.ResourceList `json:"limits,omitempty"`
}

// LocalObjectRef names an object in the namespace of the buffer.
type LocalObjectRef struct {
	// Name is the name of the object.
	// +kubebuilder:validation:MinLength:=1
	// +required
	Name string `json:"name"`
}

// ScalableRef names a workload in the namespace of the buffer.
type ScalableRef struct {
	// APIGroup is the API group of the workload; empty is read as apps.
	// +optional
	APIGroup string `json:"apiGroup,omitempty"`
	// Kind is the kind of the workload.
	// +kubebuilder:validation:MinLength:=1
	// +required
	Kind string `json:"kind"`
	// Name is the name of the workload.
	// +kubebuilder:validation:MinLength:=1
	// +required
	Name string `json:"name"`
}

// CapacityBufferStatus is the observed state of a CapacityBuffer.
type CapacityBufferStatus struct {
	// PodTemplateRef names the PodTemplate that was found.
	// +optional
	PodTemplateRef *LocalObjectRef `json:"podTemplateRef,omitempty"`
	// Replicas is the number of chunks that was worked out.
	// +optional
	Replicas *int32 `json:"replicas,omitempty"`
	// PodTemplateGeneration is the generation of the PodTemplate that was read.
	// +optional
	PodTemplateGeneration *int64 `json:"podTemplateGeneration,omitempty"`
	// ProvisioningStrategy is the strategy that was applied.
	// +optional
	ProvisioningStrategy *string `json:"provisioningStrategy,omitempty"`
	// Conditions say whether the buffer is understood and whether its capacity
	// is there.
	// +listType=map
	// +listMapKey=type
	// +optional
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// UnmarshalJSON reads what can be read, so that one object never hides the
// others in a list (API-177).
func (b *CapacityBuffer) UnmarshalJSON(text []byte) (err error) {
	type plain CapacityBuffer
	b.Unreadable, err = lenient.Unmarshal(text, (*plain)(b))
	return err
}

// CapacityBufferList is a list of CapacityBuffers.
//
// +kubebuilder:object:root=true
type CapacityBufferList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []CapacityBuffer `json:"items"`
}
