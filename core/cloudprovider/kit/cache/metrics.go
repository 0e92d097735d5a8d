// SPDX-License-Identifier: Apache-2.0

package cache

import (
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics are those of all caches of a process (KIT-096).
type Metrics struct {
	age      *prometheus.GaugeVec
	failures *prometheus.CounterVec
}

// NewMetrics registers the metrics. Register them once, and give them to each
// cache.
func NewMetrics(registerer prometheus.Registerer) (*Metrics, error) {
	m := &Metrics{
		age: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "karpenter_cloudprovider_cache_age_seconds",
			Help: "Age of the value that a cache of the provider returned last, by cache.",
		}, []string{"cache"}),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "karpenter_cloudprovider_cache_load_failures_total",
			Help: "Failed loads of a cache of the provider, by cache.",
		}, []string{"cache"}),
	}
	for _, c := range []prometheus.Collector{m.age, m.failures} {
		if err := registerer.Register(c); err != nil {
			return nil, fmt.Errorf("registering the metrics of caches: %w", err)
		}
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
