// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"github.com/prometheus/client_golang/prometheus"

	"karpenter.sh/core/metrics/families"
	"karpenter.sh/providers/aws/signals"
)

// Metrics count failed launches (AWS-293, CP-080).
type Metrics struct{ failures *prometheus.CounterVec }

// NewMetrics registers them.
func NewMetrics(registerer prometheus.Registerer) (*Metrics, error) {
	r := families.New(registerer, signals.Families())
	m := &Metrics{failures: r.Counter("karpenter_cloudprovider_instance_launch_failures_total")}
	if err := r.Err(); err != nil {
		return nil, err
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
