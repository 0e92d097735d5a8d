// SPDX-License-Identifier: Apache-2.0

package batch

import (
	"context"
	"time"

	"k8s.io/utils/clock"
)

// sparing is how many times as long as a look took the next one waits: looks take
// a twentieth of one processor.
const sparing = 20

// window is a window that is open.
type window struct {
	of          *Batcher
	limit, idle clock.Timer
	look        clock.Timer // nil when no look is to come
	// news: something came since the last look. Due: the time for the next has
	// come, and it waits for news.
	news, due bool
}

// open opens a window now, whenever its first trigger came.
func (b *Batcher) open() *window {
	w := &window{of: b, news: true, limit: b.options.Clock.NewTimer(b.options.Max), idle: b.options.Clock.NewTimer(b.options.Idle)}
	if b.options.Look > 0 {
		w.look = b.options.Clock.NewTimer(b.options.Look)
	}
	return w
}

// wait waits for the end of the window, or for a look.
func (w *window) wait(ctx context.Context) Moment {
	for {
		select {
		case <-ctx.Done():
			return Ended
		case <-w.limit.C():
			return Closed
		case <-w.idle.C():
			if w.ended() {
				return Closed
			}
		case <-w.of.wake:
			w.news = true
			w.idle.Reset(max(0, w.of.options.Idle-w.of.quiet()))
		case <-w.looks():
			w.due = true
		}
		if w.due && w.news {
			w.due, w.news = false, false
			return Look
		}
	}
}

// ended reports whether nothing new came for the idle duration. If something came
// of which the timer knows nothing yet, the window gets the rest of its time.
func (w *window) ended() bool {
	select {
	case <-w.of.wake:
		w.news = true
	default:
	}
	rest := w.of.options.Idle - w.of.quiet()
	if rest > 0 {
		w.idle.Reset(rest)
	}
	return rest <= 0
}

func (w *window) looks() <-chan time.Time {
	if w.look == nil {
		return nil
	}
	return w.look.C()
}

// next puts the next look off.
func (w *window) next(after time.Duration) {
	if w.look != nil {
		w.look.Reset(after)
	}
}

func (w *window) stop() {
	w.limit.Stop()
	w.idle.Stop()
	if w.look != nil {
		w.look.Stop()
	}
}
