// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"github.com/awslabs/operatorpkg/status"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"karpenter.sh/core/apis/lenient"
)

// ProxmoxNodeClass is what virtual machines of Proxmox VE are launched with.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=proxmoxnodeclasses,scope=Cluster,categories=karpenter
// +kubebuilder:subresource:status
// +kubebuilder:printcolumn:name="Zones",type="integer",JSONPath=".status.resources.zones"
// +kubebuilder:printcolumn:name="Balance",type="string",JSONPath=".spec.placementStrategy.zoneBalance"
// +kubebuilder:printcolumn:name="Template",type="string",JSONPath=".spec.instanceTemplateRef.name"
// +kubebuilder:printcolumn:name="Metadata",type="string",JSONPath=".spec.metadataOptions.type"
// +kubebuilder:printcolumn:name="Disk",type="string",JSONPath=".spec.bootDevice.size"
// +kubebuilder:printcolumn:name="Ready",type="string",JSONPath=".status.conditions[?(@.type==\"Ready\")].status"
// +kubebuilder:printcolumn:name="Age",type="date",JSONPath=".metadata.creationTimestamp"
type ProxmoxNodeClass struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Spec is the wanted state.
	// +required
	Spec ProxmoxNodeClassSpec `json:"spec"`
	// Status is what the wanted state means in the Proxmox clusters.
	// +optional
	Status ProxmoxNodeClassStatus `json:"status,omitzero"`
	// Unreadable are the fields of the stored object that could not be read, and
	// are missing here.
	Unreadable []lenient.Problem `json:"-"`
}

// UnmarshalJSON reads what can be read, so that one object never hides the
// others in a list (API-177).
func (c *ProxmoxNodeClass) UnmarshalJSON(text []byte) (err error) {
	type plain ProxmoxNodeClass
	c.Unreadable, err = lenient.Unmarshal(text, (*plain)(c))
	return err
}

// UnreadableSpec are the parts of the spec that could not be read. What is missing must
// pass neither for a wish nor for a change.
func (c *ProxmoxNodeClass) UnreadableSpec() []lenient.Problem { return ofSpec(c.Unreadable) }

// ProxmoxNodeClassList is a list of ProxmoxNodeClasses.
//
// +kubebuilder:object:root=true
type ProxmoxNodeClassList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []ProxmoxNodeClass `json:"items"`
}

// The dependent conditions of a ProxmoxNodeClass (PVE-017).
const (
	// ConditionInstanceTemplateReady says whether there is a template to clone.
	ConditionInstanceTemplateReady = "InstanceTemplateReady"
	// ConditionMetadataOptionsReady says whether boot data can be written.
	ConditionMetadataOptionsReady = "InstanceMetadataOptionsReady"
)

// ProxmoxNodeClassStatus is the observed state of a ProxmoxNodeClass.
type ProxmoxNodeClassStatus struct {
	// Conditions say whether nodes can be launched with it.
	// +listType=map
	// +listMapKey=type
	// +optional
	Conditions []status.Condition `json:"conditions,omitempty"`
	// Resources counts what the NodeClass can use.
	// +optional
	Resources ZoneCount `json:"resources,omitzero"`
	// SelectedZones are the hosts that machines can be launched on, with the template
	// that they are cloned from: <region>/<zone>/<ID of the template's machine>.
	// +listType=set
	// +optional
	SelectedZones []string `json:"selectedZones,omitempty"`
}

// ZoneCount counts zones.
type ZoneCount struct {
	// Zones is how many hosts can be used.
	// +optional
	Zones int32 `json:"zones,omitempty"`
}

// StatusConditions returns the set that reads and writes the conditions.
func (c *ProxmoxNodeClass) StatusConditions(opts ...status.ForOption) status.ConditionSet {
	return status.NewReadyConditions(ConditionInstanceTemplateReady, ConditionMetadataOptionsReady).For(c, opts...)
}

// GetConditions returns the conditions as they are stored.
func (c *ProxmoxNodeClass) GetConditions() []status.Condition { return c.Status.Conditions }

// SetConditions replaces the conditions.
func (c *ProxmoxNodeClass) SetConditions(conditions []status.Condition) {
	c.Status.Conditions = conditions
}
