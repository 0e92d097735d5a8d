// SPDX-License-Identifier: Apache-2.0

package simulation

import (
	"cmp"
	"container/heap"
	"time"
)

// timeline is virtual time with what is going to happen. Events of one time happen
// in the order in which they were planned.
type timeline struct {
	now    time.Duration // since the start
	plans  plans
	number uint64
}

type plan struct {
	at     time.Duration
	number uint64
	do     func()
}

type plans []plan

func (p plans) Len() int { return len(p) }
func (p plans) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(p[i].at, p[j].at), cmp.Compare(p[i].number, p[j].number)) < 0
}
func (p plans) Swap(i, j int) { p[i], p[j] = p[j], p[i] }
func (p *plans) Push(x any)   { *p = append(*p, x.(plan)) }
func (p *plans) Pop() any {
	last := len(*p) - 1
	out := (*p)[last]
	(*p)[last] = plan{}
	*p = (*p)[:last]
	return out
}

// start is when time begins, in the calendar of the objects.
func start() time.Time { return time.Unix(1_700_000_000, 0).UTC() }

// Now is the calendar's time.
func (t *timeline) Now() time.Time { return start().Add(t.now) }

// Since is how long ago something was.
func (t *timeline) Since(then time.Time) time.Duration { return t.Now().Sub(then) }

// after plans something.
func (t *timeline) after(wait time.Duration, do func()) {
	t.number++
	heap.Push(&t.plans, plan{t.now + max(wait, 0), t.number, do})
}

// next is the time of the next event, if there is one.
func (t *timeline) next() (time.Duration, bool) {
	if len(t.plans) == 0 {
		return 0, false
	}
	return t.plans[0].at, true
}

// happen lets all events of a time happen, and makes it the present.
func (t *timeline) happen(at time.Duration) {
	t.now = at
	for len(t.plans) > 0 && t.plans[0].at <= at {
		heap.Pop(&t.plans).(plan).do()
	}
}
