// SPDX-License-Identifier: Apache-2.0

package disrupt

import "time"

// Node is what disruption must know of one machine, from the launch of its
// NodeClaim to its end.
type Node struct {
	// ID is the provider ID. It tells machines apart, and names do not (DIS-131).
	ID string
	// Name is the Node's, or the NodeClaim's while there is no Node.
	Name string
	// Pool is the value of the label that names the pool; empty without one.
	Pool string

	// Held is set while a command about the node is queued or waits to be
	// validated.
	Held bool
	// Claimed is set when a managed NodeClaim backs the node.
	Claimed bool
	// Exists is set when there is a Node object.
	Exists bool
	// Initialized is set when the Node is labelled as such.
	Initialized bool
	// Ready is the condition of the Node.
	Ready bool
	// InstanceTerminating is the condition of the NodeClaim.
	InstanceTerminating bool
	// Leaving is set when the node is marked for deletion.
	Leaving bool
	// Receives is set while pods that wait, or those of nodes that are about to go, are
	// planned to come to the node; only in states with a question.
	Receives bool
	// Nominated is set while pending pods are expected on the node.
	Nominated bool
	// Protected is set when the Node's own annotation forbids disruption
	// (DIS-032).
	Protected bool
	// Consolidatable is the condition of the NodeClaim.
	Consolidatable bool
	// Drifted is the condition of the NodeClaim, DriftedSince the time of its last
	// transition.
	Drifted      bool
	DriftedSince time.Time
	// BoundedDrain is set when the NodeClaim has a termination grace period, be
	// it zero.
	BoundedDrain bool

	// TypeKnown is set when the pool has the instance type of the node.
	TypeKnown bool
	// Zone and CapacityType are by the node's labels; empty without one.
	Zone, CapacityType string

	// BufferPods is how many pods of capacity buffers have their room here.
	BufferPods int
	// Pods are those bound to the node, in an order that does not depend on the
	// order of events.
	Pods []Pod

	// Price is per hour; 0 when it is not known.
	Price float64
	// Created is the time of the NodeClaim's creation, ExpireAfter the lifetime
	// it was given; Expires tells whether it was given one.
	Created     time.Time
	ExpireAfter time.Duration
	Expires     bool
}

// RemainingLife is the share of its lifetime that is left to the node, from 0 to
// 1; 1 for a node that never expires (DIS-047).
func (n *Node) RemainingLife(now time.Time) float64 {
	if !n.Expires {
		return 1
	}
	left := n.ExpireAfter - now.Sub(n.Created)
	if left <= 0 {
		return 0
	}
	return min(float64(left)/float64(n.ExpireAfter), 1)
}

// Pool is what disruption must know of a node pool.
type Pool struct {
	// Managed is set when the pool's nodes are of this provider.
	Managed bool
	// Paused is set when the pool's own annotation forbids to disrupt its nodes
	// (DIS-174).
	Paused bool
	// Static pools keep a number of nodes whatever pods there are.
	Static bool
	// NeverConsolidates is set when the pool turns consolidation off.
	NeverConsolidates bool
	// OnlyWhenEmpty is set when the pool lets consolidation take empty nodes only.
	OnlyWhenEmpty bool
	// Balanced is set when the pool lets nodes go only if the share of its cost that
	// this saves makes up for the share of its pods that move.
	Balanced bool
	// Rests is set while the pool's nodes are left alone because commands about them
	// have failed.
	Rests bool
	// Types tells whether the pool's instance types are known.
	Types Types
	// Budget bounds the disruption of the pool's nodes.
	Budget Budget
}

// Types tells whether the instance types of a pool are known.
type Types int

const (
	// TypesKnown means that there are instance types.
	TypesKnown Types = iota
	// TypesUnavailable means that they could not be listed, or that there are
	// none.
	TypesUnavailable
	// TypesUnevaluated means that overlays on them are not evaluated yet.
	TypesUnevaluated
)
