// SPDX-License-Identifier: Apache-2.0

package health_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	clocktesting "k8s.io/utils/clock/testing"

	"karpenter.sh/core/cloudprovider/kit/health"
)

const (
	spot     = "spot"
	onDemand = "on-demand"
)

// world is a record and its clock.
type world struct {
	*health.Record
	clock *clocktesting.FakePassiveClock
}

func newWorld(maxMarks int) world {
	c := clocktesting.NewFakePassiveClock(time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC))
	return world{health.New(health.Options{Clock: c, MaxMarks: maxMarks}), c}
}

func (w world) advance(d time.Duration) { w.clock.SetTime(w.clock.Now().Add(d)) }

func (w world) mark(t testing.TB, s health.Scope, reason string, ttl time.Duration) {
	t.Helper()
	if err := w.Mark(health.Mark{Scope: s, Reason: reason, TTL: ttl}); err != nil {
		t.Fatal(err)
	}
}

func (w world) why(o health.Offering) string {
	e, ok := w.Snapshot().Why(o)
	if !ok {
		return ""
	}
	return e.Reason
}

func TestScope(t *testing.T) {
	asked := health.Offering{
		CapacityType: spot, InstanceType: "m5.xlarge", Family: "m5", VCPUs: 4, Zone: "a", NodePool: "default",
		Places: []string{"group", "group/1"}, Networks: []string{"net-1", "net-2"},
	}
	for _, tc := range []struct {
		why    string
		scopes []health.Scope
		want   bool
	}{
		{"KIT-001: the offering itself", []health.Scope{{CapacityType: spot, InstanceType: "m5.xlarge", Zone: "a"}}, true},
		{"KIT-001: another zone", []health.Scope{{CapacityType: spot, InstanceType: "m5.xlarge", Zone: "b"}}, false},
		{"KIT-001: another type", []health.Scope{{CapacityType: spot, InstanceType: "m5.large", Zone: "a"}}, false},
		{"KIT-001: another capacity type", []health.Scope{{CapacityType: onDemand, InstanceType: "m5.xlarge", Zone: "a"}}, false},
		{"KIT-001: a capacity type", []health.Scope{{CapacityType: spot}}, true},
		{"KIT-001: a zone", []health.Scope{{Zone: "a"}}, true},
		{"KIT-001: a type in every zone", []health.Scope{{InstanceType: "m5.xlarge", CapacityType: spot}}, true},
		{"KIT-001: a node pool", []health.Scope{{NodePool: "default"}}, true},
		{"KIT-002: another node pool", []health.Scope{{NodePool: "other", InstanceType: "m5.xlarge"}}, false},
		{"KIT-002: a place of it", []health.Scope{{Place: "group/1", Zone: "a"}}, true},
		{"KIT-002: another place", []health.Scope{{Place: "group/2", InstanceType: "m5.xlarge"}}, false},
		{"KIT-003: its whole family", []health.Scope{{Family: "m5"}}, true},
		{"KIT-003: its size and up", []health.Scope{{Family: "m5", MinVCPUs: 4, CapacityType: spot}}, true},
		{"KIT-003: greater sizes", []health.Scope{{Family: "m5", MinVCPUs: 5}}, false},
		{"KIT-003: the lowest count decides", []health.Scope{{Family: "m5", MinVCPUs: 64}, {Family: "m5", MinVCPUs: 2}}, true},
		{"KIT-003: another family", []health.Scope{{Family: "m6"}}, false},
		{"KIT-004: one of two networks", []health.Scope{{Network: "net-1"}}, false},
		{"KIT-004: both networks", []health.Scope{{Network: "net-1"}, {Network: "net-2"}}, true},
		{"KIT-004: both networks, one of them for another type", []health.Scope{{Network: "net-1"}, {Network: "net-2", InstanceType: "x"}}, false},
		{"KIT-004: another network beside", []health.Scope{{Network: "net-1"}, {Network: "net-3"}}, false},
	} {
		t.Run(tc.why, func(t *testing.T) {
			w := newWorld(0)
			for _, s := range tc.scopes {
				w.mark(t, s, "Gone", time.Minute)
			}
			if _, got := w.Snapshot().Why(asked); got != tc.want {
				t.Errorf("%v: unavailable is %t", tc.scopes, got)
			}
			if _, got := w.Snapshot().Why(health.Offering{InstanceType: "x", Zone: "z"}); got {
				t.Errorf("%v: leaks to another offering", tc.scopes)
			}
		})
	}
}

// KIT-004: a zone without usable networks is not taken away by marks of networks.
func TestZoneWithoutNetworks(t *testing.T) {
	w := newWorld(0)
	w.mark(t, health.Scope{Network: "net-1"}, "SubnetIsFull", time.Minute)
	if got := w.why(health.Offering{Zone: "a"}); got != "" {
		t.Errorf("unavailable for %s", got)
	}
}

