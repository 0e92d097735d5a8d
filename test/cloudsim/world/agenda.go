// SPDX-License-Identifier: Apache-2.0

package world

import (
	"container/heap"
	"context"
	"sync"
	"time"

	"k8s.io/utils/clock"
)

// Agenda is what happens later. Events run in the order of their times, equal ones
// in the order they were added.
type Agenda struct {
	mu     sync.Mutex
	events events
	next   int
	wake   chan struct{}
}

// NewAgenda returns an empty agenda.
func NewAgenda() *Agenda { return &Agenda{wake: make(chan struct{}, 1)} }

// Add lets something happen at a time.
func (a *Agenda) Add(at time.Time, do func(now time.Time)) {
	a.mu.Lock()
	heap.Push(&a.events, event{at: at, order: a.next, do: do})
	a.next++
	a.mu.Unlock()
	select {
	case a.wake <- struct{}{}:
	default: // a wake-up is already under way
	}
}

// Run lets everything happen that is due, including what events add that is due as
// well. An event is told the time it was due.
func (a *Agenda) Run(now time.Time) {
	for {
		e, ok := a.due(now)
		if !ok {
			return
		}
		e.do(e.at)
	}
}

func (a *Agenda) due(now time.Time) (event, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.events) == 0 || a.events[0].at.After(now) {
		return event{}, false
	}
	return heap.Pop(&a.events).(event), true
}

// Waiting is how many events are not yet due.
func (a *Agenda) Waiting() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.events)
}

// Loop runs the agenda by a clock until the context ends.
func (a *Agenda) Loop(ctx context.Context, c clock.Clock) {
	for {
		a.Run(c.Now())
		timer := c.NewTimer(a.pause(c.Now()))
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-a.wake:
			timer.Stop()
		case <-timer.C():
		}
	}
}

// pause is how long nothing is due: at most a minute.
func (a *Agenda) pause(now time.Time) time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.events) == 0 {
		return time.Minute
	}
	return min(time.Minute, max(0, a.events[0].at.Sub(now)))
}

type event struct {
	at    time.Time
	order int
	do    func(time.Time)
}

type events []event

func (e events) Len() int { return len(e) }
func (e events) Less(i, j int) bool {
	if e[i].at.Equal(e[j].at) {
		return e[i].order < e[j].order
	}
	return e[i].at.Before(e[j].at)
}
func (e events) Swap(i, j int) { e[i], e[j] = e[j], e[i] }
func (e *events) Push(x any)   { *e = append(*e, x.(event)) }
func (e *events) Pop() any {
	old := *e
	last := old[len(old)-1]
	old[len(old)-1] = event{}
	*e = old[:len(old)-1]
	return last
}
