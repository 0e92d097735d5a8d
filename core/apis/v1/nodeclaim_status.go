// SPDX-License-Identifier: Apache-2.0

package v1

import (
	"github.com/awslabs/operatorpkg/status"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// NodeClaimStatus is the observed state of a NodeClaim.
type NodeClaimStatus struct {
	// NodeName is the name of the Node, known once it has registered.
	// +optional
	NodeName string `json:"nodeName,omitempty"`
	// ProviderID is the provider's identity of the instance, known once it is
	// launched. It joins the NodeClaim and the Node.
	// +optional
	ProviderID string `json:"providerID,omitempty"`
	// ImageID is the provider's identity of the machine image.
	// +optional
	ImageID string `json:"imageID,omitempty"`
	// Capacity is the provider's estimate of the node's total resources.
	// +optional
	Capacity corev1.ResourceList `json:"capacity,omitempty"`
	// Allocatable is the provider's estimate of the resources left to pods.
	// +optional
	Allocatable corev1.ResourceList `json:"allocatable,omitempty"`
	// LastPodEventTime is when a pod last came to the node, ended there or
	// started to terminate. DaemonSet pods do not count.
	// +optional
	LastPodEventTime metav1.Time `json:"lastPodEventTime,omitzero"`
	// Conditions say how far the node has come and what holds it back.
	// +listType=map
	// +listMapKey=type
	// +optional
	Conditions []status.Condition `json:"conditions,omitempty"`
}
