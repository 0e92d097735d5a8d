// SPDX-License-Identifier: Apache-2.0

package quota_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	clocktesting "k8s.io/utils/clock/testing"

	"karpenter.sh/core/cloudprovider/kit/quota"
)

// world is a tracker and its clock. Lag is 1 minute, hold 10, retention 15.
type world struct {
	*quota.Tracker
	t     testing.TB
	clock *clocktesting.FakePassiveClock
}

func newWorld(t testing.TB, limits ...quota.Limit) world {
	c := clocktesting.NewFakePassiveClock(time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC))
	w := world{quota.New(quota.Options{Clock: c, Hold: 10 * time.Minute}), t, c}
	if limits != nil {
		w.read(limits...)
	}
	return w
}

func (w world) read(limits ...quota.Limit) {
	w.t.Helper()
	if err := w.Read(w.clock.Now(), limits); err != nil {
		w.t.Fatal(err)
	}
}

func (w world) begin(launch string, vcpus int64) error { return w.Begin(launch, need(vcpus)) }

func (w world) after(d time.Duration) world {
	w.clock.SetTime(w.clock.Now().Add(d))
	return w
}

// left is what is left of the vCPUs; -1 if nothing stops a launch.
func (w world) left() int64 {
	short, exceeded := w.Snapshot().Exceeded(need(math.MaxInt64))
	if !exceeded {
		return -1
	}
	return short.Left()
}

func need(vcpus int64) quota.Needs { return quota.Needs{{Limit: "vcpus", Amount: vcpus}} }

func limit(most, used int64) quota.Limit { return quota.Limit{Name: "vcpus", Max: most, Used: used} }

func TestExceeded(t *testing.T) { // KIT-032
	w := newWorld(t, limit(100, 60), quota.Limit{Name: "spot", Max: 0}, quota.Limit{Name: "over", Max: 4, Used: 9})
	for _, tc := range []struct {
		why   string
		needs quota.Needs
		want  string
	}{
		{"all that is left", need(40), ""},
		{"one more", need(41), "vcpus"},
		{"nothing needed", need(0), ""},
		{"an unknown limit", quota.Needs{{Limit: "gpus", Amount: 1000}}, ""},
		{"a limit of none", quota.Needs{{Limit: "spot", Amount: 1}}, "spot"},
		{"nothing needed where nothing is left", quota.Needs{{Limit: "over", Amount: 0}}, ""},
		{"more used than allowed", quota.Needs{{Limit: "over", Amount: 1}}, "over"},
		{"the first of two", quota.Needs{{Limit: "vcpus", Amount: 50}, {Limit: "spot", Amount: 1}}, "vcpus"},
		{"one limit twice", quota.Needs{{Limit: "vcpus", Amount: 30}, {Limit: "vcpus", Amount: 30}}, "vcpus"},
		{"a sum beyond all numbers", quota.Needs{{Limit: "vcpus", Amount: math.MaxInt64}, {Limit: "vcpus", Amount: math.MaxInt64}}, "vcpus"},
	} {
		t.Run(tc.why, func(t *testing.T) {
			short, exceeded := w.Snapshot().Exceeded(tc.needs)
			if exceeded != (tc.want != "") || short.Name != tc.want {
				t.Errorf("got %v", short)
			}
			err := w.Begin("launch", tc.needs)
			w.Release("launch")
			if exceeded != (err != nil) { // KIT-033
				t.Errorf("asking says %t, launching %v", exceeded, err)
			}
		})
	}
}

func TestExceededText(t *testing.T) { // KIT-032, AZ-186
	w := newWorld(t, limit(100, 60))
	if err := w.begin("a", 30); err != nil {
		t.Fatal(err)
	}
	err := w.begin("b", 16)
	var exceeded *quota.ExceededError
	if !errors.As(err, &exceeded) || exceeded.Shortage.Left() != 10 || exceeded.Shortage.InFlight != 30 {
		t.Errorf("got %v", err)
	}
	if !strings.HasSuffix(err.Error(), `16 needed of "vcpus", 10 left (limit 100, used 60, being launched 30)`) {
		t.Errorf("got %q", err)
	}
}

