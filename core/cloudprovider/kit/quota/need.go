// SPDX-License-Identifier: Apache-2.0

package quota

import (
	"fmt"
	"maps"
	"slices"

	"karpenter.sh/core/cloudprovider/kit/internal/inflight"
)

// Need is how much of a limit something takes; an amount of 0 or less is none.
type Need struct {
	// Limit is its name.
	Limit  string
	Amount int64
}

// Needs are those of one instance. The first that cannot be met is reported.
type Needs []Need

// of is how much is needed of one limit.
func (n Needs) of(limit string) int64 {
	var sum int64
	for _, need := range n {
		if need.Limit == limit {
			sum = inflight.Add(sum, max(need.Amount, 0))
		}
	}
	return sum
}

func (n Needs) amounts() inflight.Amounts {
	out := make(inflight.Amounts, len(n))
	for _, need := range n {
		out[need.Limit] = inflight.Add(out[need.Limit], max(need.Amount, 0))
	}
	return out
}

// Shortage says by how much a limit falls short.
type Shortage struct {
	Limit
	// Need is what was asked for.
	Need int64
	// InFlight is what launches take that the usage does not contain yet.
	InFlight int64
}

// Left is what can still be taken; 0 or more.
func (s Shortage) Left() int64 { return max(s.Max-inflight.Add(s.Used, s.InFlight), 0) }

// String names the figures.
func (s Shortage) String() string {
	return fmt.Sprintf("%d needed of %q, %d left (limit %d, used %d, being launched %d)",
		s.Need, s.Name, s.Left(), s.Max, s.Used, s.InFlight)
}

// ExceededError says that a launch would exceed a limit. It is a lack of
// capacity: wrap it in a cloudprovider.InsufficientCapacityError.
type ExceededError struct{ Shortage Shortage }

// Error tells the shortage.
func (e *ExceededError) Error() string { return "quota exceeded: " + e.Shortage.String() }

// Snapshot answers for a moment. It is immutable.
type Snapshot struct {
	generation uint64
	limits     map[string]Shortage // Need is 0
}

// Generation changes whenever an answer can have changed (KIT-035).
func (s *Snapshot) Generation() uint64 { return s.generation }

// All are the limits that are known, by name, with what is in flight; nothing is needed
// of them.
func (s *Snapshot) All() []Shortage {
	out := make([]Shortage, 0, len(s.limits))
	for _, name := range slices.Sorted(maps.Keys(s.limits)) {
		out = append(out, s.limits[name])
	}
	return out
}

// Left is what can still be taken of a limit; false if it is not known.
func (s *Snapshot) Left(limit string) (int64, bool) {
	l, known := s.limits[limit]
	return l.Left(), known
}

// Exceeded returns the first need that what is left of its limit does not meet
// (KIT-032).
func (s *Snapshot) Exceeded(needs Needs) (Shortage, bool) {
	for _, need := range needs {
		short, known := s.limits[need.Limit]
		if !known {
			continue
		}
		if short.Need = needs.of(need.Limit); short.Need > short.Left() {
			return short, true
		}
	}
	return Shortage{}, false
}
