// SPDX-License-Identifier: Apache-2.0

package interruption

import (
	"github.com/prometheus/client_golang/prometheus"

	"karpenter.sh/core/metrics/families"
	"karpenter.sh/providers/aws/signals"
)

// Metrics counts messages and unhealthy instances (AWS-401).
type Metrics struct {
	received  *prometheus.CounterVec
	deleted   prometheus.Counter
	duration  prometheus.Observer
	unhealthy *prometheus.CounterVec
}

// NewMetrics makes the collectors and registers them. Counters start at 0 (OPS-085).
func NewMetrics(registerer prometheus.Registerer) (*Metrics, error) {
	r := families.New(registerer, signals.Families())
	m := &Metrics{
		received:  r.Counter("karpenter_interruption_received_messages_total"),
		unhealthy: r.Counter("karpenter_interruption_instance_status_unhealthy_total"),
	}
	deleted := r.Counter("karpenter_interruption_deleted_messages_total")
	duration := r.Histogram("karpenter_interruption_message_queue_duration_seconds")
	if err := r.Err(); err != nil {
		return nil, err
	}
	m.deleted, m.duration = deleted.WithLabelValues(), duration.WithLabelValues()
	for _, kind := range messageKinds() {
		m.received.WithLabelValues(string(kind))
	}
	for _, c := range categories() {
		m.unhealthy.WithLabelValues(string(c))
	}
	return m, nil
}
