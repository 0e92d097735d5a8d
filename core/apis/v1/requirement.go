// SPDX-License-Identifier: Apache-2.0

package v1

import corev1 "k8s.io/api/core/v1"

// Operators of a requirement. The first six are those of a node selector; a
// node's label value compares as a base-10 integer under the last four.
const (
	OperatorIn           = corev1.NodeSelectorOpIn
	OperatorNotIn        = corev1.NodeSelectorOpNotIn
	OperatorExists       = corev1.NodeSelectorOpExists
	OperatorDoesNotExist = corev1.NodeSelectorOpDoesNotExist
	OperatorGt           = corev1.NodeSelectorOpGt
	OperatorLt           = corev1.NodeSelectorOpLt

	OperatorGte corev1.NodeSelectorOperator = "Gte"
	OperatorLte corev1.NodeSelectorOperator = "Lte"
)

// NodeSelectorRequirementWithMinValues constrains one label of the nodes to
// launch.
//
// +kubebuilder:validation:XValidation:rule="self.operator != 'In' || (has(self.values) && size(self.values) > 0)",message="operator In needs at least one value"
// +kubebuilder:validation:XValidation:rule="!(self.operator in ['Gt', 'Lt', 'Gte', 'Lte']) || (has(self.values) && size(self.values) == 1 && self.values[0].matches('^[0-9]+$') && int(self.values[0]) >= 0)",message="operators Gt, Lt, Gte and Lte need exactly one integer that is not negative"
// +kubebuilder:validation:XValidation:rule="self.operator != 'In' || !has(self.minValues) || (has(self.values) && size(self.values) >= self.minValues)",message="operator In with minValues needs at least that many values"
type NodeSelectorRequirementWithMinValues struct {
	// Key is the label key that the requirement applies to.
	// +kubebuilder:validation:MaxLength:=316
	// +kubebuilder:validation:Pattern:=`^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*(\/))?([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$`
	// +required
	Key string `json:"key"`
	// Operator is the relation between the key and the values.
	// +kubebuilder:validation:Enum:={In,NotIn,Exists,DoesNotExist,Gt,Lt,Gte,Lte}
	// +required
	Operator corev1.NodeSelectorOperator `json:"operator"`
	// Values are the label values that the operator compares with. In needs at
	// least one, Gt, Lt, Gte and Lte need exactly one integer, and Exists and
	// DoesNotExist ignore them.
	// +kubebuilder:validation:items:MaxLength:=63
	// +kubebuilder:validation:items:Pattern:=`^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$`
	// +listType=atomic
	// +optional
	Values []string `json:"values,omitzero"`
	// MinValues is the least number of distinct values of this key that must
	// remain among the instance types to launch from. This field is ALPHA.
	// +kubebuilder:validation:Minimum:=1
	// +kubebuilder:validation:Maximum:=50
	// +optional
	MinValues *int `json:"minValues,omitempty"`
}
