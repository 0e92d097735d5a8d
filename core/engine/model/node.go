// SPDX-License-Identifier: Apache-2.0

package model

import (
	"strings"

	"karpenter.sh/core/engine/attach"
	"karpenter.sh/core/engine/constraint"
	"karpenter.sh/core/engine/hostport"
	"karpenter.sh/core/engine/resource"
	"karpenter.sh/core/engine/taint"
)

// Node is an existing node, or a launched NodeClaim whose Node has not
// appeared yet, as a target for pods.
type Node struct {
	Name string
	// Hostname is the value of that label, which is not among Labels (SCH-131).
	Hostname string
	// Labels decide which pods may land here. A key left out by intake
	// counts as absent.
	Labels constraint.Labels
	Taints []taint.Taint
	// Free is allocatable less the requests of bound pods and of the daemons
	// still to come (SCH-130).
	Free resource.Vector
	// Ports are those that bound pods take.
	Ports hostport.Ports
	// Attached are the claims of bound pods, AttachLimits how many of them the
	// node can have (SCH-089).
	Attached     attach.Usage
	AttachLimits attach.Limits
	// Initialized nodes are filled before others (SCH-132).
	Initialized bool
}

// CompareNodes is the order in which nodes are tried (SCH-132).
func CompareNodes(a, b *Node) int {
	if a.Initialized != b.Initialized {
		if a.Initialized {
			return -1
		}
		return 1
	}
	return strings.Compare(a.Name, b.Name)
}
