// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/utils/clock"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/metrics/families"
)

// Scheduler counts what scheduling simulations do and what is created from
// them. Its series carry the controller that ran the simulation.
type Scheduler struct {
	duration      *prometheus.HistogramVec
	queueDepth    *prometheus.GaugeVec
	unfinished    *unfinished
	ignored       *prometheus.GaugeVec
	unschedulable *prometheus.GaugeVec
	zones         *prometheus.GaugeVec
	created       *prometheus.CounterVec
}

// NewScheduler makes the collectors and registers them.
func NewScheduler(registerer prometheus.Registerer, clk clock.PassiveClock) (*Scheduler, error) {
	r := families.New(registerer, families.Core()...)
	m := &Scheduler{
		duration:      r.Histogram("karpenter_scheduler_scheduling_duration_seconds"),
		queueDepth:    r.Gauge("karpenter_scheduler_queue_depth"),
		unfinished:    newUnfinished(r, clk),
		ignored:       r.Gauge("karpenter_scheduler_ignored_pods_count"),
		unschedulable: r.Gauge("karpenter_scheduler_unschedulable_pods_count"),
		zones:         r.Gauge("karpenter_scheduler_pending_pods_by_effective_zone_count"),
		created:       r.Counter("karpenter_nodeclaims_created_total"),
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	m.Ignored(0)
	return m, nil
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
func (m *Scheduler) Ignored(pods int) { m.ignored.WithLabelValues().Set(float64(pods)) }

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
