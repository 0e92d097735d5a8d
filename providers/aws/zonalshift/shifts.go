// SPDX-License-Identifier: Apache-2.0

package zonalshift

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"k8s.io/utils/clock"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/catalogue"
	v1 "karpenter.sh/providers/aws/apis/v1"
)

// ErrShifted is why nothing is done to a machine in a zone (AWS-368).
var ErrShifted = errors.New("traffic is shifted away from the zone")

// Shifts are those in force. A nil Shifts has none, for ever. It is safe for
// concurrent use.
type Shifts struct {
	clock clock.PassiveClock

	mu sync.Mutex
	// ends are by zone ID; the zero time is a shift that says no end.
	ends map[string]time.Time
	// generation changes with the set of zones.
	generation uint64
}

// NewShifts returns no shifts.
func NewShifts(c clock.PassiveClock) *Shifts { return &Shifts{clock: c} }

// Replace sets the zone IDs that are shifted and when each shift ends; the zero time
// means that nobody knows.
func (s *Shifts) Replace(ends map[string]time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expire()
	before := s.zones()
	s.ends = maps.Clone(ends)
	s.dropEnded()
	if !slices.Equal(before, s.zones()) {
		s.generation++
	}
}

// Shifted reports whether traffic is shifted away from the zone with this ID.
func (s *Shifts) Shifted(zoneID string) bool {
	return s != nil && s.Snapshot().Shifted(zoneID)
}

// Refuse is the error of what must not be done to a machine in a zone now: ErrShifted
// with the zone's name and ID. It is nil if the zone is not shifted.
func (s *Shifts) Refuse(zone, zoneID string) error {
	if s.Shifted(zoneID) {
		return fmt.Errorf("zone %s (%s): %w", zone, zoneID, ErrShifted)
	}
	return nil
}

// Snapshot is what holds now.
func (s *Shifts) Snapshot() Snapshot {
	if s == nil {
		return Snapshot{}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expire()
	return Snapshot{generation: s.generation, zones: s.zones()}
}

// expire lets shifts end by the clock; mu is held.
func (s *Shifts) expire() {
	if s.dropEnded() {
		s.generation++
	}
}

func (s *Shifts) dropEnded() (some bool) {
	now, before := s.clock.Now(), len(s.ends)
	maps.DeleteFunc(s.ends, func(_ string, end time.Time) bool { return !end.IsZero() && !now.Before(end) })
	return len(s.ends) != before
}

func (s *Shifts) zones() []string { return slices.Sorted(maps.Keys(s.ends)) }

// Snapshot is what holds at a moment. It is immutable; the zero Snapshot has no
// shift.
type Snapshot struct {
	generation uint64
	zones      []string
}

// Generation is a number to key derived data by: it changes whenever an answer
// changes.
func (s Snapshot) Generation() uint64 { return s.generation }

// Zones are the IDs of the shifted zones, in order. It is the caller's.
func (s Snapshot) Zones() []string { return slices.Clone(s.zones) }

// Shifted reports whether traffic is shifted away from the zone with this ID.
func (s Snapshot) Shifted(zoneID string) bool { return slices.Contains(s.zones, zoneID) }

// Change makes the offerings of shifted zones unavailable, by the zone ID that they
// carry as topology.k8s.aws/zone-id (AWS-368).
func (s Snapshot) Change() catalogue.Change {
	if len(s.zones) == 0 {
		return func(item catalogue.Item) *cloudprovider.Offering { return item.Offering }
	}
	return catalogue.Unavailable(func(item catalogue.Item) bool {
		return s.Shifted(item.Listed.Value(v1.LabelTopologyZoneID))
	})
}
