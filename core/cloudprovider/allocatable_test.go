// SPDX-License-Identifier: Apache-2.0

package cloudprovider_test

import (
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/core/cloudprovider"
)

func TestAllocatableOf(t *testing.T) {
	for _, tc := range []struct {
		reason, capacity, overhead, want string
	}{
		{"CP-053: overhead is subtracted", "cpu=4 memory=16Gi", "cpu=100m memory=1Gi", "cpu=3900m memory=15Gi"},
		{"CP-053: what only overhead names is ignored", "cpu=4", "cpu=1 memory=1Gi", "cpu=3"},
		{"CP-053: huge pages come out of memory", "memory=20Gi hugepages-2Mi=5Gi hugepages-1Gi=10Gi", "memory=1Gi",
			"memory=4Gi hugepages-2Mi=5Gi hugepages-1Gi=10Gi"},
		{"CP-053: huge pages do not make memory negative", "memory=10Gi hugepages-1Gi=16Gi", "memory=1Gi", "memory=0 hugepages-1Gi=16Gi"},
		{"CP-054: other negative results are kept", "cpu=1 memory=1Gi", "cpu=2", "cpu=-1 memory=1Gi"},
		{"CP-054: huge pages do not hide negative memory", "memory=1Gi hugepages-1Gi=1Gi", "memory=2Gi", "memory=-1Gi hugepages-1Gi=1Gi"},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			got := cloudprovider.AllocatableOf(resources(tc.capacity), resources(tc.overhead))
			wantResources(t, got, resources(tc.want))
		})
	}
}

func TestFits(t *testing.T) {
	for _, tc := range []struct {
		reason, requests, allocatable string
		want                          bool
	}{
		{"SCH-044: equal amounts fit", "cpu=4", "cpu=4", true},
		{"SCH-044: more does not fit", "cpu=4001m", "cpu=4", false},
		{"SCH-044: a missing amount is zero", "example.com/gpu=1", "cpu=4", false},
		{"SCH-044: zero of an unknown resource fits", "example.com/gpu=0", "cpu=4", true},
		{"CP-054: nothing fits on a negative amount", "cpu=1", "cpu=4 memory=-1", false},
		{"CP-054: not even nothing fits on a negative amount", "", "cpu=-1m", false},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			if got := cloudprovider.Fits(resources(tc.requests), resources(tc.allocatable)); got != tc.want {
				t.Errorf("Fits(%s, %s) = %t", tc.requests, tc.allocatable, got)
			}
		})
	}
}

func TestOverheadTotal(t *testing.T) { // CP-053
	o := cloudprovider.Overhead{
		KubeReserved:      resources("cpu=100m memory=1Gi"),
		SystemReserved:    resources("cpu=50m"),
		EvictionThreshold: resources("memory=100Mi"),
	}
	for range 2 { // totals do not add up into the parts
		wantResources(t, o.Total(), resources("cpu=150m memory=1124Mi"))
	}
}

func TestGroups(t *testing.T) {
	plain := offering("a", "on-demand", 1)
	gone := unavailable(offering("b", "on-demand", 1))
	bigger, same := offering("c", "spot", 1), offering("d", "spot", 1)
	bigger.CapacityOverride, same.CapacityOverride = resources("memory=32Gi example.com/gpu=1"), resources("memory=32768Mi example.com/gpu=1")
	reserved := offering("e", "on-demand", 1)
	reserved.OverheadOverride = &cloudprovider.Overhead{SystemReserved: resources("memory=3Gi")}

	it := instanceType("t", bigger, plain, gone, same, reserved)
	it.Overhead = cloudprovider.Overhead{KubeReserved: resources("cpu=100m memory=1Gi")}
	groups := it.Groups()
	if len(groups) != 3 {
		t.Fatalf("got %d groups, want 3", len(groups))
	}
	for i, want := range []struct {
		reason, capacity, allocatable string
		offerings                     cloudprovider.Offerings
	}{
		{"CP-055: the base group is first and holds available offerings only",
			"cpu=4 memory=16Gi pods=110", "cpu=3900m memory=15Gi pods=110", cloudprovider.Offerings{plain}},
		{"CP-055: equal overrides are one group, keys added and replaced",
			"cpu=4 memory=32Gi pods=110 example.com/gpu=1", "cpu=3900m memory=31Gi pods=110 example.com/gpu=1",
			cloudprovider.Offerings{bigger, same}},
		{"CP-055: an overhead override replaces the base total of its resources",
			"cpu=4 memory=16Gi pods=110", "cpu=3900m memory=13Gi pods=110", cloudprovider.Offerings{reserved}},
	} {
		t.Run(want.reason, func(t *testing.T) {
			wantResources(t, groups[i].Capacity, resources(want.capacity))
			wantResources(t, groups[i].Allocatable, resources(want.allocatable))
			wantOfferings(t, groups[i].Offerings, want.offerings)
		})
	}
	t.Run("CP-055: an unavailable offering still has a group", func(t *testing.T) {
		wantResources(t, it.GroupOf(gone).Capacity, resources("cpu=4 memory=16Gi pods=110"))
	})
}

// CP-055: the base group is there even when it is empty.
func TestGroupsWithoutBaseOffering(t *testing.T) {
	o := offering("a", "spot", 1)
	o.CapacityOverride = resources("memory=8Gi")
	it := instanceType("t", o)
	if groups := it.Groups(); len(groups) != 2 || len(groups[0].Offerings) != 0 {
		t.Fatalf("got %d groups, the first with %d offerings", len(groups), len(groups[0].Offerings))
	}
	wantResources(t, it.Allocatable(), resources("cpu=4 memory=16Gi pods=110"))
}

// CP-048: groups are safe to ask for from several goroutines, and a copy has its own.
func TestGroupsOfCopies(t *testing.T) {
	it := instanceType("t", offering("a", "spot", 1))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() { it.Groups() })
	}
	wg.Wait()
	other := it.Copy()
	other.Capacity = resources("cpu=8")
	other.Offerings[0] = offering("b", "spot", 1)
	wantResources(t, other.Allocatable(), resources("cpu=8"))
	wantResources(t, it.Allocatable(), resources("cpu=4 memory=16Gi pods=110"))
	if it.Offerings[0].Zone() != "a" {
		t.Error("replacing an offering of the copy changed the original")
	}
}

func wantResources(t *testing.T, got, want corev1.ResourceList) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for name, quantity := range want {
		if q, ok := got[name]; !ok || q.Cmp(quantity) != 0 {
			t.Errorf("%s: got %s, want %s", name, q.String(), quantity.String())
		}
	}
}

func wantOfferings(t *testing.T, got, want cloudprovider.Offerings) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("got %d offerings, want %d", len(got), len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("offering %d: got %s, want %s", i, got[i].Requirements, want[i].Requirements)
		}
	}
}
