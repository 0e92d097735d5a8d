// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"maps"
	"slices"
	"time"
)

// The time between two looks at a machine that is not settled doubles from the first to the
// last.
const firstRetry, lastRetry = 2 * time.Second, 30 * time.Second

// queue is when machines are looked at, by their IDs.
type queue map[int]due

// due is when a machine is looked at, and how often that was too early or failed.
type due struct {
	at     time.Time
	failed int
}

// now has a machine looked at at once, as often as one that was never looked at.
func (q queue) now(id int, now time.Time) { q[id] = due{at: now} }

// done has a machine left alone.
func (q queue) done(id int) { delete(q, id) }

// again has a machine looked at later, unless that was done often enough.
func (q queue) again(id int, now time.Time, most int) bool {
	d := q[id]
	if d.failed >= most {
		delete(q, id)
		return false
	}
	wait := lastRetry
	if d.failed < 4 { // later ones would be longer
		wait = firstRetry << d.failed
	}
	q[id] = due{at: now.Add(wait), failed: d.failed + 1}
	return true
}

// ready are the machines whose time has come, sorted.
func (q queue) ready(now time.Time) []int {
	var out []int
	for _, id := range slices.Sorted(maps.Keys(q)) {
		if !q[id].at.After(now) {
			out = append(out, id)
		}
	}
	return out
}

// next is the earliest time of any machine, but no later than a time.
func (q queue) next(latest time.Time) time.Time {
	for _, d := range q {
		if d.at.Before(latest) {
			latest = d.at
		}
	}
	return latest
}
