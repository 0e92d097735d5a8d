// SPDX-License-Identifier: Apache-2.0

// Package eventstest holds a recorder of events for tests. It drops nothing, so
// that a test sees every event its subject publishes; what repetitions and
// budgets do is tested with the real recorder.
package eventstest

import (
	"slices"
	"sync"

	"karpenter.sh/core/events"
)

// Recorder keeps all published events. The zero Recorder is ready for use by
// any number of goroutines.
type Recorder struct {
	mu     sync.Mutex
	events []events.Event
}

var _ events.Recorder = (*Recorder)(nil)

// Publish keeps the events.
func (r *Recorder) Publish(events ...events.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, events...)
}

// Events returns the events so far, oldest first.
func (r *Recorder) Events() []events.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.events)
}

// Of returns the events with a reason, oldest first.
func (r *Recorder) Of(reason string) []events.Event {
	return slices.DeleteFunc(r.Events(), func(e events.Event) bool { return e.Reason != reason })
}

// Reasons returns the reasons of the events so far, oldest first.
func (r *Recorder) Reasons() []string {
	var reasons []string
	for _, e := range r.Events() {
		reasons = append(reasons, e.Reason)
	}
	return reasons
}

// Reset forgets the events so far.
func (r *Recorder) Reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = nil
}
