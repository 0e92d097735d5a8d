// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"github.com/awslabs/operatorpkg/status"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"karpenter.sh/core/apis/lenient"
)

// NodeOverlay changes the price or the capacity that simulation assumes for the
// instance types it matches.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=nodeoverlays,scope=Cluster,categories=karpenter,shortName=overlays
// +kubebuilder:subresource:status
// +kubebuilder:printcolumn:name="Ready",type="string",JSONPath=".status.conditions[?(@.type==\"Ready\")].status"
// +kubebuilder:printcolumn:name="Age",type="date",JSONPath=".metadata.creationTimestamp"
// +kubebuilder:printcolumn:name="Weight",type="integer",JSONPath=".spec.weight",priority=1
type NodeOverlay struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Spec is the wanted change.
	// +required
	Spec NodeOverlaySpec `json:"spec"`
	// Status is the observed state.
	// +optional
	Status NodeOverlayStatus `json:"status,omitzero"`
	// Unreadable are the fields of the stored object that could not be read, and
	// are missing here. Nothing is launched from what is incomplete.
	Unreadable []lenient.Problem `json:"-"`
}

// NodeOverlaySpec is what an overlay matches and what it changes.
//
// +kubebuilder:validation:XValidation:rule="!has(self.price) || !has(self.priceAdjustment)",message="price and priceAdjustment may not be set together",fieldPath=".priceAdjustment"
type NodeOverlaySpec struct {
	// Requirements say which offerings of which instance types the overlay
	// affects. An empty list affects all.
	// +kubebuilder:validation:MaxItems:=100
	// +listType=atomic
	// +required
	Requirements []NodeSelectorRequirement `json:"requirements"`
	// Price replaces the price.
	// +kubebuilder:validation:Pattern:=`^\d+(\.\d+)?$`
	// +optional
	Price string `json:"price,omitempty"`
	// PriceAdjustment changes the price by a signed amount or a signed percentage.
	// The result is never below 0.
	// +kubebuilder:validation:Pattern:=`^(([+-]{1}(\d*\.?\d+))|(\+{1}\d*\.?\d+%)|(^(-\d{1,2}(\.\d+)?%)$)|(-100%))$`
	// +optional
	PriceAdjustment string `json:"priceAdjustment,omitempty"`
	// Capacity adds extended resources to the matching instance types.
	// +kubebuilder:validation:XValidation:rule="['cpu', 'memory', 'ephemeral-storage', 'pods'].all(name, !(name in self))",message="may not contain cpu, memory, ephemeral-storage or pods"
	// +optional
	Capacity corev1.ResourceList `json:"capacity,omitempty"`
	// Weight decides between overlays that set the same thing; the greater one
	// wins. Unset counts as 0.
	// +kubebuilder:validation:Minimum:=1
	// +kubebuilder:validation:Maximum:=10000
	// +optional
	Weight *int32 `json:"weight,omitempty"`
}

// NodeSelectorRequirement constrains one label of the offerings to affect.
//
// +kubebuilder:validation:XValidation:rule="self.operator != 'In' || (has(self.values) && size(self.values) > 0)",message="operator In needs at least one value"
// +kubebuilder:validation:XValidation:rule="!(self.operator in ['Gt', 'Lt', 'Gte', 'Lte']) || (has(self.values) && size(self.values) == 1 && self.values[0].matches('^[0-9]+$') && int(self.values[0]) >= 0)",message="operators Gt, Lt, Gte and Lte need exactly one integer that is not negative"
// +kubebuilder:validation:XValidation:rule="self.operator != 'NotIn' || (has(self.values) && size(self.values) > 0)",message="operator NotIn needs at least one value"
type NodeSelectorRequirement struct {
	// Key is the label key that the requirement applies to.
	// +kubebuilder:validation:MaxLength:=316
	// +kubebuilder:validation:Pattern:=`^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*(\/))?([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$`
	// +required
	Key string `json:"key"`
	// Operator is the relation between the key and the values.
	// +kubebuilder:validation:Enum:={In,NotIn,Exists,DoesNotExist,Gt,Lt,Gte,Lte}
	// +required
	Operator corev1.NodeSelectorOperator `json:"operator"`
	// Values are the label values that the operator compares with. In and NotIn
	// need at least one, Gt, Lt, Gte and Lte need exactly one integer, and Exists
	// and DoesNotExist ignore them.
	// +kubebuilder:validation:items:MaxLength:=63
	// +kubebuilder:validation:items:Pattern:=`^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$`
	// +listType=atomic
	// +optional
	Values []string `json:"values,omitzero"`
}

// NodeOverlayStatus is the observed state of a NodeOverlay.
type NodeOverlayStatus struct {
	// Conditions say whether the overlay takes effect and why not.
	// +listType=map
	// +listMapKey=type
	// +optional
	Conditions []status.Condition `json:"conditions,omitempty"`
}

// UnmarshalJSON reads what can be read, so that one object never hides the
// others in a list (API-177).
func (o *NodeOverlay) UnmarshalJSON(text []byte) (err error) {
	type plain NodeOverlay
	o.Unreadable, err = lenient.Unmarshal(text, (*plain)(o))
	return err
}

// NodeOverlayList is a list of NodeOverlays.
//
// +kubebuilder:object:root=true
type NodeOverlayList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []NodeOverlay `json:"items"`
}
