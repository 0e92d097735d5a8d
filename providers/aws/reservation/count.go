// SPDX-License-Identifier: Apache-2.0

package reservation

import (
	"slices"
	"time"
)

// happening is what changes a count between two readings.
type happening int

const (
	launched happening = iota
	refused
	ended
)

// event is something that happened.
type event struct {
	what happening
	at   time.Time
}

// maxEvents bounds the events of a reservation: during a long outage the oldest become
// a part of the reading.
const maxEvents = 256

// count is what is known of one reservation.
type count struct {
	// listed and total are what the reading says; began is when it began.
	listed, total int
	began         time.Time
	// events happened when the reading had begun or later, in order.
	events []event
}

// read takes a reading, unless it began earlier than the one at hand. What happened
// before it began is in it.
func (c *count) read(began time.Time, listed, total int) {
	if began.Before(c.began) {
		return
	}
	c.began, c.listed, c.total = began, max(listed, 0), max(total, listed, 0)
	c.events = slices.DeleteFunc(c.events, func(e event) bool { return e.at.Before(began) })
}

func (c *count) add(e event) {
	c.events = append(c.events, e)
	if len(c.events) > maxEvents {
		c.listed, c.events = c.after(c.listed, c.events[0]), slices.Delete(c.events, 0, 1)
	}
}

// left is the reading with what happened since.
func (c *count) left() int {
	left := c.listed
	for _, e := range c.events {
		left = c.after(left, e)
	}
	return left
}

// after is what is left after an event. No more can be left than there is in all,
// however often the end of a machine is told.
func (c *count) after(left int, e event) int {
	switch e.what {
	case launched:
		return max(left-1, 0)
	case ended:
		return min(left+1, c.total)
	case refused:
		return 0
	}
	return left
}
