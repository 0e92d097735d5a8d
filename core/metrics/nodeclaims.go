// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/samber/lo"
	corev1 "k8s.io/api/core/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/metrics/families"
)

// Reason is why a NodeClaim was deleted (OPS-103).
type Reason string

// The reasons for which Karpenter deletes a NodeClaim.
const (
	Underutilized         Reason = "underutilized"
	Empty                 Reason = "empty"
	Drifted               Reason = "drifted"
	Expired               Reason = "expired"
	Unhealthy             Reason = "unhealthy"
	GarbageCollected      Reason = "garbage_collected"
	InsufficientCapacity  Reason = "insufficient_capacity"
	NodeClassNotReady     Reason = "nodeclass_not_ready"
	LaunchTimeout         Reason = "launch_timeout"
	RegistrationTimeout   Reason = "registration_timeout"
	InitializationTimeout Reason = "initialization_timeout"
)

func reasons() []Reason {
	return []Reason{
		Underutilized, Empty, Drifted, Expired, Unhealthy, GarbageCollected,
		InsufficientCapacity, NodeClassNotReady, LaunchTimeout, RegistrationTimeout, InitializationTimeout,
	}
}

// policies are the consolidation policies under which a NodeClaim may be deleted
// for the reason.
func (r Reason) policies() []string {
	switch r {
	case Empty:
		return []string{"when_empty", "when_empty_or_underutilized", "balanced"}
	case Underutilized:
		return []string{"when_empty_or_underutilized", "balanced"}
	}
	return []string{""}
}

// hasPods reports whether pods run on what is deleted for the reason (OPS-104).
func (r Reason) hasPods() bool {
	switch r {
	case Underutilized, Empty, Drifted, Expired, Unhealthy, GarbageCollected:
		return true
	}
	return false
}

// NodeClaims counts what happens to NodeClaims.
type NodeClaims struct {
	terminated          *prometheus.CounterVec
	disrupted           *prometheus.CounterVec
	podsDisrupted       *prometheus.CounterVec
	unhealthy           *prometheus.CounterVec
	instanceTermination *prometheus.HistogramVec
	termination         *prometheus.HistogramVec
}

// NewNodeClaims makes the collectors and registers them.
func NewNodeClaims(registerer prometheus.Registerer) (*NodeClaims, error) {
	r := families.New(registerer, families.Core()...)
	m := &NodeClaims{
		terminated:          r.Counter("karpenter_nodeclaims_terminated_total"),
		disrupted:           r.Counter("karpenter_nodeclaims_disrupted_total"),
		podsDisrupted:       r.Counter("karpenter_pods_disruption_initiated_total"),
		unhealthy:           r.Counter("karpenter_nodeclaims_unhealthy_disrupted_total"),
		instanceTermination: r.Histogram("karpenter_nodeclaims_instance_termination_duration_seconds"),
		termination:         r.Histogram("karpenter_nodeclaims_termination_duration_seconds"),
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	m.terminated.WithLabelValues("", "", "")
	for _, reason := range reasons() {
		m.disrupted.WithLabelValues(string(reason), "", "", "", graceful)
	}
	return m, nil
}

// Expect makes the counters of what may happen to a NodeClaim exist, at zero:
// an alert sees only what grows (OPS-085).
func (m *NodeClaims) Expect(nodeClaim *v1.NodeClaim) {
	pool, capacityType := nodeClaim.Labels[v1.NodePoolLabelKey], nodeClaim.Labels[v1.CapacityTypeLabelKey]
	m.terminated.WithLabelValues(pool, capacityType, nodeClaim.Labels[corev1.LabelTopologyZone])
	for _, reason := range reasons() {
		for _, policy := range reason.policies() {
			m.disrupted.WithLabelValues(string(reason), pool, capacityType, policy, terminationMode(nodeClaim))
		}
	}
}

// Disruption is one NodeClaim that Karpenter has deleted.
type Disruption struct {
	NodeClaim *v1.NodeClaim
	Reason    Reason
	// ConsolidationPolicy is the pool's, in snake_case, when consolidation
	// deletes; else empty.
	ConsolidationPolicy string
	// Pods are the reschedulable pods on the node. They are counted only for
	// reasons that concern a node with pods.
	Pods int
}

// Disrupted counts a deletion that was accepted.
func (m *NodeClaims) Disrupted(d Disruption) {
	labels := []string{
		string(d.Reason), d.NodeClaim.Labels[v1.NodePoolLabelKey], d.NodeClaim.Labels[v1.CapacityTypeLabelKey],
		d.ConsolidationPolicy, terminationMode(d.NodeClaim),
	}
	m.disrupted.WithLabelValues(labels...).Inc()
	if d.Reason.hasPods() {
		m.podsDisrupted.WithLabelValues(labels...).Add(float64(d.Pods))
	}
}

// Repaired counts, beside [NodeClaims.Disrupted], a deletion for a condition of the Node
// (OPS-105).
func (m *NodeClaims) Repaired(nodeClaim *v1.NodeClaim, condition corev1.NodeConditionType) {
	m.unhealthy.WithLabelValues(lo.SnakeCase(string(condition)), nodeClaim.Labels[v1.NodePoolLabelKey],
		nodeClaim.Labels[v1.CapacityTypeLabelKey], nodeClaim.Status.ImageID).Inc()
}

// graceful is the mode of a termination that takes the time it needs.
const graceful = "graceful"

// terminationMode tells how much a termination may respect (LIF-113).
func terminationMode(nodeClaim *v1.NodeClaim) string {
	switch grace, set := nodeClaim.Spec.TerminationGracePeriod.Value(); {
	case !set:
		return graceful
	case grace <= 0:
		return "forceful"
	}
	return "eventual"
}

// Terminated counts a NodeClaim whose finalizer was removed, and how long it
// took since its deletion.
func (m *NodeClaims) Terminated(nodeClaim *v1.NodeClaim, took time.Duration) {
	nodePool := nodeClaim.Labels[v1.NodePoolLabelKey]
	m.terminated.WithLabelValues(nodePool, nodeClaim.Labels[v1.CapacityTypeLabelKey],
		nodeClaim.Labels[corev1.LabelTopologyZone]).Inc()
	m.termination.WithLabelValues(nodePool).Observe(took.Seconds())
}

// InstanceTerminated records how long an instance took to go since the provider
// accepted its termination.
func (m *NodeClaims) InstanceTerminated(nodeClaim *v1.NodeClaim, took time.Duration) {
	m.instanceTermination.WithLabelValues(nodeClaim.Labels[v1.NodePoolLabelKey]).Observe(took.Seconds())
}
