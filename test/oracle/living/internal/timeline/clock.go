// SPDX-License-Identifier: Apache-2.0

package timeline

import (
	"sync"
	"time"

	"k8s.io/utils/clock"
)

// Clock shows virtual time. Whoever waits by it waits not at all: its timers have
// always fired. Waiting is the business of the timeline.
type Clock struct {
	mu  sync.RWMutex
	now time.Time
}

var _ clock.WithTicker = (*Clock)(nil)

func newClock(start time.Time) *Clock { return &Clock{now: start} }

func (c *Clock) set(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = now
}

// Now implements clock.PassiveClock.
func (c *Clock) Now() time.Time {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.now
}

// Since implements clock.PassiveClock.
func (c *Clock) Since(t time.Time) time.Duration { return c.Now().Sub(t) }

// After implements clock.Clock.
func (c *Clock) After(time.Duration) <-chan time.Time { return c.fired() }

// NewTimer implements clock.Clock.
func (c *Clock) NewTimer(time.Duration) clock.Timer { return &timer{clock: c, fired: c.fired()} }

// Sleep implements clock.Clock.
func (c *Clock) Sleep(time.Duration) {}

// Tick implements clock.Clock.
func (c *Clock) Tick(time.Duration) <-chan time.Time { return nil }

// NewTicker implements clock.WithTicker. It never ticks.
func (c *Clock) NewTicker(time.Duration) clock.Ticker { return ticker{} }

func (c *Clock) fired() chan time.Time {
	out := make(chan time.Time, 1)
	out <- c.Now()
	return out
}

type timer struct {
	clock *Clock
	fired chan time.Time
}

func (t *timer) C() <-chan time.Time { return t.fired }
func (t *timer) Stop() bool          { return false }
func (t *timer) Reset(time.Duration) bool {
	select {
	case t.fired <- t.clock.Now():
	default: // has fired already
	}
	return true
}

type ticker struct{}

func (ticker) C() <-chan time.Time { return nil }
func (ticker) Stop()               {}
