// SPDX-License-Identifier: Apache-2.0

package address_test

import (
	"fmt"
	"maps"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	clocktesting "k8s.io/utils/clock/testing"

	"karpenter.sh/core/cloudprovider/kit/address"
)

// world is a pool and its clock. Lag is 1 minute, hold 10, retention 15.
type world struct {
	*address.Pool
	t     testing.TB
	clock *clocktesting.FakePassiveClock
}

func newWorld(t testing.TB, free map[string]int64) world {
	c := clocktesting.NewFakePassiveClock(time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC))
	w := world{address.New(address.Options{Clock: c, Hold: 10 * time.Minute}), t, c}
	w.read(free)
	return w
}

func (w world) read(free map[string]int64) {
	w.t.Helper()
	var networks []address.Network
	for id, n := range free {
		networks = append(networks, address.Network{ID: id, Free: n})
	}
	if err := w.Read(w.clock.Now(), networks); err != nil {
		w.t.Fatal(err)
	}
}

func (w world) after(d time.Duration) world {
	w.clock.SetTime(w.clock.Now().Add(d))
	return w
}

// left is what a network has; -1 if nobody knows.
func (w world) left(network string) int64 {
	free, known := w.Free(network)
	if !known {
		return -1
	}
	return free
}

func TestChoose(t *testing.T) { // KIT-036, CP-113, AWS-432
	for _, tc := range []struct {
		why      string
		free     map[string]int64
		networks []string
		need     int64
		want     string
	}{
		{"the one with most", map[string]int64{"a": 10, "b": 20}, []string{"a", "b"}, 1, "b"},
		{"equal ones in the order given", map[string]int64{"a": 10, "b": 10}, []string{"b", "a"}, 1, "b"},
		{"of the usable ones only", map[string]int64{"a": 10, "b": 20}, []string{"a"}, 1, "a"},
		{"the smallest need just fits", map[string]int64{"a": 10}, []string{"a"}, 10, "a"},
		{"less than the smallest need", map[string]int64{"a": 10}, []string{"a"}, 11, ""},
		{"no need is one address", map[string]int64{"a": 0}, []string{"a"}, 0, ""},
		{"none usable", map[string]int64{"a": 10}, nil, 1, ""},
		{"a known one with room goes first", map[string]int64{"a": 10}, []string{"unknown", "a"}, 1, "a"},
		{"an unknown one before a full one", map[string]int64{"a": 0}, []string{"a", "unknown", "other"}, 1, "unknown"},
	} {
		t.Run(tc.why, func(t *testing.T) {
			w := newWorld(t, tc.free)
			want := address.Want{Zone: "z", Networks: tc.networks, Need: tc.need}
			got, ok := w.Choose(want)
			if got != tc.want || ok != (tc.want != "") {
				t.Errorf("got %q", got)
			}
			if reserved := w.Reserve("l", []address.Want{want})["z"]; reserved != got {
				t.Errorf("reserved %q", reserved)
			}
		})
	}
}

