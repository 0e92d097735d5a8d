// SPDX-License-Identifier: Apache-2.0

// Package batch collects triggers into windows, so that pods that arrive
// together are planned together. It knows neither pods nor clusters.
//
// A window opens with the first trigger and closes once no new trigger came for
// the idle duration, at the latest after the maximum duration (SCH-014).
// Waiting costs nothing while there is no trigger.
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
	Max   time.Duration
	Clock clock.WithTicker
}

// Batcher collects triggers. Safe for concurrent use; one caller waits at a
// time.
type Batcher struct {
	options Options

	mu   sync.Mutex
	seen map[types.UID]struct{}
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
	b.mu.Unlock()
	if !known {
		b.notify()
	}
}

// Retry opens the next window although nothing new came: a round that could
// not run keeps its trigger (SCH-020).
func (b *Batcher) Retry() { b.notify() }

func (b *Batcher) notify() {
	select {
	case b.wake <- struct{}{}:
	default: // already awake
	}
}

// Wait blocks until a window has opened and closed. It returns false when the
// context ended first.
func (b *Batcher) Wait(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return false
	case <-b.wake:
	}
	if !b.window(ctx) {
		return false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	clear(b.seen)
	return true
}

// window waits for the end of the window that has just opened.
func (b *Batcher) window(ctx context.Context) bool {
	limit := b.options.Clock.NewTimer(b.options.Max)
	defer limit.Stop()
	idle := b.options.Clock.NewTimer(b.options.Idle)
	defer idle.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case <-limit.C():
			return true
		case <-idle.C():
			return true
		case <-b.wake:
			idle.Reset(b.options.Idle)
		}
	}
}
