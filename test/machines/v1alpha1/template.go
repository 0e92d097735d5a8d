// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// FakeMachineTemplate is what the FakeMachines of a MachineDeployment are made from.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=fakemachinetemplates,scope=Namespaced,categories=cluster-api
// +kubebuilder:subresource:status
// +kubebuilder:metadata:labels="cluster.x-k8s.io/v1beta2=v1alpha1"
type FakeMachineTemplate struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Spec is the wanted state.
	Spec FakeMachineTemplateSpec `json:"spec"`
	// Status is the observed state.
	// +optional
	Status FakeMachineTemplateStatus `json:"status,omitzero"`
}

// FakeMachineTemplateList is a list of FakeMachineTemplates.
//
// +kubebuilder:object:root=true
type FakeMachineTemplateList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []FakeMachineTemplate `json:"items"`
}

// FakeMachineTemplateSpec holds the template.
type FakeMachineTemplateSpec struct {
	// Template of FakeMachines.
	Template FakeMachineResource `json:"template"`
}

// FakeMachineResource is a FakeMachine to be.
type FakeMachineResource struct {
	// Spec of it.
	Spec FakeMachineSpec `json:"spec"`
}

// FakeMachineTemplateStatus tells autoscalers what a host will be, before there is one.
type FakeMachineTemplateStatus struct {
	// Capacity of a host.
	// +optional
	Capacity corev1.ResourceList `json:"capacity,omitempty"`
	// NodeInfo of a host.
	// +optional
	NodeInfo NodeInfo `json:"nodeInfo,omitzero"`
}

// NodeInfo is part of the contract of Cluster API.
type NodeInfo struct {
	// Architecture of the processors, such as amd64.
	// +optional
	Architecture string `json:"architecture,omitempty"`
	// OperatingSystem is linux.
	// +optional
	OperatingSystem string `json:"operatingSystem,omitempty"`
}
