// SPDX-License-Identifier: Apache-2.0

package interruption

import "time"

// finding is a category of an instance.
type finding struct {
	instance string
	category Category
}

// sighting is what is remembered of a finding as long as EC2 tells of it.
type sighting struct {
	// first is when it was seen first.
	first   time.Time
	counted bool
}

// sightings remembers findings between rounds.
type sightings map[finding]*sighting

// see notes a problem and reports whether it counts, and whether it does so for the
// first time (AWS-390). Clocks may differ: a problem counts no later than if it had
// begun when it was seen first.
func (s sightings) see(f finding, p problem, now time.Time) (counts, news bool) {
	seen := s[f]
	if seen == nil {
		seen = &sighting{first: now}
		s[f] = seen
	}
	since := seen.first
	if !p.since.IsZero() && p.since.Before(since) {
		since = p.since
	}
	counts = p.atOnce || now.Sub(since) >= tolerated
	news = counts && !seen.counted
	seen.counted = seen.counted || counts
	return counts, news
}

// keep forgets all but some.
func (s sightings) keep(current map[finding]bool) {
	for f := range s {
		if !current[f] {
			delete(s, f)
		}
	}
}
