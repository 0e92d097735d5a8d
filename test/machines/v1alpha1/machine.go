// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Fault is what goes wrong with a host.
//
// +kubebuilder:validation:Enum=Fails;Hangs;NeverJoins
type Fault string

const (
	// Fails lets the host report a failure that is final, before it has a provider ID.
	Fails Fault = "Fails"
	// Hangs lets it never get a provider ID.
	Hangs Fault = "Hangs"
	// NeverJoins lets it get one, and never become a Node.
	NeverJoins Fault = "NeverJoins"
)

// AnnotationVanished on a FakeMachine, with any value, takes its host away: the Node goes,
// and nobody tells Cluster API.
const AnnotationVanished = "fakemachines." + Group + "/vanished"

// FakeMachine is a host that becomes a Node of kwok in the workload cluster.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=fakemachines,scope=Namespaced,categories=cluster-api
// +kubebuilder:subresource:status
// +kubebuilder:metadata:labels="cluster.x-k8s.io/v1beta2=v1alpha1"
// +kubebuilder:printcolumn:name="Provider ID",type=string,JSONPath=`.spec.providerID`
// +kubebuilder:printcolumn:name="Joined",type=boolean,JSONPath=`.status.joined`
type FakeMachine struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Spec is the wanted state.
	// +optional
	Spec FakeMachineSpec `json:"spec,omitzero"`
	// Status is the observed state.
	// +optional
	Status FakeMachineStatus `json:"status,omitzero"`
}

// FakeMachineList is a list of FakeMachines.
//
// +kubebuilder:object:root=true
type FakeMachineList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []FakeMachine `json:"items"`
}

// FakeMachineSpec says what a host is.
type FakeMachineSpec struct {
	// ProviderID is set when the host exists.
	// +optional
	ProviderID string `json:"providerID,omitempty"`
	// Provisioning is the time until the host exists and has a provider ID. Absent means
	// none.
	// +optional
	Provisioning metav1.Duration `json:"provisioning,omitzero"`
	// Boot is the time from then until its Node is there. Absent means none.
	// +optional
	Boot metav1.Duration `json:"boot,omitzero"`
	// Labels are those that its kubelet registers it with.
	// +optional
	Labels map[string]string `json:"labels,omitempty"`
	// Taints are those that its kubelet registers it with.
	// +listType=atomic
	// +optional
	Taints []corev1.Taint `json:"taints,omitempty"`
	// Capacity is what the Node reports.
	Capacity corev1.ResourceList `json:"capacity"`
	// Reserved is what of it pods cannot use.
	// +optional
	Reserved corev1.ResourceList `json:"reserved,omitempty"`
	// Architecture of its processors. Absent means amd64.
	// +optional
	Architecture string `json:"architecture,omitempty"`
	// Fault is what goes wrong. Absent means nothing.
	// +optional
	Fault Fault `json:"fault,omitempty"`
}

// FakeMachineStatus says what a host has come to.
type FakeMachineStatus struct {
	// Initialization is how Cluster API is told that the host exists.
	// +optional
	Initialization MachineInitialization `json:"initialization,omitzero"`
	// FailureReason and FailureMessage are set on a failure that is final.
	// +optional
	FailureReason string `json:"failureReason,omitempty"`
	// +optional
	FailureMessage string `json:"failureMessage,omitempty"`
	// Joined says that its Node was made, which is done once.
	// +optional
	Joined bool `json:"joined,omitempty"`
}

// MachineInitialization is part of the contract of Cluster API.
//
// +kubebuilder:validation:MinProperties=1
type MachineInitialization struct {
	// Provisioned says that the host exists.
	// +optional
	Provisioned *bool `json:"provisioned,omitempty"`
}
