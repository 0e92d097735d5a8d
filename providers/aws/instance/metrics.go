// SPDX-License-Identifier: Apache-2.0

package instance

import (
	"maps"
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"karpenter.sh/core/metrics/families"
	"karpenter.sh/providers/aws/signals"
)

// Metrics count failed terminations (AWS-324, CP-080).
type Metrics struct{ failures *prometheus.CounterVec }

// NewMetrics registers them.
func NewMetrics(registerer prometheus.Registerer) (*Metrics, error) {
	r := families.New(registerer, signals.Families())
	m := &Metrics{failures: r.Counter("karpenter_cloudprovider_instance_termination_failures_total")}
	if err := r.Err(); err != nil {
		return nil, err
	}
	return m, nil
}

func (m *Metrics) failed(i Instance) {
	if m != nil {
		m.failures.WithLabelValues(i.Zone, i.ZoneID).Inc()
	}
}

func sortedKeys(tags map[string]string) []string { return slices.Sorted(maps.Keys(tags)) }
