// SPDX-License-Identifier: Apache-2.0

package v1

import (
	"github.com/awslabs/operatorpkg/status"
	corev1 "k8s.io/api/core/v1"
)

// NodePoolStatus is the observed state of a NodePool.
type NodePoolStatus struct {
	// Resources are the total resources of the pool's nodes, with the resource
	// nodes counting the nodes themselves.
	// +optional
	Resources corev1.ResourceList `json:"resources,omitempty"`
	// Nodes is the number of the pool's nodes.
	// +kubebuilder:default:=0
	// +optional
	Nodes int64 `json:"nodes"`
	// NodeClassObservedGeneration is the generation of the NodeClass that the
	// condition NodeRegistrationHealthy was last judged against.
	// +optional
	NodeClassObservedGeneration int64 `json:"nodeClassObservedGeneration,omitempty"`
	// Conditions say whether the pool can be used and why not.
	// +listType=map
	// +listMapKey=type
	// +optional
	Conditions []status.Condition `json:"conditions,omitempty"`
}
