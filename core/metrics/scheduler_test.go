// SPDX-License-Identifier: Apache-2.0

package metrics_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	clocktesting "k8s.io/utils/clock/testing"

	"karpenter.sh/core/metrics"
)

// OPS-091..093, SCH-252: what a simulation shows while it runs and after.
func TestSimulation(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	clock := clocktesting.NewFakeClock(time.Unix(1000, 0))
	m, err := metrics.NewScheduler(registry, clock)
	if err != nil {
		t.Fatal(err)
	}
	m.Pass("disruption")
	other := m.Begin("disruption", "z", 1)
	m.Pass("provisioner")
	first := m.Begin("provisioner", "a", 7)
	clock.Step(3 * time.Second)
	expect(t, registry,
		`karpenter_scheduler_queue_depth{controller="provisioner",scheduling_id="a"} 7`,
		`karpenter_scheduler_unfinished_work_seconds{controller="provisioner",scheduling_id="a"} 3`)
	first.End(3*time.Second, 2)
	other.End(3*time.Second, 0)
	expect(t, registry,
		`karpenter_scheduler_queue_depth{controller="provisioner",scheduling_id="a"} 0`,
		`karpenter_scheduler_unschedulable_pods_count{controller="provisioner"} 2`,
		`karpenter_scheduler_scheduling_duration_seconds_sum{controller="provisioner"} 3`,
		`karpenter_scheduler_scheduling_duration_seconds_count{controller="disruption"} 1`)
	if strings.Contains(collect(t, registry), "unfinished_work_seconds{") {
		t.Error("OPS-093: a simulation that ended is still running")
	}
	m.Pass("provisioner")
	m.Begin("provisioner", "b", 1)
	if all := collect(t, registry); strings.Contains(all, `scheduling_id="a"`) || !strings.Contains(all, `scheduling_id="z"`) {
		t.Error("OPS-092: the series of the simulation before are there, or those of another controller are gone")
	}
}

// OPS-087: the buckets that durations are counted in.
func TestDurationBuckets(t *testing.T) {
	want := []float64{
		0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.25, 1.5, 1.75,
		2, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9, 10, 15, 20, 25, 30, 40, 50, 60, 120, 150, 300, 450, 600,
	}
	if got := metrics.DurationBuckets(); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := metrics.SummaryObjectives(); !maps.Equal(got, map[float64]float64{0: 0.01, 0.5: 0.01, 0.9: 0.01, 0.99: 0.01, 1: 0.01}) {
		t.Errorf("quantiles %v", got)
	}
}
