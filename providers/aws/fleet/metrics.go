// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics count failed launches (AWS-293, CP-080).
type Metrics struct{ failures *prometheus.CounterVec }

// NewMetrics registers them.
func NewMetrics(registerer prometheus.Registerer) (*Metrics, error) {
	m := &Metrics{failures: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "karpenter_cloudprovider_instance_launch_failures_total",
		Help: "Offerings that could not be launched, by zone, zone ID, capacity type and reason.",
	}, []string{"zone", "zone_id", "capacity_type", "reason"})}
	if err := registerer.Register(m.failures); err != nil {
		return nil, fmt.Errorf("registering the metrics of launches: %w", err)
	}
	return m, nil
}

// failedLaunch is an offering that could not be launched.
type failedLaunch struct{ zone, zoneID, capacityType, reason string }

func (m *Metrics) failed(f failedLaunch) {
	if m != nil {
		m.failures.WithLabelValues(f.zone, f.zoneID, f.capacityType, f.reason).Inc()
	}
}
