// SPDX-License-Identifier: Apache-2.0

package reservation

import (
	"cmp"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "karpenter.sh/providers/aws/apis/v1"
)

// expiresBefore is how long before its end a capacity block takes no launches any
// more. EC2 ends its machines from half an hour before; ten minutes earlier they are
// drained (AWS-351, AWS-354).
const expiresBefore = 40 * time.Minute

// Unknown is a reservation with a value that is not known.
type Unknown struct {
	// ID of the reservation.
	ID string
	// Field is what holds the value, as the API of EC2 names it.
	Field, Value string
}

// String says what of which reservation is unknown.
func (u Unknown) String() string {
	return fmt.Sprintf("capacity reservation %s has unknown %s %q", u.ID, u.Field, u.Value)
}

// statuses are reservations as a status shows them at a time, in order; those that are
// over or not active are left out, and so are those with unknown values, which are
// returned.
func statuses(found []types.CapacityReservation, now time.Time) ([]v1.CapacityReservation, []Unknown) {
	var usable []v1.CapacityReservation
	var unknown []Unknown
	for _, c := range found {
		if !inForce(c, now) {
			continue
		}
		if u := check(c); u != (Unknown{}) {
			unknown = append(unknown, u)
			continue
		}
		usable = append(usable, statusOf(c, now))
	}
	return usable, unknown
}

// inForce reports whether a reservation is active and not past its end. The list may
// be older than the end.
func inForce(c types.CapacityReservation, now time.Time) bool {
	return c.State == types.CapacityReservationStateActive && (c.EndDate == nil || now.Before(*c.EndDate))
}

// check returns what is not known of a reservation, else the zero value.
func check(c types.CapacityReservation) Unknown {
	id := aws.ToString(c.CapacityReservationId)
	switch c.InstanceMatchCriteria {
	case types.InstanceMatchCriteriaOpen, types.InstanceMatchCriteriaTargeted:
	default:
		return Unknown{ID: id, Field: "InstanceMatchCriteria", Value: string(c.InstanceMatchCriteria)}
	}
	switch c.ReservationType {
	case "", types.CapacityReservationTypeDefault, types.CapacityReservationTypeCapacityBlock:
	default:
		return Unknown{ID: id, Field: "ReservationType", Value: string(c.ReservationType)}
	}
	switch { // without them it can be no offering
	case aws.ToString(c.InstanceType) == "":
		return Unknown{ID: id, Field: "InstanceType"}
	case aws.ToString(c.AvailabilityZone) == "":
		return Unknown{ID: id, Field: "AvailabilityZone"}
	}
	return Unknown{}
}

func statusOf(c types.CapacityReservation, now time.Time) v1.CapacityReservation {
	out := v1.CapacityReservation{
		AvailabilityZone:      aws.ToString(c.AvailabilityZone),
		ID:                    aws.ToString(c.CapacityReservationId),
		InstanceMatchCriteria: string(c.InstanceMatchCriteria),
		InstanceType:          aws.ToString(c.InstanceType),
		OwnerID:               aws.ToString(c.OwnerId),
		ReservationType:       v1.CapacityReservationType(cmp.Or(c.ReservationType, types.CapacityReservationTypeDefault)),
		Interruptible:         aws.ToBool(c.Interruptible),
	}
	if c.EndDate != nil {
		out.EndTime = &metav1.Time{Time: *c.EndDate}
	}
	out.State = StateAt(out, now)
	return out
}

// StateAt is the state of a reservation at a time: a capacity block expires from 40
// minutes before its end, all else is active (AWS-351).
func StateAt(c v1.CapacityReservation, now time.Time) v1.CapacityReservationState {
	if c.ReservationType == v1.CapacityReservationTypeCapacityBlock && c.EndTime != nil && !now.Before(c.EndTime.Add(-expiresBefore)) {
		return v1.CapacityReservationStateExpiring
	}
	return v1.CapacityReservationStateActive
}

// NextChange is how long until the first of some reservations ends or expires; false
// if none does (AWS-080).
func NextChange(reservations []v1.CapacityReservation, now time.Time) (next time.Duration, found bool) {
	for _, c := range reservations {
		if c.EndTime == nil {
			continue
		}
		at := c.EndTime.Time
		if StateAt(c, now) == v1.CapacityReservationStateActive && c.ReservationType == v1.CapacityReservationTypeCapacityBlock {
			at = at.Add(-expiresBefore)
		}
		if left := at.Sub(now); left > 0 && (!found || left < next) {
			next, found = left, true
		}
	}
	return next, found
}

// maxOnce bounds what once remembers.
const maxOnce = 1000

// once remembers what was told, so that a minute's list does not tell it again. When
// it is full it begins anew.
type once struct {
	mu   sync.Mutex
	told map[Unknown]struct{}
}

func newOnce() *once { return &once{told: map[Unknown]struct{}{}} }

// first reports whether something is new, and remembers it.
func (o *once) first(u Unknown) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if _, told := o.told[u]; told {
		return false
	}
	if len(o.told) >= maxOnce {
		clear(o.told)
	}
	o.told[u] = struct{}{}
	return true
}
