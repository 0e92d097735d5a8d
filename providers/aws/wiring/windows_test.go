// SPDX-License-Identifier: Apache-2.0

package wiring_test

import (
	"runtime"
	"slices"
	"sync"
	"time"

	"k8s.io/utils/clock"
	testclock "k8s.io/utils/clock/testing"
)

// windows is the virtual time of an account, in which the windows of batches, and pauses
// before a call is repeated, take no time: nobody would step the time for a caller that
// waits for them. Only while several callers are on their way they last until turn, so
// that these come together.
type windows struct {
	*testclock.FakeClock

	mu      sync.Mutex
	callers int
	held    []*window
	opened  int // windows so far
	turned  int // opened, when turn was called last
}

var _ clock.WithTicker = (*windows)(nil)

// NewTimer implements clock.Clock.
func (w *windows) NewTimer(time.Duration) clock.Timer {
	t := &window{clock: w, c: make(chan time.Time, 1)}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.opened++
	if w.callers > 1 {
		w.held = append(w.held, t)
	} else {
		t.c <- w.Now()
	}
	return t
}

// call counts a caller in, and returns what counts it out.
func (w *windows) call() func() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.callers++
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.callers--; w.callers <= 1 {
			w.release()
		}
	}
}

// turn ends all windows, unless one was opened since the last turn: then callers still
// come.
func (w *windows) turn() {
	for range 100 {
		runtime.Gosched()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.turned == w.opened {
		w.release()
	}
	w.turned = w.opened
}

// release ends windows; mu is held.
func (w *windows) release() {
	for _, t := range w.held {
		t.c <- w.Now()
	}
	w.held = nil
}

// window is a timer that ends when its clock says so.
type window struct {
	clock *windows
	c     chan time.Time
}

// C implements clock.Timer.
func (t *window) C() <-chan time.Time { return t.c }

// Stop implements clock.Timer.
func (t *window) Stop() bool {
	t.clock.mu.Lock()
	defer t.clock.mu.Unlock()
	at := slices.Index(t.clock.held, t)
	if at >= 0 {
		t.clock.held = slices.Delete(t.clock.held, at, at+1)
	}
	return at >= 0
}

// Reset implements clock.Timer. Nothing here resets a timer.
func (*window) Reset(time.Duration) bool { panic("a timer is reset") }
