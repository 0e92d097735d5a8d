// SPDX-License-Identifier: Apache-2.0

package pricing

import (
	"context"
	"fmt"
	"time"
)

// firstRetry is the pause after the first failure of a source; it doubles up to the
// lesser of longestRetry and the source's own interval.
const firstRetry, longestRetry = time.Minute, 30 * time.Minute

// source is read every so often.
type source struct {
	name     string
	every    time.Duration
	refresh  func(context.Context) error
	due      time.Time // zero: at once
	failures int
}

// try reads the source if it is due.
func (s *source) try(ctx context.Context, now time.Time) error {
	if now.Before(s.due) {
		return nil
	}
	err := s.refresh(ctx)
	if err == nil {
		s.failures, s.due = 0, now.Add(s.every)
		return nil
	}
	pause := firstRetry
	for range s.failures {
		pause = min(2*pause, longestRetry)
	}
	s.failures++
	s.due = now.Add(min(pause, s.every))
	return fmt.Errorf("refreshing %s: %w", s.name, err)
}