func TestInFlight(t *testing.T) {
	for _, tc := range []struct {
		why  string
		act  func(w world)
		want int64
	}{
		{"KIT-030: from before the call", func(world) {}, 60},
		{"KIT-030: a failure gives back", func(w world) { w.Release("a") }, 100},
		{"KIT-030: success corrects", func(w world) { w.Settle("a", need(8)) }, 92},
		{"KIT-030: the same launch again", func(w world) { _ = w.begin("a", 100) }, 0},
		{"KIT-030: the same launch again, with too much", func(w world) { _ = w.begin("a", 101) }, 60},
		{"KIT-030: amounts saturate", func(w world) { w.Settle("b", need(math.MaxInt64)) }, 0},
		{"KIT-030: a negative amount is none", func(w world) { w.Settle("a", need(-5)) }, 100},
		{"KIT-031: a launch without outcome is counted through readings", func(w world) { w.after(5 * time.Minute).read(limit(100, 0)) }, 60},
		{"KIT-031: a reading right after the success may miss it", func(w world) {
			w.Settle("a", need(40))
			w.after(time.Minute - 1).read(limit(100, 0))
		}, 60},
		{"KIT-031: a later one contains it", func(w world) {
			w.Settle("a", need(40))
			w.after(time.Minute).read(limit(100, 40))
		}, 60},
		{"KIT-031: it ends with the hold", func(w world) { w.after(10 * time.Minute) }, 100},
		{"KIT-031: not before", func(w world) { w.after(10*time.Minute - 1) }, 60},
		{"KIT-034: an earlier reading is ignored", func(w world) {
			if err := w.Read(w.clock.Now().Add(-1), []quota.Limit{limit(1, 1)}); err != nil {
				w.t.Error(err)
			}
		}, 60},
		{"KIT-034: a reading ends with its retention", func(w world) { w.after(15 * time.Minute) }, -1},
		{"KIT-034: a renewed one does not", func(w world) { w.after(14 * time.Minute).read(limit(100, 0)); w.after(14 * time.Minute) }, 100},
	} {
		t.Run(tc.why, func(t *testing.T) {
			w := newWorld(t, limit(100, 0))
			if err := w.begin("a", 40); err != nil {
				t.Fatal(err)
			}
			tc.act(w)
			if got := w.left(); got != tc.want {
				t.Errorf("%d left, want %d", got, tc.want)
			}
		})
	}
}

func TestBadReadings(t *testing.T) { // KIT-034
	w := newWorld(t, limit(100, 0))
	w.after(time.Minute)
	for why, limits := range map[string][]quota.Limit{
		"none": {}, "negative": {limit(-1, 0)}, "negative use": {limit(1, -1)}, "no name": {{Max: 1}}, "a name twice": {limit(1, 0), limit(2, 0)},
	} {
		err := w.Read(w.clock.Now(), limits)
		if err == nil || (why == "none") != errors.Is(err, quota.ErrEmpty) {
			t.Errorf("%s: got %v", why, err)
		}
		if w.left() != 100 {
			t.Errorf("%s: it was taken", why)
		}
	}
}

func TestGeneration(t *testing.T) { // KIT-035
	w := newWorld(t, limit(100, 0))
	last := w.Snapshot()
	for _, step := range []struct {
		why     string
		act     func()
		changes bool
	}{
		{"nothing", func() {}, false},
		{"an equal reading", func() { w.after(time.Minute).read(limit(100, 0)) }, false},
		{"another reading", func() { w.after(time.Minute).read(limit(100, 1)) }, true},
		{"a launch", func() { _ = w.begin("a", 1) }, true},
		{"a refused launch", func() { _ = w.begin("b", 1000) }, false},
		{"a success", func() { w.Settle("a", need(1)) }, true},
		{"an equal reading that contains it", func() { w.after(time.Minute).read(limit(100, 1)) }, true},
		{"a failure of nobody", func() { w.Release("c") }, false},
		{"a launch", func() { _ = w.begin("d", 1) }, true},
		{"the end of its hold", func() { w.after(10 * time.Minute) }, true},
		{"the end of the retention", func() { w.after(5 * time.Minute) }, true},
		{"time", func() { w.after(time.Hour) }, false},
	} {
		step.act()
		now := w.Snapshot()
		if (now.Generation() != last.Generation()) != step.changes || (now != last) != step.changes {
			t.Errorf("%s: generation %d, before %d", step.why, now.Generation(), last.Generation())
		}
		last = now
	}
}

