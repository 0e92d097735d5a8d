// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"github.com/awslabs/operatorpkg/status"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"karpenter.sh/core/apis/lenient"
	"karpenter.sh/core/cloudprovider/kit/nodeclass/statichash"
)

// ProxmoxUnmanagedTemplate finds templates that others make and keep.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=proxmoxunmanagedtemplates,scope=Cluster,categories=karpenter
// +kubebuilder:subresource:status
// +kubebuilder:printcolumn:name="Zones",type="integer",JSONPath=".status.resources.zones"
// +kubebuilder:printcolumn:name="Name",type="string",JSONPath=".spec.templateName"
// +kubebuilder:printcolumn:name="Ready",type="string",JSONPath=".status.conditions[?(@.type==\"Ready\")].status"
// +kubebuilder:printcolumn:name="Age",type="date",JSONPath=".metadata.creationTimestamp"
type ProxmoxUnmanagedTemplate struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Spec says which templates are meant.
	// +required
	Spec ProxmoxUnmanagedTemplateSpec `json:"spec"`
	// Status is what there is in the Proxmox clusters.
	// +optional
	Status ProxmoxTemplateStatus `json:"status,omitzero"`
	// Unreadable are the fields of the stored object that could not be read, and
	// are missing here.
	Unreadable []lenient.Problem `json:"-"`
}

// UnmarshalJSON reads what can be read, so that one object never hides the
// others in a list (API-177).
func (t *ProxmoxUnmanagedTemplate) UnmarshalJSON(text []byte) (err error) {
	type plain ProxmoxUnmanagedTemplate
	t.Unreadable, err = lenient.Unmarshal(text, (*plain)(t))
	return err
}

// UnreadableSpec are the parts of the spec that could not be read. What is missing must
// pass neither for a wish nor for a change.
func (t *ProxmoxUnmanagedTemplate) UnreadableSpec() []lenient.Problem { return ofSpec(t.Unreadable) }

// ProxmoxUnmanagedTemplateList is a list of ProxmoxUnmanagedTemplates.
//
// +kubebuilder:object:root=true
type ProxmoxUnmanagedTemplateList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []ProxmoxUnmanagedTemplate `json:"items"`
}

// ProxmoxUnmanagedTemplateSpec says which templates are meant: those with the name, if
// one is given, and with all of the tags.
//
// +kubebuilder:validation:XValidation:rule="has(self.templateName) || has(self.tags)",message="at least one of templateName or tags must be specified"
type ProxmoxUnmanagedTemplateSpec struct {
	// Region is the only Proxmox cluster that is searched. Unset means all.
	// +kubebuilder:validation:MinLength:=1
	// +optional
	Region string `json:"region,omitempty"`
	// TemplateName is the name of the template's machine.
	// +kubebuilder:validation:MinLength:=1
	// +optional
	TemplateName string `json:"templateName,omitempty"`
	// Tags are tags that the template's machine has, all of them.
	// +kubebuilder:validation:MinItems:=1
	// +kubebuilder:validation:MaxItems:=10
	// +optional
	Tags []string `json:"tags,omitempty"`
}

// StatusConditions returns the set that reads and writes the conditions.
func (t *ProxmoxUnmanagedTemplate) StatusConditions(opts ...status.ForOption) status.ConditionSet {
	return status.NewReadyConditions(ConditionMachineTemplateReady).For(t, opts...)
}

// GetConditions returns the conditions as they are stored.
func (t *ProxmoxUnmanagedTemplate) GetConditions() []status.Condition { return t.Status.Conditions }

// SetConditions replaces the conditions.
func (t *ProxmoxUnmanagedTemplate) SetConditions(conditions []status.Condition) {
	t.Status.Conditions = conditions
}

// searchFields are what a ProxmoxUnmanagedTemplate is searched by. The names are part of
// the hash.
type searchFields struct {
	Region, TemplateName string
	Tags                 []string
}

// Hash is the hash of what is searched. It is empty if a part of the spec could not be
// read.
func (t *ProxmoxUnmanagedTemplate) Hash() (string, error) {
	if len(t.UnreadableSpec()) > 0 {
		return "", nil
	}
	sum, err := statichash.Of(searchFields{Region: t.Spec.Region, TemplateName: t.Spec.TemplateName, Tags: set(t.Spec.Tags)})
	if err != nil {
		return "", err
	}
	return statichash.Decimal(sum), nil
}
