// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/utils/clock"

	v1 "karpenter.sh/core/apis/v1"
)

// Scheduler counts what scheduling simulations do and what is created from
// them. Its series carry the controller that ran the simulation.
type Scheduler struct {
	duration      *prometheus.HistogramVec
	queueDepth    *prometheus.GaugeVec
	unfinished    *unfinished
	ignored       prometheus.Gauge
	unschedulable *prometheus.GaugeVec
	zones         *prometheus.GaugeVec
	created       *prometheus.CounterVec
}

// NewScheduler makes the collectors and registers them.
func NewScheduler(registerer prometheus.Registerer, clk clock.PassiveClock) (*Scheduler, error) {
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
		unfinished: newUnfinished(clk), // OPS-093
		ignored: prometheus.NewGauge(prometheus.GaugeOpts{ // OPS-094
			Name: "karpenter_scheduler_ignored_pods_count", Help: "Pods that validation rejected in the last round.",
		}),
		unschedulable: gauge("karpenter_scheduler_unschedulable_pods_count", // OPS-095
			"Pods without a place after the last simulation.", "controller"),
		zones: gauge("karpenter_scheduler_pending_pods_by_effective_zone_count", // OPS-096
			"Pending pods by the zone that their constraints leave: its name, flexible or none.", "controller", "zone"),
		created: counter("karpenter_nodeclaims_created_total", // OPS-101
			"NodeClaims created, by reason, nodepool and whether minValues were relaxed.", "reason", "nodepool", "min_values_relaxed"),
	}
	return m, register(registerer, m.duration, m.queueDepth, m.unfinished, m.ignored, m.unschedulable, m.zones, m.created)
}

// Simulation is one running simulation.
type Simulation struct {
	metrics    *Scheduler
	controller string
	id         string
}

// Pass starts a pass of a controller: what its last simulation found goes, also
// if there is nothing to simulate this time (OPS-095).
func (m *Scheduler) Pass(controller string) {
	of := prometheus.Labels{"controller": controller}
	m.queueDepth.DeletePartialMatch(of) // SCH-252
	m.unschedulable.DeletePartialMatch(of)
	m.zones.DeletePartialMatch(of)
}

// Begin starts to observe a simulation of so many pods.
func (m *Scheduler) Begin(controller, id string, pods int) Simulation {
	m.queueDepth.WithLabelValues(controller, id).Set(float64(pods))
	m.unfinished.begin(controller, id)
	return Simulation{metrics: m, controller: controller, id: id}
}

// End records what came of the simulation.
func (s Simulation) End(took time.Duration, unschedulable int) {
	s.metrics.duration.WithLabelValues(s.controller).Observe(took.Seconds())
	s.metrics.queueDepth.WithLabelValues(s.controller, s.id).Set(0)
	s.metrics.unfinished.end(s.controller, s.id)
	s.metrics.unschedulable.WithLabelValues(s.controller).Set(float64(unschedulable))
}

// Observe records a simulation that says nothing of what fits nowhere: pods are
// still to come.
func (m *Scheduler) Observe(controller string, took time.Duration) {
	m.duration.WithLabelValues(controller).Observe(took.Seconds())
}

// Zones sets how many pending pods each zone is all that is left to.
func (m *Scheduler) Zones(controller string, pods map[string]int) {
	for zone, n := range pods {
		m.zones.WithLabelValues(controller, zone).Set(float64(n))
	}
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
