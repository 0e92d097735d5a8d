// SPDX-License-Identifier: Apache-2.0

package observed_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	clocktesting "k8s.io/utils/clock/testing"

	"karpenter.sh/core/cloudprovider/kit/observed"
)

const (
	day  = 24 * time.Hour
	mebi = 1 << 20
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// world is a memory and its clock.
type world struct {
	*testing.T
	*observed.Memory
	clock *clocktesting.FakePassiveClock
}

func newWorld(t *testing.T) *world {
	c := clocktesting.NewFakePassiveClock(start)
	return &world{t, observed.NewMemory(c), c}
}

// sold is a type of so much nominal and estimated memory in MiB, with image i1, in a line.
func sold(name string, nominal, estimate int64) observed.Type {
	return observed.Type{Name: name, Images: "i1", Line: observed.Line{Types: "m", Images: "linux"}, Nominal: nominal * mebi, Estimate: estimate * mebi}
}

func (w *world) after(d time.Duration) { w.clock.SetTime(w.clock.Now().Add(d)) }

func (w *world) expect(step string, of observed.Type, want int64) {
	w.Helper()
	if got := w.Expected(of); got != want*mebi {
		w.Errorf("%s: %d MiB of %s, want %d", step, got/mebi, of.Name, want)
	}
}

// KIT-222: the least counts, for 60 days from when it, or less, was last reported.
func TestLeast(t *testing.T) {
	w := newWorld(t)
	of := sold("large", 8192, 7577)
	w.expect("estimate", of, 7577)
	w.Observe(of, 7700*mebi)
	w.expect("observed", of, 7700)
	w.Observe(of, 7750*mebi)
	w.expect("a higher value", of, 7700)
	w.after(40 * day)
	w.Observe(of, 7600*mebi)
	w.expect("a lower value", of, 7600)
	w.after(40 * day)
	w.expect("renewed by the lower value", of, 7600)
	w.Observe(of, 7600*mebi)
	w.after(59 * day)
	w.Observe(of, 7601*mebi)
	w.expect("renewed by an equal value", of, 7600)
	w.after(day)
	w.expect("not renewed by a higher value", of, 7577)
}

// KIT-222: other images, and a type that is sold with other memory now, have observations
// of their own.
func TestOthers(t *testing.T) {
	w := newWorld(t)
	of := sold("large", 8192, 7577)
	of.Line = observed.Line{}
	w.Observe(of, 7000*mebi)
	images, size, name := of, of, of
	images.Images, size.Nominal, name.Name = "i2", 7500*mebi, "xlarge"
	w.expect("the type", of, 7000)
	w.expect("other images", images, 7577)
	w.expect("other memory", size, 7577)
	w.expect("another type", name, 7577)
}

// KIT-223: what cannot be is not believed.
func TestImpossible(t *testing.T) {
	w := newWorld(t)
	of := sold("large", 8192, 7577)
	for _, memory := range []int64{0, -1024, 4095, 8193} {
		w.Observe(of, memory*mebi)
	}
	w.Observe(sold("unknown", 0, 0), 0)
	w.expect("nothing", of, 7577)
	if got := w.Generation(); got != 0 {
		t.Errorf("generation %d", got)
	}
	w.Observe(of, 4096*mebi)
	w.expect("half", of, 4096)
}

// KIT-224: until a type has an observation of its own, its estimate is corrected by what
// was missed on types of the line that are not larger.
func TestLine(t *testing.T) {
	w := newWorld(t)
	small, middle, big, other := sold("s", 8192, 7577), sold("m", 16384, 15155), sold("b", 393216, 363724), sold("o", 8192, 7577)
	other.Line.Types = "c"
	// 246 MiB of 8 GiB more than estimated.
	w.Observe(small, 7823*mebi)
	w.expect("more", middle, 15647)
	w.expect("more", big, 375532)
	w.expect("another line", other, 7577)
	w.Observe(big, 381000*mebi)
	w.expect("a larger one has more still", middle, 15647)
	w.expect("its own", big, 381000)
	w.Observe(big, 360000*mebi)
	w.expect("a larger one has less", middle, 14999)
	middle.Images = "i2"
	w.expect("outlives images", middle, 14999)
	w.after(observed.TTL)
	w.expect("over", middle, 15155)
}

// KIT-224: no correction makes more of a type than it is sold with, or less than nothing.
func TestCorrectionsAreBounded(t *testing.T) {
	w := newWorld(t)
	w.Observe(sold("a", 1000, 500), 1000*mebi)
	w.expect("more than nominal", sold("b", 2000, 1900), 2000)
	w = newWorld(t)
	w.Observe(sold("a", 1000, 1000), 500*mebi)
	w.expect("less than nothing", sold("b", 2000, 900), 0)
}

// KIT-225: the generation changes with answers, and only then.
func TestGeneration(t *testing.T) {
	w := newWorld(t)
	of := sold("large", 8192, 7577)
	known := w.Generation()
	step := func(reason string, want bool) {
		t.Helper()
		now := w.Generation()
		if (now != known) != want {
			t.Errorf("%s: generation %d, then %d", reason, known, now)
		}
		known = now
	}
	w.Observe(of, 7700*mebi)
	step("observed", true)
	w.Observe(of, 7700*mebi)
	step("the same", false)
	w.Observe(of, 7800*mebi)
	step("more", false)
	w.Observe(of, 7600*mebi)
	step("less", true)
	w.after(observed.TTL - 1)
	step("just before its end", false)
	w.after(1)
	step("at its end", true)
	w.after(observed.TTL)
	step("nothing is left", false)
}

// KIT-226: no more than so many types are remembered; those that end first go.
func TestBounded(t *testing.T) {
	w := newWorld(t)
	of := func(i int) observed.Type {
		return observed.Type{Name: fmt.Sprint(i), Images: "i", Nominal: 8192 * mebi, Estimate: 7577 * mebi}
	}
	w.Observe(of(0), 7000*mebi)
	w.after(time.Second)
	for i := range observed.MaxTypes {
		w.Observe(of(i+1), 7000*mebi)
	}
	w.expect("the first", of(0), 7577)
	w.expect("the second", of(1), 7000)
	w.expect("the last", of(observed.MaxTypes), 7000)
}

// KIT-222, KIT-226: in whatever order Nodes report, and however many do at once, the least
// is expected.
func TestConcurrent(t *testing.T) {
	w := newWorld(t)
	of := sold("large", 8192, 7577)
	done := make(chan int64)
	const nodes = 50
	for i := range int64(nodes) {
		go func() {
			w.Observe(of, (7000+i)*mebi)
			done <- w.Expected(of)
		}()
	}
	most := int64(math.MinInt64)
	for range nodes {
		most = max(most, <-done)
	}
	w.expect("all", of, 7000)
	if most >= (7000+nodes)*mebi {
		t.Errorf("%d was expected, which nobody reported", most)
	}
}
