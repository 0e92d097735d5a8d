// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/metrics/families"
)

// Nodes counts what happens to nodes and to the pods that leave them.
type Nodes struct {
	created     *prometheus.CounterVec
	terminated  *prometheus.CounterVec
	termination *prometheus.SummaryVec
	lifetime    *prometheus.HistogramVec
	drained     *prometheus.CounterVec
	evictions   *prometheus.CounterVec
	podsDrained *prometheus.CounterVec
}

// NewNodes makes the collectors and registers them.
func NewNodes(registerer prometheus.Registerer) (*Nodes, error) {
	r := families.New(registerer, families.Core()...)
	m := &Nodes{
		created:     r.Counter("karpenter_nodes_created_total"),
		terminated:  r.Counter("karpenter_nodes_terminated_total"),
		termination: r.Summary("karpenter_nodes_termination_duration_seconds"),
		lifetime:    r.Histogram("karpenter_nodes_lifetime_duration_seconds"),
		drained:     r.Counter("karpenter_nodes_drained_total"),
		evictions:   r.Counter("karpenter_pods_eviction_requests_total"),
		podsDrained: r.Counter("karpenter_pods_drained_total"),
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	m.Expect("", "")
	return m, nil
}

// Expect makes the counters of what may happen to a node of a pool and zone exist,
// at zero: an alert sees only what grows (OPS-085).
func (m *Nodes) Expect(nodePool, zone string) {
	m.created.WithLabelValues(nodePool, zone)
	m.terminated.WithLabelValues(nodePool, zone)
	m.drained.WithLabelValues(nodePool)
}

// Created counts a node that has registered.
func (m *Nodes) Created(node *corev1.Node) {
	m.created.WithLabelValues(node.Labels[v1.NodePoolLabelKey], node.Labels[corev1.LabelTopologyZone]).Inc()
}

// Terminated counts a node whose finalizer was removed at a time. The node is as
// it was read before that.
func (m *Nodes) Terminated(node *corev1.Node, at time.Time) {
	nodePool := node.Labels[v1.NodePoolLabelKey]
	m.terminated.WithLabelValues(nodePool, node.Labels[corev1.LabelTopologyZone]).Inc()
	m.lifetime.WithLabelValues(nodePool).Observe(at.Sub(node.CreationTimestamp.Time).Seconds())
	if node.DeletionTimestamp != nil {
		m.termination.WithLabelValues(nodePool).Observe(at.Sub(node.DeletionTimestamp.Time).Seconds())
	}
}

// Drained counts a node whose NodeClaim is stored as drained.
func (m *Nodes) Drained(node *corev1.Node) {
	m.drained.WithLabelValues(node.Labels[v1.NodePoolLabelKey]).Inc()
}

// EvictionAnswered counts the answer to an eviction request.
func (m *Nodes) EvictionAnswered(code int) {
	m.evictions.WithLabelValues(strconv.Itoa(code)).Inc()
}

// PodDrained counts a pod that was evicted or deleted.
func (m *Nodes) PodDrained(reason string) {
	m.podsDrained.WithLabelValues(reason).Inc()
}
