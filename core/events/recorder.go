// SPDX-License-Identifier: Apache-2.0

package events

import (
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/clock"
)

// Recorder publishes events. Implementations may be used by any number of
// goroutines and never block.
type Recorder interface {
	Publish(events ...Event)
}

// Sink takes the events that are not dropped. The event recorder of client-go
// is one; a sink must not block.
type Sink interface {
	Event(object runtime.Object, eventType, reason, message string)
}

// NewRecorder returns a Recorder that hands on to the sink.
func NewRecorder(sink Sink, clk clock.PassiveClock) Recorder {
	return &recorder{sink: sink, clock: clk, open: map[string]window{}}
}

type recorder struct {
	sink  Sink
	clock clock.PassiveClock

	mu sync.Mutex
	// open holds the windows that are open, by key. Ended ones are swept whenever
	// the map has doubled since the last sweep.
	open    map[string]window
	sweepAt int
}

// mostNews is how many different things are told under one key while the windows
// of the first are open: a cause that changes is news (SCH-220), one that changes
// for ever is a flood.
const mostNews = 5

// window is what was told under one key of late.
type window []told

type told struct {
	gist string
	end  time.Time
}

// at returns what of the window is open.
func (w window) at(now time.Time) window {
	return slices.DeleteFunc(w, func(t told) bool { return !now.Before(t.end) })
}

func (w window) has(gist string) bool {
	return slices.ContainsFunc(w, func(t told) bool { return t.gist == gist })
}

// Publish hands on the events that are neither repetitions nor over a budget.
func (r *recorder) Publish(events ...Event) {
	for _, e := range events {
		if r.admit(e) {
			r.sink.Event(e.Object, e.Type, e.Reason, e.text())
		}
	}
}

// admit reports whether the event is to be handed on, and opens its window.
func (r *recorder) admit(e Event) bool {
	now := r.clock.Now()
	if len(e.DedupeValues) == 0 {
		return e.Limiter == nil || e.Limiter.AllowN(now, 1)
	}
	key, gist := e.key(), e.gist()
	r.mu.Lock()
	defer r.mu.Unlock()
	w := r.open[key].at(now)
	if w.has(gist) || len(w) >= mostNews {
		return false
	}
	if e.Limiter != nil && !e.Limiter.AllowN(now, 1) {
		return false
	}
	r.open[key] = append(w, told{gist, now.Add(e.window())})
	r.sweep(now)
	return true
}

const leastSweep = 1024

func (r *recorder) sweep(now time.Time) {
	if len(r.open) < max(r.sweepAt, leastSweep) {
		return
	}
	for key, w := range r.open {
		if w = w.at(now); len(w) == 0 {
			delete(r.open, key)
		} else {
			r.open[key] = w
		}
	}
	r.sweepAt = 2 * len(r.open)
}
