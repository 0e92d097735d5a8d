// SPDX-License-Identifier: Apache-2.0

// Package timeline is time that passes only when something happens: a queue of
// actions by virtual time, and a clock that shows it.
//
// Actions at the same moment run in the order in which they were asked for, all
// on the caller's goroutine, so that a world is the same for the same choices.
package timeline

import (
	"container/heap"
	"fmt"
	"time"
)

// Timeline holds what is still to happen. It serves one goroutine.
type Timeline struct {
	clock   *Clock
	actions actions
	asked   int
	// settle runs after each action.
	settle func()
}

// New returns a timeline that starts at a moment. After each action it calls
// settle, for what has to follow at once.
func New(start time.Time, settle func()) *Timeline {
	return &Timeline{clock: newClock(start), settle: settle}
}

// Clock shows the virtual time.
func (t *Timeline) Clock() *Clock { return t.clock }

// After asks for an action once so much time has passed.
func (t *Timeline) After(wait time.Duration, do func()) {
	t.asked++
	heap.Push(&t.actions, &action{at: t.clock.Now().Add(wait), order: t.asked, do: do})
}

// Every asks for an action at each interval, for good.
func (t *Timeline) Every(interval time.Duration, do func()) {
	t.After(interval, func() {
		do()
		t.Every(interval, do)
	})
}

// busy is how many actions at one moment, or within a second, are no life but a
// loop.
const busy = 20000

// Run lets time pass. An error says that something goes round without time
// passing.
func (t *Timeline) Run(span time.Duration) error {
	end, since, ran := t.clock.Now().Add(span), t.clock.Now(), 0
	t.settle()
	for len(t.actions) > 0 && !t.actions[0].at.After(end) {
		next := heap.Pop(&t.actions).(*action)
		if next.at.Sub(since) >= time.Second {
			since, ran = next.at, 0
		}
		if ran++; ran > busy {
			return fmt.Errorf("more than %d actions within a second, at %s", busy, next.at.Format(time.TimeOnly))
		}
		t.clock.set(next.at)
		next.do()
		t.settle()
	}
	t.clock.set(end)
	return nil
}

type action struct {
	at    time.Time
	order int
	do    func()
}

type actions []*action

func (a actions) Len() int { return len(a) }
func (a actions) Less(i, j int) bool {
	if !a[i].at.Equal(a[j].at) {
		return a[i].at.Before(a[j].at)
	}
	return a[i].order < a[j].order
}
func (a actions) Swap(i, j int) { a[i], a[j] = a[j], a[i] }
func (a *actions) Push(x any)   { *a = append(*a, x.(*action)) }
func (a *actions) Pop() any {
	old := *a
	last := old[len(old)-1]
	old[len(old)-1] = nil
	*a = old[:len(old)-1]
	return last
}
