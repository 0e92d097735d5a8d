// SPDX-License-Identifier: Apache-2.0

package v1

import (
	"github.com/awslabs/operatorpkg/status"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"karpenter.sh/core/apis/lenient"
)

// EC2NodeClass is what machines of AWS are launched with.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=ec2nodeclasses,scope=Cluster,categories=karpenter,shortName={ec2nc,ec2ncs}
// +kubebuilder:subresource:status
// +kubebuilder:printcolumn:name="Ready",type="string",JSONPath=".status.conditions[?(@.type==\"Ready\")].status"
// +kubebuilder:printcolumn:name="Age",type="date",JSONPath=".metadata.creationTimestamp"
// +kubebuilder:printcolumn:name="Role",type="string",JSONPath=".spec.role",priority=1
type EC2NodeClass struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Spec is the wanted state.
	// +required
	Spec EC2NodeClassSpec `json:"spec"`
	// Status is what the wanted state means in the account.
	// +optional
	Status EC2NodeClassStatus `json:"status,omitzero"`
	// Unreadable are the fields of the stored object that could not be read, and
	// are missing here.
	Unreadable []lenient.Problem `json:"-"`
}

// UnmarshalJSON reads what can be read, so that one object never hides the
// others in a list (API-177).
func (c *EC2NodeClass) UnmarshalJSON(text []byte) (err error) {
	type plain EC2NodeClass
	c.Unreadable, err = lenient.Unmarshal(text, (*plain)(c))
	return err
}

// UnreadableSpec are the parts of the spec that could not be read. What is missing must
// pass neither for a wish nor for a change (AWS-091).
func (c *EC2NodeClass) UnreadableSpec() []lenient.Problem {
	return lenient.Within(c.Unreadable, "spec")
}

// EC2NodeClassList is a list of EC2NodeClasses.
//
// +kubebuilder:object:root=true
type EC2NodeClassList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []EC2NodeClass `json:"items"`
}

// GetConditions returns the conditions as they are stored.
func (c *EC2NodeClass) GetConditions() []status.Condition { return c.Status.Conditions }

// SetConditions replaces the conditions.
func (c *EC2NodeClass) SetConditions(conditions []status.Condition) {
	c.Status.Conditions = conditions
}
