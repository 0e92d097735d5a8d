// SPDX-License-Identifier: Apache-2.0

package cache

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"karpenter.sh/core/metrics/families"
)

// Metrics are those of all caches of a process (KIT-096).
type Metrics struct {
	age      *prometheus.GaugeVec
	failures *prometheus.CounterVec
}

// NewMetrics registers the metrics. Register them once, and give them to each
// cache.
func NewMetrics(registerer prometheus.Registerer) (*Metrics, error) {
	r := families.New(registerer, families.Kit())
	m := &Metrics{
		age:      r.Gauge("karpenter_cloudprovider_cache_age_seconds"),
		failures: r.Counter("karpenter_cloudprovider_cache_load_failures_total"),
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	return m, nil
}

// expect makes the counter exist before it grows (OPS-085).
func (m *Metrics) expect(cache string) {
	if m != nil {
		m.failures.WithLabelValues(cache)
	}
}

func (m *Metrics) served(cache string, age time.Duration) {
	if m != nil {
		m.age.WithLabelValues(cache).Set(age.Seconds())
	}
}

func (m *Metrics) failed(cache string) {
	if m != nil {
		m.failures.WithLabelValues(cache).Inc()
	}
}