func TestEnd(t *testing.T) {
	w := newWorld(0)
	s, o := health.Scope{InstanceType: "x"}, health.Offering{InstanceType: "x"}
	w.mark(t, s, "First", 3*time.Minute)
	start := w.clock.Now()
	w.advance(time.Minute)

	t.Run("KIT-006: a shorter mark changes nothing", func(t *testing.T) {
		w.mark(t, s, "Shorter", time.Minute)
		if e, _ := w.Snapshot().Why(o); e.Reason != "First" || !e.Until.Equal(start.Add(3*time.Minute)) {
			t.Errorf("got %+v", e)
		}
	})
	t.Run("KIT-005, KIT-006: a longer one prolongs, since-when stays", func(t *testing.T) {
		generation := w.Generation()
		w.mark(t, s, "Longer", 3*time.Minute)
		if e, _ := w.Snapshot().Why(o); e.Reason != "Longer" || !e.Since.Equal(start) || !e.Until.Equal(start.Add(4*time.Minute)) {
			t.Errorf("got %+v", e)
		}
		if w.Generation() != generation { // KIT-008
			t.Error("the generation changed by mere prolonging")
		}
	})
	t.Run("KIT-005, KIT-008: at its end it is over, seen without a sweep", func(t *testing.T) {
		generation := w.Generation()
		w.advance(3*time.Minute - time.Nanosecond)
		if w.Generation() != generation || w.why(o) == "" {
			t.Error("it ended early")
		}
		w.advance(time.Nanosecond)
		if w.Generation() == generation {
			t.Error("the generation is that of before the end")
		}
		if got := w.why(o); got != "" {
			t.Errorf("still unavailable for %s", got)
		}
	})
}

func TestRefused(t *testing.T) { // KIT-007
	for _, tc := range []struct {
		why, field string
		mark       health.Mark
	}{
		{"no scope", "scope", health.Mark{Reason: "R", TTL: 1}},
		{"a count without family", "scope.minVCPUs", health.Mark{Scope: health.Scope{MinVCPUs: 4}, Reason: "R", TTL: 1}},
		{"a negative count", "scope.minVCPUs", health.Mark{Scope: health.Scope{Family: "f", MinVCPUs: -1}, Reason: "R", TTL: 1}},
		{"no time to live", "ttl", health.Mark{Scope: health.Scope{Zone: "a"}, Reason: "R"}},
		{"no reason", "reason", health.Mark{Scope: health.Scope{Zone: "a"}, TTL: 1}},
		{"a reason that is a sentence", "reason", health.Mark{Scope: health.Scope{Zone: "a"}, Reason: "it is full", TTL: 1}},
	} {
		t.Run(tc.why, func(t *testing.T) {
			w := newWorld(0)
			before := w.Generation()
			err := w.Mark(tc.mark)
			if invalid := (&health.InvalidMarkError{}); !errors.As(err, &invalid) || invalid.Mark != tc.mark || !strings.Contains(err.Error(), ": "+tc.field+": ") {
				t.Errorf("got %v", err)
			}
			if w.Generation() != before || len(w.Snapshot().Entries()) != 0 {
				t.Error("something was marked")
			}
		})
	}
}

func TestGeneration(t *testing.T) { // KIT-008
	w := newWorld(0)
	a, b := health.Scope{Zone: "a"}, health.Scope{Zone: "b"}
	last := w.Generation()
	for _, step := range []struct {
		why     string
		act     func()
		changes bool
	}{
		{"nothing", func() {}, false},
		{"a mark", func() { w.mark(t, a, "R", time.Minute) }, true},
		{"the same mark, longer", func() { w.mark(t, a, "R", 2*time.Minute) }, false},
		{"another mark", func() { w.mark(t, b, "R", time.Minute) }, true},
		{"lifting what is not marked", func() { w.Lift(health.Scope{Zone: "c"}) }, false},
		{"lifting a mark", func() { w.Lift(a) }, true},
		{"an end", func() { w.advance(time.Minute) }, true},
		{"time without marks", func() { w.advance(time.Hour) }, false},
		{"flushing nothing", w.Flush, false},
		{"a mark again", func() { w.mark(t, a, "R", time.Minute) }, true},
		{"flushing", w.Flush, true},
	} {
		step.act()
		now := w.Generation()
		if (now != last) != step.changes {
			t.Errorf("%s: generation %d, before %d", step.why, now, last)
		}
		last = now
	}
}

