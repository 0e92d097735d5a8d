// SPDX-License-Identifier: Apache-2.0

package report

import (
	"math"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"karpenter.sh/core/metrics/families"
)

// scores is a histogram that an infinite value does not spoil: it counts above the last
// bucket and adds nothing to the sum, which would be infinite ever after (OPS-146).
type scores struct {
	desc   *prometheus.Desc
	bounds []float64

	mu sync.Mutex
	of map[scored]*tally
}

// scored are the values of the labels of a series.
type scored struct{ decision, pool, policy string }

// tally is what a series has counted; within holds counts up to each bound.
type tally struct {
	count  uint64
	sum    float64
	within map[float64]uint64
}

func newScores(r *families.Registry) *scores {
	const name = "karpenter_consolidation_score"
	s := &scores{of: map[scored]*tally{}}
	s.desc, s.bounds = r.Buckets(name)
	r.Register(name, s)
	return s
}

func (s *scores) observe(value float64, decision, pool, policy string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := scored{decision, pool, policy}
	t := s.of[key]
	if t == nil {
		t = &tally{within: map[float64]uint64{}}
		s.of[key] = t
	}
	t.count++
	for _, bound := range s.bounds {
		if value <= bound {
			t.within[bound]++
		}
	}
	if !math.IsInf(value, 0) {
		t.sum += value
	}
}

// Describe implements [prometheus.Collector].
func (s *scores) Describe(to chan<- *prometheus.Desc) { to <- s.desc }

// Collect implements [prometheus.Collector].
func (s *scores) Collect(to chan<- prometheus.Metric) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, t := range s.of {
		within := make(map[float64]uint64, len(s.bounds)) // what is handed out must not change
		for _, bound := range s.bounds {
			within[bound] = t.within[bound]
		}
		to <- prometheus.MustNewConstHistogram(s.desc, t.count, t.sum, within, key.decision, key.pool, key.policy)
	}
}
