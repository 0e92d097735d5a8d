// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"github.com/awslabs/operatorpkg/status"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Group is the API group of TestNodeClass and the domain of the in-memory
// provider's labels.
const Group = "karpenter.test.sh"

// GroupVersion is the group and version of the types in this package.
var GroupVersion = schema.GroupVersion{Group: Group, Version: "v1alpha1"}

// AddToScheme registers the types of this package with a scheme.
func AddToScheme(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(GroupVersion, &TestNodeClass{}, &TestNodeClassList{})
	metav1.AddToGroupVersion(scheme, GroupVersion)
	return nil
}

// TestNodeClass is what nodes are launched with in tests.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=testnodeclasses,scope=Cluster,categories=karpenter
// +kubebuilder:subresource:status
type TestNodeClass struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Spec is the wanted state.
	// +optional
	Spec TestNodeClassSpec `json:"spec,omitzero"`
	// Status is the observed state.
	// +kubebuilder:default:={conditions: {{type: "Ready", status: "True", reason: "Ready", message: "", observedGeneration: 1, lastTransitionTime: "2024-01-01T01:01:01Z"}}}
	// +optional
	Status TestNodeClassStatus `json:"status,omitzero"`
}

// TestNodeClassSpec is the wanted state of a TestNodeClass.
type TestNodeClassSpec struct {
	// Zones restricts offerings to these zones; empty means all.
	// +optional
	Zones []string `json:"zones,omitempty"`
}

// TestNodeClassStatus is the observed state of a TestNodeClass.
type TestNodeClassStatus struct {
	// Conditions say whether nodes can be launched with it.
	// +listType=map
	// +listMapKey=type
	// +optional
	Conditions []status.Condition `json:"conditions,omitempty"`
}

// StatusConditions returns the set that reads and writes the conditions. Ready
// depends on nothing else.
func (c *TestNodeClass) StatusConditions(opts ...status.ForOption) status.ConditionSet {
	return status.NewReadyConditions().For(c, opts...)
}

// GetConditions returns the conditions as they are stored.
func (c *TestNodeClass) GetConditions() []status.Condition { return c.Status.Conditions }

// SetConditions replaces the conditions.
func (c *TestNodeClass) SetConditions(conditions []status.Condition) {
	c.Status.Conditions = conditions
}

// TestNodeClassList is a list of TestNodeClasses.
//
// +kubebuilder:object:root=true
type TestNodeClassList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []TestNodeClass `json:"items"`
}
