// SPDX-License-Identifier: Apache-2.0

package capi

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// MachineDeployment is a set of equal Machines whose number is chosen.
//
// +kubebuilder:object:root=true
type MachineDeployment struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   MachineDeploymentSpec   `json:"spec,omitzero"`
	Status MachineDeploymentStatus `json:"status,omitzero"`
}

// MachineDeploymentSpec is the wanted state.
type MachineDeploymentSpec struct {
	ClusterName string          `json:"clusterName,omitempty"`
	Replicas    *int32          `json:"replicas,omitempty"`
	Paused      bool            `json:"paused,omitempty"`
	Template    MachineTemplate `json:"template,omitzero"`
	// Rollout is how v1beta2 writes the strategy.
	Rollout Rollout `json:"rollout,omitzero"`
	// Strategy is how v1beta1 writes it.
	Strategy Strategy `json:"strategy,omitzero"`
}

// MachineTemplate is what Machines are made from.
type MachineTemplate struct {
	ObjectMeta TemplateMeta        `json:"metadata,omitzero"`
	Spec       MachineTemplateSpec `json:"spec,omitzero"`
}

// TemplateMeta is the metadata that Machines get.
type TemplateMeta struct {
	Labels map[string]string `json:"labels,omitempty"`
}

// MachineTemplateSpec is the spec that Machines get.
type MachineTemplateSpec struct {
	InfrastructureRef InfrastructureRef `json:"infrastructureRef,omitzero"`
}

// InfrastructureRef names an object of the infrastructure provider.
type InfrastructureRef struct {
	// APIGroup is how v1beta2 tells the group, APIVersion how v1beta1 does.
	APIGroup   string `json:"apiGroup,omitempty"`
	APIVersion string `json:"apiVersion,omitempty"`
	Kind       string `json:"kind,omitempty"`
	Name       string `json:"name,omitempty"`
	// Namespace is given in v1beta1 only; it is that of the object which refers.
	Namespace string `json:"namespace,omitempty"`
}

// Rollout is how Machines are replaced.
type Rollout struct {
	Strategy Strategy `json:"strategy,omitzero"`
}

// Strategy is how Machines are replaced.
type Strategy struct {
	// Type is RollingUpdate, the default, or OnDelete.
	Type          string        `json:"type,omitempty"`
	RollingUpdate RollingUpdate `json:"rollingUpdate,omitzero"`
}

// RollingUpdate replaces Machines some at a time.
type RollingUpdate struct {
	// MaxSurge is how many Machines, or which share of the replicas, there may be
	// beyond the replicas meanwhile; 1 by default.
	MaxSurge *intstr.IntOrString `json:"maxSurge,omitempty"`
}

// MachineDeploymentStatus is the observed state.
type MachineDeploymentStatus struct {
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`
}

// MachineDeploymentList is a list of MachineDeployments.
//
// +kubebuilder:object:root=true
type MachineDeploymentList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []MachineDeployment `json:"items"`
}

// MachineSet stands between a MachineDeployment and its Machines: there is one for each
// template that the deployment has had.
//
// +kubebuilder:object:root=true
type MachineSet struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec MachineSetSpec `json:"spec,omitzero"`
}

// MachineSetSpec is the wanted state.
type MachineSetSpec struct {
	Replicas *int32 `json:"replicas,omitempty"`
}

// MachineSetList is a list of MachineSets.
//
// +kubebuilder:object:root=true
type MachineSetList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []MachineSet `json:"items"`
}

// Machine is a machine, from the wish for it to its end.
//
// +kubebuilder:object:root=true
type Machine struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   MachineSpec   `json:"spec,omitzero"`
	Status MachineStatus `json:"status,omitzero"`
}

// MachineSpec is the wanted state.
type MachineSpec struct {
	ClusterName string `json:"clusterName,omitempty"`
	// ProviderID is written by the infrastructure provider once there is a machine.
	ProviderID string `json:"providerID,omitempty"`
}

// MachineStatus is the observed state.
type MachineStatus struct {
	// NodeRef names the Node in the workload cluster.
	NodeRef NodeRef `json:"nodeRef,omitzero"`
	Phase   string  `json:"phase,omitempty"`
	// Failure is where v1beta1 tells a failure.
	Failure `json:",inline"`
	// Deprecated is where v1beta2 keeps what v1beta1 tells.
	Deprecated DeprecatedStatus `json:"deprecated,omitzero"`
}

// NodeRef names a Node.
type NodeRef struct {
	Name string `json:"name,omitempty"`
}

// Failure says that a Machine will never serve.
type Failure struct {
	FailureReason  string `json:"failureReason,omitempty"`
	FailureMessage string `json:"failureMessage,omitempty"`
}

// DeprecatedStatus is what older versions tell.
type DeprecatedStatus struct {
	V1Beta1 Failure `json:"v1beta1,omitzero"`
}

// MachineList is a list of Machines.
//
// +kubebuilder:object:root=true
type MachineList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Machine `json:"items"`
}

// Cluster is what Machines join.
//
// +kubebuilder:object:root=true
type Cluster struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec ClusterSpec `json:"spec,omitzero"`
}

// ClusterSpec is the wanted state.
type ClusterSpec struct {
	Paused bool `json:"paused,omitempty"`
}

// ClusterList is a list of Clusters.
//
// +kubebuilder:object:root=true
type ClusterList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Cluster `json:"items"`
}
