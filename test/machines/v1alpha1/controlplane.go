// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// FakeControlPlane stands for a control plane that somebody else runs.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=fakecontrolplanes,scope=Namespaced,categories=cluster-api
// +kubebuilder:subresource:status
// +kubebuilder:metadata:labels="cluster.x-k8s.io/v1beta2=v1alpha1"
type FakeControlPlane struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Status is the observed state.
	// +optional
	Status FakeControlPlaneStatus `json:"status,omitzero"`
}

// FakeControlPlaneList is a list of FakeControlPlanes.
//
// +kubebuilder:object:root=true
type FakeControlPlaneList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []FakeControlPlane `json:"items"`
}

// FakeControlPlaneStatus tells Cluster API that the control plane serves.
type FakeControlPlaneStatus struct {
	// Initialization is how Cluster API is told.
	// +optional
	Initialization ControlPlaneInitialization `json:"initialization,omitzero"`
	// ExternalManagedControlPlane says that it has no Machines.
	// +optional
	ExternalManagedControlPlane *bool `json:"externalManagedControlPlane,omitempty"`
}

// ControlPlaneInitialization is part of the contract of Cluster API.
//
// +kubebuilder:validation:MinProperties=1
type ControlPlaneInitialization struct {
	// ControlPlaneInitialized says that the API server accepts requests.
	// +optional
	ControlPlaneInitialized *bool `json:"controlPlaneInitialized,omitempty"`
}
