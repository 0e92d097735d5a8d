// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/engine/attach"
	"karpenter.sh/core/engine/bitset"
	"karpenter.sh/core/engine/hostport"
	"karpenter.sh/core/engine/resource"
)

// StateNode joins a Node and a NodeClaim of one provider ID, with what runs
// there (LIF-011). It is immutable: every event makes a new one, and whoever
// holds an old one keeps seeing the world as it was. Objects, maps and slices
// that it hands out are shared and must not be changed.
type StateNode struct {
	key            string
	node           *corev1.Node
	claim          *v1.NodeClaim
	seen           *seen
	pods           *podSet
	volumeLimits   attach.Limits
	disrupting     bool // marked in memory
	marked         bool // for whatever reason
	nominatedUntil time.Time
	bufferPods     int
	compiled       atomic.Pointer[compiled]
}

// seen is a view and what follows from it alone. Successive state nodes share
// it as long as neither object changes in a way that matters.
type seen struct {
	View
	capacity, allocatable resource.Vector
	promised              resource.Vector // allocatable as the NodeClaim has it
	listed                bitset.Set      // resources that are allocatable at all
	fixed                 atomic.Pointer[fixed]
}

// Key identifies the state node in the model: the provider ID, or for a Node
// without one "node/" and its name.
func (n *StateNode) Key() string { return n.key }

// Node is the Node, or nil.
func (n *StateNode) Node() *corev1.Node { return n.node }

// NodeClaim is the NodeClaim, or nil.
func (n *StateNode) NodeClaim() *v1.NodeClaim { return n.claim }

// View is what the node looks like at its stage.
func (n *StateNode) View() *View { return &n.seen.View }

// Name is that of the view.
func (n *StateNode) Name() string { return n.seen.Name }

// NodePool is the pool of the view's labels, or empty.
func (n *StateNode) NodePool() string { return n.seen.NodePool() }

// Managed reports whether a NodeClaim backs the node.
func (n *StateNode) Managed() bool { return n.claim != nil }

// Registered reports whether the node has registered, or has no NodeClaim.
func (n *StateNode) Registered() bool { return n.seen.Stage >= Registered }

// Initialized reports whether the node is ready for pods, or has no NodeClaim.
func (n *StateNode) Initialized() bool { return n.seen.Stage == Initialized }

// InitializedSince is when the node's NodeClaim became initialized; zero while it
// is not, and for a node without one.
func (n *StateNode) InitializedSince() time.Time {
	if n.claim == nil || !n.Initialized() {
		return time.Time{}
	}
	return changed(n.claim, v1.ConditionTypeInitialized)
}

// MarkedForDeletion reports whether the node is on its way out (LIF-045): no
// target for pods, and not counted against limits.
func (n *StateNode) MarkedForDeletion() bool { return n.marked }

// leaving works MarkedForDeletion out. The deletion of a Node alone says nothing
// while it has a NodeClaim.
func (n *StateNode) leaving() bool {
	return n.disrupting || !n.Stands()
}

// Stands reports whether nothing of the node is being deleted yet, whatever disruption
// has decided: if its command fails, the node stays.
func (n *StateNode) Stands() bool {
	if n.claim == nil {
		return n.node.DeletionTimestamp == nil
	}
	return n.claim.DeletionTimestamp == nil && !isTrue(n.claim, v1.ConditionTypeInstanceTerminating)
}

// Nominated reports whether pods are expected on the node at a time (LIF-046).
func (n *StateNode) Nominated(now time.Time) bool { return now.Before(n.nominatedUntil) }

// BufferPods is how many pods of capacity buffers the last round put here
// (LIF-051).
func (n *StateNode) BufferPods() int { return n.bufferPods }

// Pods are the pods that count on the node, sorted by namespace and name.
func (n *StateNode) Pods() []*Pod { return n.pods.pods }

// Requests are those of the pods, daemons included.
func (n *StateNode) Requests() resource.Vector { return n.pods.usage().requests }

// Limits are those of the pods, daemons included.
func (n *StateNode) Limits() resource.Vector { return n.pods.usage().limits }

// DaemonRequests are those of the DaemonSet pods (LIF-033).
func (n *StateNode) DaemonRequests() resource.Vector { return n.pods.usage().daemonRequests }

// DaemonLimits are those of the DaemonSet pods.
func (n *StateNode) DaemonLimits() resource.Vector { return n.pods.usage().daemonLimits }

// DisruptionCost is 1 and the eviction cost of every reschedulable pod for which
// it is positive (LIF-035, DIS-043).
func (n *StateNode) DisruptionCost() float64 { return n.pods.usage().disruptionCost }

// HostPorts are the ports that the pods occupy.
func (n *StateNode) HostPorts() hostport.Ports { return n.pods.usage().hostPorts }

// Volumes are the claims that the pods use, by driver.
func (n *StateNode) Volumes() attach.Usage { return n.pods.usage().volumes }

// VolumeLimits are the most claims of each driver; none before the node is
// registered with the API server.
func (n *StateNode) VolumeLimits() attach.Limits { return n.volumeLimits }

// Capacity is the view's, with 1 of [resource.Nodes].
func (n *StateNode) Capacity() resource.Vector { return n.seen.capacity }
