// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"github.com/awslabs/operatorpkg/status"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"karpenter.sh/core/apis/lenient"
)

// ConditionMachineDeploymentsReady is the condition that decides whether a NodeClass is
// ready: it selects MachineDeployments that machines can be had from (CAPI-003).
const ConditionMachineDeploymentsReady = "MachineDeploymentsReady"

// ClusterAPINodeClass says which MachineDeployments machines come from.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=clusterapinodeclasses,scope=Cluster,categories=karpenter,shortName={capinc,capincs}
// +kubebuilder:subresource:status
// +kubebuilder:printcolumn:name="Ready",type="string",JSONPath=".status.conditions[?(@.type==\"Ready\")].status"
// +kubebuilder:printcolumn:name="Age",type="date",JSONPath=".metadata.creationTimestamp"
type ClusterAPINodeClass struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Spec is the wanted state.
	// +optional
	Spec ClusterAPINodeClassSpec `json:"spec,omitzero"`
	// Status is what the wanted state means in the management cluster.
	// +optional
	Status ClusterAPINodeClassStatus `json:"status,omitzero"`
	// Unreadable are the fields of the stored object that could not be read, and
	// are missing here.
	Unreadable []lenient.Problem `json:"-"`
}

// UnmarshalJSON reads what can be read, so that one object never hides the
// others in a list (API-177).
func (c *ClusterAPINodeClass) UnmarshalJSON(text []byte) (err error) {
	type plain ClusterAPINodeClass
	c.Unreadable, err = lenient.Unmarshal(text, (*plain)(c))
	return err
}

// ClusterAPINodeClassSpec is the wanted state of a ClusterAPINodeClass.
type ClusterAPINodeClassSpec struct {
	// ScalableResourceSelector selects MachineDeployments by their labels, among those
	// that take part: they carry the label node.cluster.x-k8s.io/karpenter-member.
	// Absent and empty, it selects them all.
	// +optional
	ScalableResourceSelector *metav1.LabelSelector `json:"scalableResourceSelector,omitempty"`
}

// ClusterAPINodeClassStatus is the observed state of a ClusterAPINodeClass.
type ClusterAPINodeClassStatus struct {
	// Conditions say whether machines can be launched with it.
	// +listType=map
	// +listMapKey=type
	// +optional
	Conditions []status.Condition `json:"conditions,omitempty"`
}

// StatusConditions returns the set that reads and writes the conditions.
func (c *ClusterAPINodeClass) StatusConditions(opts ...status.ForOption) status.ConditionSet {
	return status.NewReadyConditions(ConditionMachineDeploymentsReady).For(c, opts...)
}

// GetConditions returns the conditions as they are stored.
func (c *ClusterAPINodeClass) GetConditions() []status.Condition { return c.Status.Conditions }

// SetConditions replaces the conditions.
func (c *ClusterAPINodeClass) SetConditions(conditions []status.Condition) {
	c.Status.Conditions = conditions
}

// ClusterAPINodeClassList is a list of ClusterAPINodeClasses.
//
// +kubebuilder:object:root=true
type ClusterAPINodeClassList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []ClusterAPINodeClass `json:"items"`
}
