// SPDX-License-Identifier: Apache-2.0

package batch

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"karpenter.sh/core/metrics/families"
)

// Metrics are those of all batchers of a process (CP-093).
type Metrics struct {
	window *prometheus.HistogramVec
	size   *prometheus.HistogramVec
}

// NewMetrics registers the metrics. Register them once, and give them to each
// batcher.
func NewMetrics(registerer prometheus.Registerer) (*Metrics, error) {
	r := families.New(registerer, families.Kit())
	m := &Metrics{
		window: r.Histogram("karpenter_cloudprovider_batcher_batch_time_seconds"),
		size:   r.Histogram("karpenter_cloudprovider_batcher_batch_size"),
	}
	if err := r.Err(); err != nil {
		return nil, err
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
