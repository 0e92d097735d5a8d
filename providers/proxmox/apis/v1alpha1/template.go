// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"github.com/awslabs/operatorpkg/status"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"karpenter.sh/core/apis/lenient"
)

// ProxmoxTemplate is a template that Karpenter makes from an image, one machine in each
// zone, and keeps as it is described.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=proxmoxtemplates,scope=Cluster,categories=karpenter
// +kubebuilder:subresource:status
// +kubebuilder:printcolumn:name="Zones",type="integer",JSONPath=".status.resources.zones"
// +kubebuilder:printcolumn:name="Machine",type="string",JSONPath=".spec.machine"
// +kubebuilder:printcolumn:name="CPU",type="string",JSONPath=".spec.cpu.type"
// +kubebuilder:printcolumn:name="VGA",type="string",JSONPath=".spec.vga.type"
// +kubebuilder:printcolumn:name="Ready",type="string",JSONPath=".status.conditions[?(@.type==\"Ready\")].status"
// +kubebuilder:printcolumn:name="Age",type="date",JSONPath=".metadata.creationTimestamp"
type ProxmoxTemplate struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Spec is the wanted state.
	// +required
	Spec ProxmoxTemplateSpec `json:"spec"`
	// Status is what there is in the Proxmox clusters.
	// +optional
	Status ProxmoxTemplateStatus `json:"status,omitzero"`
	// Unreadable are the fields of the stored object that could not be read, and
	// are missing here.
	Unreadable []lenient.Problem `json:"-"`
}

// UnmarshalJSON reads what can be read, so that one object never hides the
// others in a list (API-177).
func (t *ProxmoxTemplate) UnmarshalJSON(text []byte) (err error) {
	type plain ProxmoxTemplate
	t.Unreadable, err = lenient.Unmarshal(text, (*plain)(t))
	return err
}

// UnreadableSpec are the parts of the spec that could not be read. What is missing must
// pass neither for a wish nor for a change.
func (t *ProxmoxTemplate) UnreadableSpec() []lenient.Problem { return ofSpec(t.Unreadable) }

// ProxmoxTemplateList is a list of ProxmoxTemplates.
//
// +kubebuilder:object:root=true
type ProxmoxTemplateList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []ProxmoxTemplate `json:"items"`
}

// ConditionMachineTemplateReady says whether the machines of a template of either kind
// can be cloned. Ready depends on it (PVE-022).
const ConditionMachineTemplateReady = "ProxmoxVirtualMachineTemplateReady"

// ProxmoxTemplateStatus is the observed state of a template of either kind.
type ProxmoxTemplateStatus struct {
	// Conditions say whether machines can be cloned from it.
	// +listType=map
	// +listMapKey=type
	// +optional
	Conditions []status.Condition `json:"conditions,omitempty"`
	// Resources counts what the template has.
	// +optional
	Resources ZoneCount `json:"resources,omitzero"`
	// Zones are the hosts that can clone the template: <region>/<zone>/<ID of the
	// template's machine>.
	// +listType=set
	// +optional
	Zones []string `json:"zones,omitempty"`
	// ImageID is the identity of the image that the machines were made from.
	// +optional
	ImageID string `json:"imageID,omitempty"`
}

// StatusConditions returns the set that reads and writes the conditions.
func (t *ProxmoxTemplate) StatusConditions(opts ...status.ForOption) status.ConditionSet {
	return status.NewReadyConditions(ConditionMachineTemplateReady).For(t, opts...)
}

// GetConditions returns the conditions as they are stored.
func (t *ProxmoxTemplate) GetConditions() []status.Condition { return t.Status.Conditions }

// SetConditions replaces the conditions.
func (t *ProxmoxTemplate) SetConditions(conditions []status.Condition) {
	t.Status.Conditions = conditions
}
