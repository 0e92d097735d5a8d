// SPDX-License-Identifier: Apache-2.0

package reservation

import (
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"k8s.io/utils/clock"
)

// retention is how long a reading holds (CP-069).
const retention = 24 * time.Hour

// Counts are how many more machines each reservation holds (CP-068): what was listed
// last, less the launches into it since, plus its machines that ended since; 0 after a
// refusal until a newer listing. They rather say too much than too little. They are
// safe for concurrent use; each call is linear in what happened to the reservation
// since its reading.
type Counts struct {
	clock clock.PassiveClock

	mu         sync.Mutex
	counts     map[string]*count
	generation uint64
	// nextEnd is not later than the first end of a retention; zero without counts.
	nextEnd time.Time
}

// NewCounts returns Counts that know no reservation.
func NewCounts(clock clock.PassiveClock) *Counts {
	return &Counts{clock: clock, counts: map[string]*count{}}
}

// Left is how many more machines a reservation holds; 0 if that is not known.
func (c *Counts) Left(id string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.expire()
	return c.left(id)
}

// Generation changes whenever an answer of Left can have changed, also by the clock.
func (c *Counts) Generation() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.expire()
	return c.generation
}

// Launched tells that a machine was launched into a reservation.
func (c *Counts) Launched(id string) { c.tell(id, launched) }

// Refused tells that a reservation had no room for a launch, or that all of it is
// taken back: it holds nothing until a listing that begins later (CP-085).
func (c *Counts) Refused(id string) { c.tell(id, refused) }

// Ended tells that a machine of a reservation is found to be gone (AWS-324).
func (c *Counts) Ended(id string) { c.tell(id, ended) }

func (c *Counts) tell(id string, what happening) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.expire()
	if of := c.counts[id]; of != nil { // of others nothing is known anyway
		c.change(id, func() { of.add(event{what: what, at: c.clock.Now()}) })
	}
}

// read takes a listing that began at a time. It says nothing of the reservations that
// it does not name.
func (c *Counts) read(began time.Time, listed []types.CapacityReservation) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, l := range listed {
		id := aws.ToString(l.CapacityReservationId)
		if id == "" {
			continue
		}
		c.change(id, func() {
			if c.counts[id] == nil {
				c.counts[id] = &count{}
			}
			c.counts[id].read(began, int(aws.ToInt32(l.AvailableInstanceCount)), int(aws.ToInt32(l.TotalInstanceCount)))
		})
		if end := c.counts[id].began.Add(retention); c.nextEnd.IsZero() || end.Before(c.nextEnd) {
			c.nextEnd = end
		}
	}
	c.expire()
}

// change makes a change and gives it a generation if it shows.
func (c *Counts) change(id string, apply func()) {
	before := c.left(id)
	apply()
	if c.left(id) != before {
		c.generation++
	}
}

func (c *Counts) left(id string) int {
	if of := c.counts[id]; of != nil {
		return of.left()
	}
	return 0
}

// expire drops readings that are too old.
func (c *Counts) expire() {
	now := c.clock.Now()
	if c.nextEnd.IsZero() || now.Before(c.nextEnd) {
		return
	}
	c.nextEnd = time.Time{}
	for id, of := range c.counts {
		end := of.began.Add(retention)
		if !now.Before(end) {
			c.change(id, func() { delete(c.counts, id) })
		} else if c.nextEnd.IsZero() || end.Before(c.nextEnd) {
			c.nextEnd = end
		}
	}
}
