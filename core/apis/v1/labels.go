// SPDX-License-Identifier: Apache-2.0

package v1

import (
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Labels that the core owns.
const (
	// NodePoolLabelKey names the pool that owns a NodeClaim or Node.
	NodePoolLabelKey = Group + "/nodepool"
	// CapacityTypeLabelKey tells how the capacity of a node is paid for; one of
	// the CapacityType values.
	CapacityTypeLabelKey = Group + "/capacity-type"
	// NodeRegisteredLabelKey is LabelValueTrue on a Node that has been matched
	// with its NodeClaim.
	NodeRegisteredLabelKey = Group + "/registered"
	// NodeInitializedLabelKey is LabelValueTrue on a Node that has become usable.
	NodeInitializedLabelKey = Group + "/initialized"
	// NodeDoNotSyncTaintsLabelKey, when exactly LabelValueTrue on a Node, keeps
	// registration from adding the NodeClaim's taints.
	NodeDoNotSyncTaintsLabelKey = Group + "/do-not-sync-taints"
)

// LabelValueTrue is the value of the boolean labels and annotations.
const LabelValueTrue = "true"

// LoadBalancerExclusionValue is the value of the label
// node.kubernetes.io/exclude-from-external-load-balancers while a node drains.
const LoadBalancerExclusionValue = "karpenter"

// Values of CapacityTypeLabelKey.
const (
	CapacityTypeOnDemand = "on-demand"
	CapacityTypeSpot     = "spot"
	CapacityTypeReserved = "reserved"
)

// Values of the labels kubernetes.io/arch and kubernetes.io/os that the core
// knows.
const (
	ArchitectureAMD64 = "amd64"
	ArchitectureARM64 = "arm64"
	OSLinux           = "linux"
	OSWindows         = "windows"
)

// ResourceNodes is the synthetic resource that counts nodes in the limits and
// the usage of a NodePool.
const ResourceNodes = "nodes"

// NodeClassLabelKey is the key of the label that carries the NodeClass name on
// NodeClaims and Nodes: the group, a slash and the lower-cased kind (API-130).
func NodeClassLabelKey(nodeClass schema.GroupKind) string {
	return nodeClass.Group + "/" + strings.ToLower(nodeClass.Kind)
}