func TestReserve(t *testing.T) { // KIT-037
	wants := []address.Want{
		{Zone: "z1", Networks: []string{"a", "b"}, Need: 10}, {Zone: "z2", Networks: []string{"c"}, Need: 5}, {Zone: "z3", Networks: []string{"full"}, Need: 1},
	}
	for _, tc := range []struct {
		why     string
		act     func(w world)
		a, b, c int64
	}{
		{"KIT-037: over all zones in one step", func(world) {}, 25, 20, 15},
		{"KIT-037: the one used is kept, the others returned", func(w world) { w.Settle("l", "c", 8) }, 35, 20, 12},
		{"KIT-037: several are kept by what was taken", func(w world) { w.SettleEach("l", map[string]int64{"a": 3, "c": 1}) }, 32, 20, 19},
		{"KIT-030: failure returns all", func(w world) { w.Release("l") }, 35, 20, 20},
		{"KIT-030: the same launch again", func(w world) { w.Reserve("l", wants[1:]) }, 35, 20, 15},
		{"KIT-036: others see what is in flight", func(w world) {
			w.Reserve("m", wants)
			w.Reserve("n", wants)
		}, 15, 10, 5},
		{"KIT-031: a reading does not return what has no outcome", func(w world) { w.after(5 * time.Minute).read(map[string]int64{"a": 35}) }, 25, 20, 15},
		{"KIT-031: nor what just succeeded", func(w world) {
			w.Settle("l", "a", 10)
			w.after(time.Minute - 1).read(map[string]int64{"a": 35})
		}, 25, 20, 20},
		{"KIT-031: it contains what succeeded before", func(w world) {
			w.Settle("l", "a", 10)
			w.after(time.Minute).read(map[string]int64{"a": 25})
		}, 25, 20, 20},
		{"KIT-031: a lost outcome ends with the hold", func(w world) { w.after(10 * time.Minute) }, 35, 20, 20},
		{"KIT-038: a reading leaves others", func(w world) { w.after(time.Second).read(map[string]int64{"b": 7}) }, 25, 7, 15},
		{"KIT-038: an earlier reading is ignored", func(w world) {
			if err := w.Read(w.clock.Now().Add(-1), []address.Network{{ID: "b", Free: 7}}); err != nil {
				w.t.Error(err)
			}
		}, 25, 20, 15},
		{"KIT-038: readings end", func(w world) { w.after(14 * time.Minute).read(map[string]int64{"b": 7}); w.after(time.Minute) }, -1, 7, -1},
		{"KIT-039: exhausted", func(w world) { w.Exhausted("b") }, 25, 0, 15},
		{"KIT-039: a reading that began then does not know", func(w world) { w.Exhausted("b"); w.read(map[string]int64{"b": 7}) }, 25, 0, 15},
		{"KIT-039: until a later reading", func(w world) { w.Exhausted("b"); w.after(1).read(map[string]int64{"b": 7}) }, 25, 7, 15},
	} {
		t.Run(tc.why, func(t *testing.T) {
			w := newWorld(t, map[string]int64{"a": 35, "b": 20, "c": 20, "full": 0})
			if got := w.Reserve("l", wants); !maps.Equal(got, map[string]string{"z1": "a", "z2": "c"}) {
				t.Fatalf("got %v", got)
			}
			tc.act(w)
			if a, b, c := w.left("a"), w.left("b"), w.left("c"); a != tc.a || b != tc.b || c != tc.c {
				t.Errorf("left: %d, %d, %d; want %d, %d, %d", a, b, c, tc.a, tc.b, tc.c)
			}
		})
	}
}

// KIT-037: a network that serves several zones is taken from once.
func TestRegionalNetwork(t *testing.T) {
	w := newWorld(t, map[string]int64{"a": 20})
	got := w.Reserve("l", []address.Want{{Zone: "z1", Networks: []string{"a"}, Need: 4}, {Zone: "z2", Networks: []string{"a"}, Need: 6}})
	if len(got) != 2 || w.left("a") != 14 {
		t.Errorf("got %v, %d left", got, w.left("a"))
	}
}

func TestBadReading(t *testing.T) { // KIT-038
	w := newWorld(t, map[string]int64{"a": 5})
	w.after(time.Second)
	if err := w.Read(w.clock.Now(), []address.Network{{ID: "a", Free: 7}, {ID: "b", Free: -1}}); err == nil || w.left("a") != 5 {
		t.Errorf("got %v, %d left", err, w.left("a"))
	}
}

// KIT-037: launches at once never take more than is free.
func TestConcurrent(t *testing.T) {
	w := newWorld(t, map[string]int64{"a": 50, "b": 50})
	var given atomic.Int64
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			if len(w.Reserve(fmt.Sprint(i), []address.Want{{Zone: "z", Networks: []string{"a", "b"}, Need: 7}})) == 1 {
				given.Add(1)
			}
		})
	}
	wg.Wait()
	if given.Load() != 14 || w.left("a") != 1 || w.left("b") != 1 {
		t.Errorf("%d launches, %d and %d left", given.Load(), w.left("a"), w.left("b"))
	}
}
