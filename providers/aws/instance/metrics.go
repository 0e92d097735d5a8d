// SPDX-License-Identifier: Apache-2.0

package instance

import (
	"fmt"
	"maps"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics count failed terminations (AWS-324, CP-080).
type Metrics struct{ failures *prometheus.CounterVec }

// NewMetrics registers them.
func NewMetrics(registerer prometheus.Registerer) (*Metrics, error) {
	m := &Metrics{failures: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "karpenter_cloudprovider_instance_termination_failures_total",
		Help: "Instances that could not be terminated, by zone and zone ID.",
	}, []string{"zone", "zone_id"})}
	if err := registerer.Register(m.failures); err != nil {
		return nil, fmt.Errorf("registering the metrics of terminations: %w", err)
	}
	return m, nil
}

func (m *Metrics) failed(i Instance) {
	if m != nil {
		m.failures.WithLabelValues(i.Zone, i.ZoneID).Inc()
	}
}

func sortedKeys(tags map[string]string) []string { return slices.Sorted(maps.Keys(tags)) }
