// SPDX-License-Identifier: Apache-2.0

package batch

import (
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics are those of all batchers of a process (CP-093).
type Metrics struct {
	window *prometheus.HistogramVec
	size   *prometheus.HistogramVec
}

// NewMetrics registers the metrics. Register them once, and give them to each
// batcher.
func NewMetrics(registerer prometheus.Registerer) (*Metrics, error) {
	m := &Metrics{
		window: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "karpenter_cloudprovider_batcher_batch_time_seconds",
			Help:    "Time from the first caller of a batch to its request, by batcher.",
			Buckets: []float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10}, // DEF of OPS-087
		}, []string{"batcher"}),
		size: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "karpenter_cloudprovider_batcher_batch_size",
			Help: "Callers that one request of a batcher served, by batcher.",
			Buckets: []float64{
				1, 2, 4, 5, 10, 15, 20, 25, 30, 40, 50, 60, 70, 80, 90, 100, 125, 150, 175, 200, 225, 250,
				275, 300, 350, 400, 450, 500, 550, 600, 700, 800, 900, 1000,
			},
		}, []string{"batcher"}),
	}
	for _, c := range []prometheus.Collector{m.window, m.size} {
		if err := registerer.Register(c); err != nil {
			return nil, fmt.Errorf("registering the metrics of batchers: %w", err)
		}
	}
	return m, nil
}

func (m *Metrics) observe(batcher string, window time.Duration, size int) {
	if m == nil {
		return
	}
	m.window.WithLabelValues(batcher).Observe(window.Seconds())
	m.size.WithLabelValues(batcher).Observe(float64(size))
}
