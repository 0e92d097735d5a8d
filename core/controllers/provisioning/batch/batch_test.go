// SPDX-License-Identifier: Apache-2.0

package batch_test

import (
	"context"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"

	"karpenter.sh/core/controllers/provisioning/batch"
)

// patience ends a test that would wait for ever.
const patience = 10 * time.Second

// bench runs one Wait against a fake clock.
type bench struct {
	t     *testing.T
	clock *clocktesting.FakeClock
	b     *batch.Batcher
	done  chan batch.Moment
}

func start(t *testing.T) *bench { return looking(t, 0) }

func looking(t *testing.T, look time.Duration) *bench {
	c := clocktesting.NewFakeClock(time.Unix(0, 0))
	x := &bench{t: t, clock: c, done: make(chan batch.Moment, 1),
		b: batch.New(batch.Options{Idle: time.Second, Max: 10 * time.Second, Look: look, Clock: c})}
	return x
}

func (x *bench) wait(ctx context.Context) {
	go func() { x.done <- x.b.Wait(ctx) }()
}

// opened blocks until Wait has set its two timers. A lost trigger sets none.
func (x *bench) opened() {
	x.t.Helper()
	for deadline := time.Now().Add(patience); x.clock.Waiters() < 2; {
		if time.Now().After(deadline) {
			x.t.Fatal("no window was opened")
		}
		time.Sleep(time.Millisecond)
	}
}

func (x *bench) closed(want bool) {
	x.t.Helper()
	if want {
		x.ends(batch.Closed)
		return
	}
	select {
	case <-x.done:
		x.t.Fatal("the window closed early")
	case <-time.After(20 * time.Millisecond):
	}
}

func (x *bench) ends(want batch.Moment) {
	x.t.Helper()
	select {
	case got := <-x.done:
		if got != want {
			x.t.Fatalf("got moment %d, want %d", got, want)
		}
	case <-time.After(patience):
		x.t.Fatal("the wait goes on")
	}
}

// SCH-014: the window closes after the idle duration.
func TestClosesWhenIdle(t *testing.T) {
	x := start(t)
	x.b.Trigger("a")
	x.wait(t.Context())
	x.opened()
	x.clock.Step(999 * time.Millisecond)
	x.closed(false)
	x.clock.Step(time.Millisecond)
	x.closed(true)
}

// SCH-014: new UIDs put the end off, at most to the maximum; known ones do not.
func TestNewTriggersPutTheEndOff(t *testing.T) {
	x := start(t)
	x.b.Trigger("0")
	x.wait(t.Context())
	x.opened()
	for i := range 12 {
		x.clock.Step(800 * time.Millisecond)
		x.closed(false)
		x.b.Trigger(types.UID(rune('a' + i)))
		time.Sleep(5 * time.Millisecond) // lets Wait notice before time goes on
	}
	x.clock.Step(400 * time.Millisecond) // 10 s since the window opened
	x.closed(true)
}

// SCH-014: a UID seen in this window does not put the end off.
func TestKnownTriggersDoNotPutTheEndOff(t *testing.T) {
	x := start(t)
	x.b.Trigger("a")
	x.wait(t.Context())
	x.opened()
	x.clock.Step(900 * time.Millisecond)
	x.b.Trigger("a")
	time.Sleep(5 * time.Millisecond)
	x.clock.Step(100 * time.Millisecond)
	x.closed(true)
}

// SCH-014: triggers during a round open the next window, also known UIDs.
func TestTriggersDuringARoundOpenTheNextWindow(t *testing.T) {
	x := start(t)
	x.b.Trigger("a")
	x.wait(t.Context())
	x.opened()
	x.clock.Step(time.Second)
	x.closed(true)
	x.b.Trigger("a")
	x.wait(t.Context())
	x.opened()
	x.clock.Step(time.Second)
	x.closed(true)
}

// SCH-015: without a trigger nothing happens; the wait ends with its context.
func TestIdlesWithoutTrigger(t *testing.T) {
	x := start(t)
	ctx, cancel := context.WithCancel(t.Context())
	x.wait(ctx)
	x.clock.Step(time.Hour)
	x.closed(false)
	cancel()
	x.ends(batch.Ended)
}

// look begins a window with a trigger, and returns once its timers run.
func (x *bench) look() {
	x.t.Helper()
	x.b.Trigger("first")
	x.wait(x.t.Context())
	for deadline := time.Now().Add(patience); x.clock.Waiters() < 3; {
		if time.Now().After(deadline) {
			x.t.Fatal("no window was opened")
		}
		time.Sleep(time.Millisecond)
	}
}

// noticed gives Wait the time to notice a trigger before time goes on.
func (x *bench) noticed(uid types.UID) {
	x.b.Trigger(uid)
	time.Sleep(5 * time.Millisecond)
}