// KIT-033: launches at once never take more than is left.
func TestConcurrent(t *testing.T) {
	w := newWorld(t, limit(100, 0))
	var begun atomic.Int64
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			if w.begin(fmt.Sprint(i), 7) == nil {
				begun.Add(1)
			}
		})
	}
	wg.Wait()
	if begun.Load() != 14 || w.left() != 2 {
		t.Errorf("%d launches, %d left", begun.Load(), w.left())
	}
}

func TestRefused(t *testing.T) { // KIT-034
	for _, tc := range []struct {
		why  string
		act  func(w world)
		want int64
	}{
		{"less than the need is left", func(w world) { w.Refused("vcpus", 8) }, 7},
		{"what launches took is known", func(w world) { w.Settle("a", need(40)); w.Refused("vcpus", 8) }, 7},
		{"what others are about to take may be part of it", func(w world) { _ = w.begin("a", 4); w.Refused("vcpus", 8) }, 3},
		{"what the figures said anyway teaches nothing", func(w world) { w.Refused("vcpus", 101) }, 100},
		{"nothing was needed", func(w world) { w.Refused("vcpus", 0) }, 100},
		{"a limit that nobody knows", func(w world) { w.Refused("gpus", 8) }, 100},
		{"a reading that was under way does not know of it", func(w world) {
			began := w.clock.Now()
			w.after(time.Second).Refused("vcpus", 8)
			if err := w.Read(began, []quota.Limit{limit(100, 0)}); err != nil {
				w.t.Error(err)
			}
		}, 7},
		{"a later one does", func(w world) { w.Refused("vcpus", 8); w.after(time.Second).read(limit(100, 0)) }, 100},
		{"and that is the end of it", func(w world) {
			w.Refused("vcpus", 8)
			began := w.clock.Now()
			w.after(time.Second).read(limit(100, 0))
			if err := w.Read(began.Add(time.Second), []quota.Limit{limit(100, 1)}); err != nil {
				w.t.Error(err)
			}
		}, 99},
		{"it ends with the reading's retention", func(w world) { w.Refused("vcpus", 8); w.after(15 * time.Minute) }, -1},
	} {
		t.Run(tc.why, func(t *testing.T) {
			w := newWorld(t, limit(100, 0))
			tc.act(w)
			if got := w.left(); got != tc.want {
				t.Errorf("%d left, want %d", got, tc.want)
			}
		})
	}
}

func TestRefusedGeneration(t *testing.T) { // KIT-035
	w := newWorld(t, limit(100, 0))
	before := w.Snapshot().Generation()
	w.Refused("vcpus", 8)
	taught := w.Snapshot().Generation()
	w.Refused("vcpus", 8)
	if again := w.Snapshot().Generation(); taught == before || again != taught {
		t.Errorf("generations %d, %d, %d", before, taught, again)
	}
}

func TestWhatIsKnown(t *testing.T) { // KIT-032, CP-130
	w := newWorld(t, limit(100, 60), quota.Limit{Name: "spot", Max: 8})
	if err := w.begin("a", 30); err != nil {
		t.Fatal(err)
	}
	all := w.Snapshot().All()
	if len(all) != 2 || all[0].Name != "spot" || all[1].Left() != 10 || all[1].InFlight != 30 || all[1].Need != 0 {
		t.Errorf("got %v", all)
	}
	if left, known := w.Snapshot().Left("gpus"); known || left != 0 {
		t.Errorf("%d left of an unknown limit", left)
	}
	before, counted := w.Counted()
	if left, _ := before.Left("vcpus"); left != 10 || len(counted) != 1 || !counted["a"] {
		t.Errorf("%d left without %v", left, counted)
	}
	w.Release("a")
	if err := w.begin("b", 5); err != nil {
		t.Fatal(err)
	}
	if left, _ := before.Left("vcpus"); left != 10 || !counted["a"] || counted["b"] {
		t.Errorf("what was told has changed: %d left without %v", left, counted)
	}
	now, counted := w.Counted()
	if left, _ := now.Left("vcpus"); left != 35 || len(counted) != 1 || !counted["b"] {
		t.Errorf("then %d left without %v", left, counted)
	}
}
