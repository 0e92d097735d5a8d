// SPDX-License-Identifier: Apache-2.0

package repair

import "time"

// Settle is how long a sickness must have been seen before it counts: what broke
// together is not seen at the same instant, and the first to be seen must not be
// treated as if it were alone.
const Settle = 10 * time.Second

// Sickness is an unhealthy condition of a node.
type Sickness struct {
	// Stated is since when the node says that it has the condition. Zero if it does not
	// say.
	Stated time.Time
	// Seen is when the condition was first seen.
	Seen time.Time
	// Toleration is how long it may last, 0 or more.
	Toleration time.Duration
}

// Since is when the condition began. It cannot have begun after it was seen: a node that
// says so, or says nothing, has a wrong clock or none.
func (s Sickness) Since() time.Time {
	if s.Stated.IsZero() || s.Stated.After(s.Seen) {
		return s.Seen
	}
	return s.Stated
}

// Tolerated is until when the condition may last.
func (s Sickness) Tolerated() time.Time { return s.Since().Add(s.Toleration) }

// Due is when the node may be given up for it.
func (s Sickness) Due() time.Time {
	tolerated, settled := s.Tolerated(), s.Seen.Add(Settle)
	if tolerated.Before(settled) {
		return settled
	}
	return tolerated
}

// First is the place of the sickness that decides, whose toleration ends first; of
// several the first in the list. -1 if there is none.
func First(sicknesses []Sickness) int {
	first := -1
	for i, s := range sicknesses {
		if first < 0 || s.Tolerated().Before(sicknesses[first].Tolerated()) {
			first = i
		}
	}
	return first
}
