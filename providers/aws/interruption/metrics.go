// SPDX-License-Identifier: Apache-2.0

package interruption

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"karpenter.sh/core/metrics"
)

// Metrics counts messages and unhealthy instances (AWS-401).
type Metrics struct {
	received  *prometheus.CounterVec
	deleted   prometheus.Counter
	duration  prometheus.Histogram
	unhealthy *prometheus.CounterVec
}

// NewMetrics makes the collectors and registers them. Counters start at 0 (OPS-085).
func NewMetrics(registerer prometheus.Registerer) (*Metrics, error) {
	m := &Metrics{
		received: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "karpenter_interruption_received_messages_total",
			Help: "Messages received from the interruption queue, by kind.",
		}, []string{"message_type"}),
		deleted: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "karpenter_interruption_deleted_messages_total",
			Help: "Messages deleted from the interruption queue.",
		}),
		duration: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "karpenter_interruption_message_queue_duration_seconds",
			Help:    "Time from an event until its message is handled.",
			Buckets: metrics.DurationBuckets(),
		}),
		unhealthy: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "karpenter_interruption_instance_status_unhealthy_total",
			Help: "Instances of the cluster that became unhealthy by their status, by category.",
		}, []string{"category"}),
	}
	for _, kind := range messageKinds() {
		m.received.WithLabelValues(string(kind))
	}
	for _, c := range categories() {
		m.unhealthy.WithLabelValues(string(c))
	}
	for _, c := range []prometheus.Collector{m.received, m.deleted, m.duration, m.unhealthy} {
		if err := registerer.Register(c); err != nil {
			return nil, fmt.Errorf("registering metrics of interruptions: %w", err)
		}
	}
	return m, nil
}
