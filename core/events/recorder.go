// SPDX-License-Identifier: Apache-2.0

package events

import (
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
	return &recorder{sink: sink, clock: clk, open: map[string]time.Time{}}
}

type recorder struct {
	sink  Sink
	clock clock.PassiveClock

	mu sync.Mutex
	// open holds the end of each open window. Ended ones are swept whenever the
	// map has doubled since the last sweep.
	open    map[string]time.Time
	sweepAt int
}

// Publish hands on the events that are neither repetitions nor over a budget.
func (r *recorder) Publish(events ...Event) {
	for _, e := range events {
		if r.admit(e) {
			r.sink.Event(e.Object, e.Type, e.Reason, e.Message)
		}
	}
}

// admit reports whether the event is to be handed on, and opens its window.
func (r *recorder) admit(e Event) bool {
	now := r.clock.Now()
	if len(e.DedupeValues) == 0 {
		return e.Limiter == nil || e.Limiter.AllowN(now, 1)
	}
	key := e.key()
	r.mu.Lock()
	defer r.mu.Unlock()
	if end, ok := r.open[key]; ok && now.Before(end) {
		return false
	}
	if e.Limiter != nil && !e.Limiter.AllowN(now, 1) {
		return false
	}
	r.open[key] = now.Add(e.window())
	r.sweep(now)
	return true
}

const leastSweep = 1024

func (r *recorder) sweep(now time.Time) {
	if len(r.open) < max(r.sweepAt, leastSweep) {
		return
	}
	for key, end := range r.open {
		if !now.Before(end) {
			delete(r.open, key)
		}
	}
	r.sweepAt = 2 * len(r.open)
}