// KIT-009: a snapshot is the same until something changes, and then stays what it was.
func TestSnapshot(t *testing.T) {
	w := newWorld(0)
	o := health.Offering{Zone: "a"}
	before := w.Snapshot()
	if w.Snapshot() != before {
		t.Error("two snapshots of one state")
	}
	w.mark(t, health.Scope{Zone: "a"}, "R", time.Minute)
	if _, gone := before.Why(o); gone {
		t.Error("the snapshot changed")
	}
	marked := w.Snapshot()
	w.mark(t, health.Scope{Zone: "a"}, "R", 2*time.Minute)
	if e, _ := marked.Why(o); !e.Until.Equal(w.clock.Now().Add(time.Minute)) {
		t.Error("prolonging changed a snapshot")
	}
}

func TestWhich(t *testing.T) { // KIT-010
	o := health.Offering{CapacityType: spot, InstanceType: "x", Zone: "a", NodePool: "p", Places: []string{"g"}, Networks: []string{"n1", "n2"}}
	marks := []health.Mark{
		{Scope: health.Scope{InstanceType: "x"}, Reason: "Type", TTL: 2 * time.Minute},
		{Scope: health.Scope{Zone: "a"}, Reason: "Zone", TTL: 3 * time.Minute},
		{Scope: health.Scope{NodePool: "p"}, Reason: "Pool", TTL: time.Minute},
		{Scope: health.Scope{CapacityType: spot}, Reason: "Spot", TTL: 3 * time.Minute},
		{Scope: health.Scope{Network: "n1"}, Reason: "Net1", TTL: 30 * time.Minute},
		{Scope: health.Scope{Network: "n2"}, Reason: "Net2", TTL: time.Minute},
	}
	for shift := range marks {
		w := newWorld(0)
		for i := range marks {
			if err := w.Mark(marks[(i+shift)%len(marks)]); err != nil {
				t.Fatal(err)
			}
		}
		if got := w.why(o); got != "Zone" { // ends last; "" is less than spot
			t.Errorf("got %s", got)
		}
		if got := w.why(health.Offering{Zone: "z", Networks: o.Networks}); got != "Net2" { // frees the zone
			t.Errorf("got %s", got)
		}
		if got := w.why(health.Offering{NodePool: "p"}); got != "Pool" {
			t.Errorf("got %s", got)
		}
	}
}

func TestLiftIf(t *testing.T) { // KIT-011
	w := newWorld(0)
	w.mark(t, health.Scope{Network: "n1"}, "SubnetIsFull", time.Hour)
	w.mark(t, health.Scope{Network: "n2"}, "SubnetIsFull", time.Hour)
	w.mark(t, health.Scope{Network: "n3"}, "Other", time.Hour)
	if n := w.LiftIf(func(e health.Entry) bool { return e.Reason == "SubnetIsFull" }); n != 2 {
		t.Errorf("lifted %d", n)
	}
	if counts := w.Snapshot().CountByReason(); len(counts) != 1 || counts["Other"] != 1 { // KIT-013
		t.Errorf("left: %v", counts)
	}
}

func TestBounded(t *testing.T) { // KIT-012, KIT-013
	w := newWorld(32)
	for i := range 1000 {
		w.mark(t, health.Scope{InstanceType: fmt.Sprint(i)}, "R", time.Hour+time.Duration(i)*time.Second)
		if n := len(w.Snapshot().Entries()); n > 32 {
			t.Fatalf("%d marks", n)
		}
	}
	entries := w.Snapshot().Entries()
	if entries[0].Scope.InstanceType != "999" {
		t.Errorf("the one that lasts longest is %s", entries[0].Scope)
	}
	for i, e := range entries { // those that end first have gone
		if want := fmt.Sprint(999 - i); e.Scope.InstanceType != want {
			t.Errorf("mark %d is of %s, want %s", i, e.Scope, want)
		}
	}
}

// KIT-014: for the race detector, and that no mark is lost.
func TestConcurrent(t *testing.T) {
	w := newWorld(0)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 100 {
				w.mark(t, health.Scope{InstanceType: fmt.Sprint(i, "-", j)}, "R", time.Hour)
				w.Snapshot().Why(health.Offering{InstanceType: "x"})
			}
		})
	}
	wg.Wait()
	if n := len(w.Snapshot().Entries()); n != 800 {
		t.Errorf("%d marks", n)
	}
}

// KIT-014
func TestAskingAllocatesNothing(t *testing.T) {
	w := newWorld(0)
	w.mark(t, health.Scope{Network: "n1"}, "R", time.Hour)
	w.mark(t, health.Scope{CapacityType: spot, InstanceType: "x", Zone: "b"}, "R", time.Hour)
	s := w.Snapshot()
	o := health.Offering{CapacityType: spot, InstanceType: "x", Zone: "a", Networks: []string{"n1", "n2"}}
	if n := testing.AllocsPerRun(100, func() { s.Why(o) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestScopeText(t *testing.T) {
	s := health.Scope{CapacityType: spot, Family: "m5", MinVCPUs: 8}
	if got := s.String(); got != "capacityType=spot family=m5 minVCPUs=8" {
		t.Errorf("got %q", got)
	}
}
