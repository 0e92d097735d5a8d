// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/utils/clock"

	"karpenter.sh/core/metrics/families"
)

// unfinished tells, whenever it is asked, how long the simulations that run have
// been running.
type unfinished struct {
	clock   clock.PassiveClock
	elapsed *prometheus.Desc

	mu    sync.Mutex
	since map[simulation]time.Time
}

type simulation struct{ controller, id string }

func newUnfinished(r *families.Registry, clk clock.PassiveClock) *unfinished {
	const name = "karpenter_scheduler_unfinished_work_seconds"
	u := &unfinished{clock: clk, since: map[simulation]time.Time{}, elapsed: r.Desc(name)}
	r.Register(name, u)
	return u
}

func (u *unfinished) begin(controller, id string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.since[simulation{controller, id}] = u.clock.Now()
}

func (u *unfinished) end(controller, id string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.since, simulation{controller, id})
}

// Describe implements [prometheus.Collector].
func (u *unfinished) Describe(to chan<- *prometheus.Desc) { to <- u.elapsed }

// Collect implements [prometheus.Collector].
func (u *unfinished) Collect(to chan<- prometheus.Metric) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for s, since := range u.since {
		to <- prometheus.MustNewConstMetric(u.elapsed, prometheus.GaugeValue, u.clock.Since(since).Seconds(), s.controller, s.id)
	}
}
