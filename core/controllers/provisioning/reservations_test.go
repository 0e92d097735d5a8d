// SPDX-License-Identifier: Apache-2.0

package provisioning_test

import (
	"slices"
	"testing"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider/fake"
	"karpenter.sh/core/engine/label"
)

// capacityTypes are what the NodeClaims may be launched as, sorted.
func (w *world) capacityTypes() []string {
	var out []string
	for _, nc := range w.nodeClaims() {
		for _, r := range nc.Spec.Requirements {
			if r.Key == label.CapacityType {
				out = append(out, r.Values...)
			}
		}
	}
	slices.Sort(out)
	return out
}

// unschedulable is the gauge of SCH-250.
func (w *world) unschedulable() float64 {
	w.t.Helper()
	families, err := w.registry.Gather()
	w.must(err)
	for _, f := range families {
		if f.GetName() == "karpenter_scheduler_unschedulable_pods_count" {
			return f.GetMetric()[0].GetGauge().GetValue()
		}
	}
	w.t.Fatal("the gauge is missing")
	return 0
}

// launch lets the provider launch a NodeClaim.
func (w *world) launch(nc *v1.NodeClaim) {
	w.t.Helper()
	launched, err := w.provider.Create(w.t.Context(), nc)
	w.must(err)
	nc = nc.DeepCopy()
	nc.Labels, nc.Status = launched.Labels, launched.Status
	w.must(w.client.Update(w.t.Context(), nc))
	w.cluster.UpdateNodeClaim(nc)
}

// SCH-215, SCH-220, SCH-250, OPS-095, OPS-173: pods that wait for reserved capacity get no event
// and do not count as unschedulable; they get on-demand capacity when the
// provider has no more.
func TestPodsWaitForReservedCapacity(t *testing.T) {
	w := newWorld(t, readyPool("default"), pendingPod("a", "3"), pendingPod("b", "3"))
	w.provider.SetInstanceTypes(fake.NewInstanceType(fake.TypeSpec{
		Name: "only", CPU: 4, Memory: 16, Zones: []string{"z"},
		CapacityTypes: []string{label.Reserved, label.OnDemand}, ReservationCapacity: 1,
	}))
	for _, when := range []string{"the reservation is taken", "it still may be"} {
		w.must(w.round())
		if got := w.capacityTypes(); !slices.Equal(got, []string{label.Reserved}) {
			t.Fatalf("%s: got %v", when, got)
		}
	}
	if events := w.recorder.Of("FailedScheduling"); len(events) > 0 {
		t.Errorf("got %v", events)
	}
	if n := w.unschedulable(); n != 0 {
		t.Errorf("%v pods count as unschedulable", n)
	}
	w.launch(&w.nodeClaims()[0])
	w.must(w.round())
	if got := w.capacityTypes(); !slices.Equal(got, []string{label.OnDemand, label.Reserved}) {
		t.Errorf("after the launch: got %v", got)
	}
}
