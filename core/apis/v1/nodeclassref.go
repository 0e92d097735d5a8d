// SPDX-License-Identifier: Apache-2.0

package v1

import "k8s.io/apimachinery/pkg/runtime/schema"

// NodeClassReference names the provider's NodeClass that nodes are launched
// with. It carries no version: that is the provider's business.
type NodeClassReference struct {
	// Group is the API group of the NodeClass, without a version.
	// +kubebuilder:validation:MinLength:=1
	// +kubebuilder:validation:Pattern:=`^[^/]*$`
	// +required
	Group string `json:"group"`
	// Kind is the kind of the NodeClass.
	// +kubebuilder:validation:MinLength:=1
	// +required
	Kind string `json:"kind"`
	// Name is the name of the NodeClass.
	// +kubebuilder:validation:MinLength:=1
	// +required
	Name string `json:"name"`
}

// GroupKind returns the group and kind of the referenced NodeClass, which are
// all that decides whether a provider supports it (API-007).
func (r NodeClassReference) GroupKind() schema.GroupKind {
	return schema.GroupKind{Group: r.Group, Kind: r.Kind}
}
