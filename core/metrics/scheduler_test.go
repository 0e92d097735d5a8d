// SPDX-License-Identifier: Apache-2.0

package metrics_test

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
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
	// OPS-094: there from the start.
	if n, err := testutil.GatherAndCount(registry, "karpenter_scheduler_ignored_pods_count"); n != 1 || err != nil {
		t.Errorf("OPS-094: %d series, %v", n, err)
	}
	m.Ignored(3)
	expect(t, registry, "karpenter_scheduler_ignored_pods_count 3")
	m.Pass("provisioner")
	m.Begin("provisioner", "b", 1)
	if all := collect(t, registry); strings.Contains(all, `scheduling_id="a"`) || !strings.Contains(all, `scheduling_id="z"`) {
		t.Error("OPS-092: the series of the simulation before are there, or those of another controller are gone")
	}
}
