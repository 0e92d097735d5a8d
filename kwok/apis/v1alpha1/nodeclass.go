// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"fmt"
	"time"

	"github.com/awslabs/operatorpkg/status"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"karpenter.sh/core/apis/lenient"
)

// KWOKNodeClass is what fake nodes are launched with.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=kwoknodeclasses,scope=Cluster,categories=karpenter,shortName={kwoknc,kwokncs}
// +kubebuilder:subresource:status
type KWOKNodeClass struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Spec is the wanted state.
	// +optional
	Spec KWOKNodeClassSpec `json:"spec,omitzero"`
	// Status is the observed state. By default the NodeClass is ready.
	// +kubebuilder:default:={conditions: {{type: "Ready", status: "True", reason: "Ready", message: "", lastTransitionTime: "2024-01-01T01:01:01Z"}}}
	// +optional
	Status KWOKNodeClassStatus `json:"status,omitzero"`
	// Unreadable are the fields of the stored object that could not be read, and
	// are missing here.
	Unreadable []lenient.Problem `json:"-"`
}

// UnmarshalJSON reads what can be read, so that one object never hides the
// others in a list (API-177).
func (c *KWOKNodeClass) UnmarshalJSON(text []byte) (err error) {
	type plain KWOKNodeClass
	c.Unreadable, err = lenient.Unmarshal(text, (*plain)(c))
	return err
}

// KWOKNodeClassSpec is the wanted state of a KWOKNodeClass.
type KWOKNodeClassSpec struct {
	// NodeRegistrationDelay is the time between the launch and the appearance of
	// the Node. Absent means none; from 15m on, launches time out.
	// +kubebuilder:validation:Pattern:=`^([0-9]+(s|m|h))+$`
	// +optional
	NodeRegistrationDelay string `json:"nodeRegistrationDelay,omitempty"`
}

// KWOKNodeClassStatus is the observed state of a KWOKNodeClass.
type KWOKNodeClassStatus struct {
	// Conditions say whether nodes can be launched with it.
	// +listType=map
	// +listMapKey=type
	// +optional
	Conditions []status.Condition `json:"conditions,omitempty"`
}

// RegistrationDelay is the parsed NodeRegistrationDelay. What the API server
// admits is readable unless it exceeds 292 years.
func (c *KWOKNodeClass) RegistrationDelay() (time.Duration, error) {
	if c.Spec.NodeRegistrationDelay == "" {
		return 0, nil
	}
	delay, err := time.ParseDuration(c.Spec.NodeRegistrationDelay)
	if err != nil {
		return 0, fmt.Errorf("reading nodeRegistrationDelay of KWOKNodeClass %s: %w", c.Name, err)
	}
	return delay, nil
}

// StatusConditions returns the set that reads and writes the conditions. Ready
// depends on nothing else.
func (c *KWOKNodeClass) StatusConditions(opts ...status.ForOption) status.ConditionSet {
	return status.NewReadyConditions().For(c, opts...)
}

// GetConditions returns the conditions as they are stored.
func (c *KWOKNodeClass) GetConditions() []status.Condition { return c.Status.Conditions }

// SetConditions replaces the conditions.
func (c *KWOKNodeClass) SetConditions(conditions []status.Condition) {
	c.Status.Conditions = conditions
}

// KWOKNodeClassList is a list of KWOKNodeClasses.
//
// +kubebuilder:object:root=true
type KWOKNodeClassList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []KWOKNodeClass `json:"items"`
}
