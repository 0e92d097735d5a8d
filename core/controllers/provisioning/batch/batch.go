// SPDX-License-Identifier: Apache-2.0

// Package batch collects triggers into windows, so that pods that arrive
// together are planned together. It knows neither pods nor clusters.
//
// A window opens with the first trigger and closes once no new trigger came for
// the idle duration, at the latest after the maximum duration (SCH-014). While new
// triggers keep it open it says from time to time that a look at what came so far
// may pay (SCH-017). Waiting costs nothing while there is no trigger.
package batch

import (
	"context"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
)

// Options are the times of a window.
type Options struct {
	// Idle closes a window when no new UID came for this long.
	Idle time.Duration
	// Max closes a window this long after it opened.
	Max time.Duration
	// Look is the least time from the opening, and from one look to the next, to a
	// look at an open window; 0 takes none.
	Look  time.Duration
	Clock clock.WithTicker
}

// Moment is what a wait ended with.
type Moment uint8

// The moments.
const (
	// Ended: the context ended first.
	Ended Moment = iota
	// Look: the window stays open, and something new came since the last look.
	Look
	// Closed: the window is closed.
	Closed
)

// Batcher collects triggers. Safe for concurrent use; one caller waits at a
// time.
type Batcher struct {
	options Options
	window  *window     // nil while none is open; the waiting caller's
	again   clock.Timer // nil while no round was asked for by a time; likewise

	mu   sync.Mutex
	seen map[types.UID]struct{}
	last time.Time     // when the last new UID came
	wake chan struct{} // holds one token while a new UID waits to be noticed
}

// New returns a Batcher without triggers.
func New(o Options) *Batcher {
	return &Batcher{options: o, seen: map[types.UID]struct{}{}, wake: make(chan struct{}, 1)}
}

// Trigger asks for a round. A UID that already asked within the current window
// changes nothing.
func (b *Batcher) Trigger(uid types.UID) {
	b.mu.Lock()
	_, known := b.seen[uid]
	b.seen[uid] = struct{}{}
	if !known {
		b.last = b.options.Clock.Now()
	}
	b.mu.Unlock()
	if !known {
		b.notify()
	}
}

// Known counts a UID as one that has asked within the current window. It opens none, and
// leaves the end of an open one where it is.
func (b *Batcher) Known(uid types.UID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.seen[uid] = struct{}{}
}

// Again asks for a round without a trigger after a time, in place of what was asked so
// before. A window that opens sooner stands for it: pods that come meanwhile wait no longer
// than they would anyway.
func (b *Batcher) Again(after time.Duration) {
	b.forgo()
	b.again = b.options.Clock.NewTimer(after)
}

// forgo takes back that a round was asked for by a time.
func (b *Batcher) forgo() {
	if b.again != nil {
		b.again.Stop()
		b.again = nil
	}
}

// alarm is when a round is due that was asked for by a time.
func (b *Batcher) alarm() <-chan time.Time {
	if b.again == nil {
		return nil
	}
	return b.again.C()
}

func (b *Batcher) notify() {
	select {
	case b.wake <- struct{}{}:
	default: // already awake
	}
}

// Wait blocks until a window has opened and closed, until a round is due that was asked
// for by a time, or until it is time for a look at an open window.
func (b *Batcher) Wait(ctx context.Context) Moment {
	if b.window == nil {
		select {
		case <-ctx.Done():
			return Ended
		case <-b.alarm():
			b.forgo()
			return Closed
		case <-b.wake:
		}
		b.forgo()
		b.window = b.open()
	}
	m := b.window.wait(ctx)
	if m != Look {
		b.close()
	}
	return m
}

// Looked says how long a look took. The next one comes later the longer it was, so
// that looks take a small share of one processor at most. A look of which nothing is
// said is the last of its window.
func (b *Batcher) Looked(took time.Duration) {
	if b.window != nil {
		b.window.next(max(b.options.Look, took*sparing))
	}
}

// quiet is how long ago the last new UID came.
func (b *Batcher) quiet() time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.options.Clock.Since(b.last)
}

func (b *Batcher) close() {
	b.window.stop()
	b.window = nil
	b.mu.Lock()
	defer b.mu.Unlock()
	clear(b.seen)
}