// SCH-017: looks at an open window come when there is news, and at their distance.
func TestLooksAtAnOpenWindow(t *testing.T) {
	x := looking(t, 200*time.Millisecond)
	x.look()
	x.clock.Step(199 * time.Millisecond)
	x.closed(false)
	x.clock.Step(time.Millisecond)
	x.ends(batch.Look)

	x.b.Looked(time.Millisecond)
	x.wait(t.Context())
	x.clock.Step(400 * time.Millisecond) // nothing new came
	x.closed(false)
	x.b.Trigger("second")
	x.ends(batch.Look)
}

// SCH-017: the longer a look takes, the later the next one.
func TestLooksTakeATwentiethOfTheTime(t *testing.T) {
	x := looking(t, 200*time.Millisecond)
	x.look()
	x.clock.Step(200 * time.Millisecond)
	x.ends(batch.Look)
	x.b.Looked(25 * time.Millisecond)
	x.b.Trigger("second")
	x.wait(t.Context())
	time.Sleep(5 * time.Millisecond)
	x.clock.Step(499 * time.Millisecond)
	x.closed(false)
	x.clock.Step(time.Millisecond)
	x.ends(batch.Look)
}

// SCH-014, SCH-017: looks leave the end of the window where it was.
func TestLooksDoNotPutTheEndOff(t *testing.T) {
	x := looking(t, 200*time.Millisecond)
	x.look()
	x.clock.Step(200 * time.Millisecond)
	x.ends(batch.Look)
	x.clock.Step(300 * time.Millisecond)
	x.b.Trigger("during the look")
	x.clock.Step(300 * time.Millisecond)
	x.b.Looked(300 * time.Millisecond)
	x.wait(t.Context())
	time.Sleep(5 * time.Millisecond)
	x.clock.Step(699 * time.Millisecond) // 999 ms since it came
	x.closed(false)
	x.clock.Step(time.Millisecond)
	x.closed(true)
}

// SCH-014, SCH-017: what came during a look counts although the idle time passed
// while nobody noticed.
func TestTriggersDuringALongLookKeepTheWindowOpen(t *testing.T) {
	x := looking(t, 200*time.Millisecond)
	x.look()
	x.clock.Step(200 * time.Millisecond)
	x.ends(batch.Look)
	x.clock.Step(700 * time.Millisecond)
	x.b.Trigger("during the look")
	x.clock.Step(500 * time.Millisecond) // the idle timer has fired
	x.b.Looked(1200 * time.Millisecond)
	x.wait(t.Context())
	x.closed(false)
	x.clock.Step(499 * time.Millisecond)
	x.closed(false)
	x.clock.Step(time.Millisecond)
	x.closed(true)
}

// SCH-019: after a look of which nothing is said the window goes on without.
func TestLooksEndWithOneThatFails(t *testing.T) {
	x := looking(t, 200*time.Millisecond)
	x.look()
	x.clock.Step(200 * time.Millisecond)
	x.ends(batch.Look)
	x.wait(t.Context())
	x.noticed("second")
	x.clock.Step(999 * time.Millisecond)
	x.closed(false)
	x.clock.Step(time.Millisecond)
	x.closed(true)
}

// SCH-014: a UID that came before a look is known after it.
func TestKnownTriggersStayKnownAfterALook(t *testing.T) {
	x := looking(t, 200*time.Millisecond)
	x.look()
	x.clock.Step(200 * time.Millisecond)
	x.ends(batch.Look)
	x.b.Looked(0)
	x.wait(t.Context())
	x.noticed("first")
	x.clock.Step(799 * time.Millisecond)
	x.closed(false)
	x.clock.Step(time.Millisecond)
	x.closed(true)
}

// alarmed asks for a round after a time, and returns once Wait knows of it.
func (x *bench) alarmed(after time.Duration) {
	x.b.Again(after)
	x.wait(x.t.Context())
}

// SCH-332: a round is made at the time that was asked for, once.
func TestAgainWithoutTrigger(t *testing.T) {
	x := start(t)
	x.alarmed(4 * time.Second)
	x.clock.Step(3999 * time.Millisecond)
	x.closed(false)
	x.clock.Step(time.Millisecond)
	x.closed(true)
	x.wait(t.Context())
	x.clock.Step(time.Hour)
	x.closed(false)
}

// SCH-332: a later time takes the place of an earlier one.
func TestAgainLater(t *testing.T) {
	x := start(t)
	x.b.Again(time.Second)
	x.alarmed(3 * time.Second)
	x.clock.Step(2 * time.Second)
	x.closed(false)
	x.clock.Step(time.Second)
	x.closed(true)
}

// SCH-332: what comes before that time gets its window, and the round of that stands for
// the other.
func TestTriggersWhileAnotherRoundIsToCome(t *testing.T) {
	x := start(t)
	x.b.Trigger("a")
	x.alarmed(8 * time.Second)
	x.opened()
	x.clock.Step(time.Second)
	x.closed(true)
	x.wait(t.Context())
	x.clock.Step(time.Hour)
	x.closed(false)
}
