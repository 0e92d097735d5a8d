// SPDX-License-Identifier: Apache-2.0

package model

import (
	"karpenter.sh/core/engine/attach"
	"karpenter.sh/core/engine/constraint"
	"karpenter.sh/core/engine/hostport"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/core/engine/resource"
	"karpenter.sh/core/engine/taint"
	"karpenter.sh/core/engine/topology"
)

// Class is what all pods that scheduling cannot tell apart have in common.
type Class struct {
	// Requests is the effective request of one pod (SCH-040), with 1 of
	// [resource.Pods].
	Requests    resource.Vector
	Tolerations taint.Tolerations
	// Ports are those a pod takes of its node.
	Ports hostport.Ports
	// Attempts are the ways to satisfy the pod, the most wanted first: one
	// for each required node-affinity term, later ones with preferences
	// given up (SCH-183). There is at least one.
	Attempts []Attempt
	// Volumes are the node constraints of the pod's volumes, the first to try
	// first. A node must meet any of them besides an attempt's (SCH-086); nil
	// restricts nothing.
	Volumes []constraint.Sets
	// VolumeConflict says that no node can have all volumes (SCH-085); such
	// pods are placed nowhere.
	VolumeConflict bool
	// Topology is what the class has to do with topology groups.
	Topology topology.Relation
	// DefaultSpread says that the class's spread constraints are the cluster's
	// defaults, for messages.
	DefaultSpread bool
	// ClaimsIgnored says that the pods have claims of Dynamic Resource
	// Allocation while these are ignored; they are placed nowhere (SCH-188).
	ClaimsIgnored bool
	// Waits are the pools that launch no node for the pods now, by name, with the
	// reason; nil for most classes (SCH-302).
	Waits map[string]string
	// NotBuilt names a constraint that the engine does not decide yet; such
	// pods are placed nowhere. Empty for all others.
	NotBuilt string
}

// Attempt is one way to satisfy a pod.
type Attempt struct {
	// Wanted is what the node's labels must satisfy.
	Wanted constraint.Sets
	// Plain is Wanted as the user wrote it, for messages.
	Plain requirement.Requirements
	// Strict is what of Wanted decides which domains topology rules look at:
	// the required constraints of the pod, without preferences and volumes
	// (SCH-072).
	Strict constraint.Sets
	// Rules are the topology groups to obey, as indexes into
	// [Snapshot.Groups], besides the inverse ones.
	Rules []int32
	// Required is how many of Rules, from the first, the pod demands; the
	// others are preferences.
	Required int
	// SoftTaints admits nodes with PreferNoSchedule taints that the pod does
	// not tolerate.
	SoftTaints bool
}

// Pod is one pod to place.
type Pod struct {
	Namespace, Name, UID string
	// Created is the creation time in Unix nanoseconds; it only orders pods.
	Created int64
	Class   *Class
	// From is the node that the pod leaves and that the snapshot still counts
	// it on; nil for a pod that the snapshot counts nowhere.
	From *Node
	// Attachments are the pod's volume claims. They belong to the pod: all
	// others of its class may have claims of their own.
	Attachments []attach.Attachment
}

// String is namespace/name.
func (p Pod) String() string { return p.Namespace + "/" + p.Name }
