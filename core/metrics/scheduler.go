// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	v1 "karpenter.sh/core/apis/v1"
)

// Scheduler counts what scheduling simulations do and what is created from
// them. Its series carry the controller that ran the simulation.
type Scheduler struct {
	duration      *prometheus.HistogramVec
	queueDepth    *prometheus.GaugeVec
	unfinished    *prometheus.GaugeVec
	ignored       prometheus.Gauge
	unschedulable *prometheus.GaugeVec
	created       *prometheus.CounterVec
}

// NewScheduler makes the collectors and registers them.
func NewScheduler(registerer prometheus.Registerer) (*Scheduler, error) {
	gauge := func(name, help string, labels ...string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels)
	}
	m := &Scheduler{
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{ // OPS-091
			Name: "karpenter_scheduler_scheduling_duration_seconds", Help: "Duration of scheduling simulations.",
			Buckets: DurationBuckets(),
		}, []string{"controller"}),
		queueDepth: gauge("karpenter_scheduler_queue_depth", // OPS-092
			"Pods left in the running scheduling simulation.", "controller", "scheduling_id"),
		unfinished: gauge("karpenter_scheduler_unfinished_work_seconds", // OPS-093
			"Elapsed time of the running scheduling simulation.", "controller", "scheduling_id"),
		ignored: prometheus.NewGauge(prometheus.GaugeOpts{ // OPS-094
			Name: "karpenter_scheduler_ignored_pods_count", Help: "Pods that validation rejected in the last round.",
		}),
		unschedulable: gauge("karpenter_scheduler_unschedulable_pods_count", // OPS-095
			"Pods without a place after the last simulation.", "controller"),
		created: counter("karpenter_nodeclaims_created_total", // OPS-101
			"NodeClaims created, by reason, nodepool and whether minValues were relaxed.", "reason", "nodepool", "min_values_relaxed"),
	}
	return m, register(registerer, m.duration, m.queueDepth, m.unfinished, m.ignored, m.unschedulable, m.created)
}

// Simulation is one running simulation.
type Simulation struct {
	metrics    *Scheduler
	controller string
	labels     []string
}

// Begin starts to observe a simulation of so many pods; the controller's older
// series go (SCH-252).
func (m *Scheduler) Begin(controller, id string, pods int) Simulation {
	m.queueDepth.DeletePartialMatch(prometheus.Labels{"controller": controller})
	m.unschedulable.DeleteLabelValues(controller)
	s := Simulation{metrics: m, controller: controller, labels: []string{controller, id}}
	m.queueDepth.WithLabelValues(s.labels...).Set(float64(pods))
	m.unfinished.WithLabelValues(s.labels...).Set(0)
	return s
}

// End records what came of the simulation.
func (s Simulation) End(took time.Duration, unschedulable int) {
	s.metrics.duration.WithLabelValues(s.controller).Observe(took.Seconds())
	s.metrics.queueDepth.WithLabelValues(s.labels...).Set(0)
	s.metrics.unfinished.DeleteLabelValues(s.labels...)
	s.metrics.unschedulable.WithLabelValues(s.controller).Set(float64(unschedulable))
}

// Ignored sets how many pods validation rejected in the last round.
func (m *Scheduler) Ignored(pods int) { m.ignored.Set(float64(pods)) }

// Provisioned is the reason of NodeClaims created for pending pods.
const Provisioned Reason = "provisioned"

// Created counts a NodeClaim that was created.
func (m *Scheduler) Created(reason Reason, nodeClaim *v1.NodeClaim) {
	relaxed := nodeClaim.Annotations[v1.NodeClaimMinValuesRelaxedAnnotationKey]
	if relaxed == "" {
		relaxed = "false"
	}
	m.created.WithLabelValues(string(reason), nodeClaim.Labels[v1.NodePoolLabelKey], relaxed).Inc()
}
