// SPDX-License-Identifier: Apache-2.0

package v1

import (
	"math/bits"
	"time"
)

// scheduleHorizon is how many years a schedule is searched for its next hit.
const scheduleHorizon = 5

// A schedule is a recurring set of minutes in UTC. Each field has one bit for
// each of its values.
type schedule struct {
	minutes, hours, days, months, weekdays uint64
	// eitherDay says that a day matches by its day of the month or by its day of
	// the week; otherwise it must match by both.
	eitherDay bool
}

// next returns the first hit after a time. There is none when the schedule names
// days that do not come within five years, such as 30 February.
func (s schedule) next(after time.Time) (time.Time, bool) {
	start := after.UTC().Truncate(time.Minute).Add(time.Minute)
	if hit, found := s.inDay(start); found {
		return hit, true
	}
	end := start.AddDate(scheduleHorizon, 0, 0)
	for day := midnightAfter(start); !day.After(end); day = day.AddDate(0, 0, 1) {
		if hit, found := s.inDay(day); found {
			return hit, true
		}
	}
	return time.Time{}, false
}

// inDay returns the first hit at or after a minute and on the same day.
func (s schedule) inDay(from time.Time) (time.Time, bool) {
	if !s.matchesDay(from) {
		return time.Time{}, false
	}
	hour, minute := from.Hour(), firstFrom(s.minutes, from.Minute())
	if !has(s.hours, hour) || minute < 0 {
		hour, minute = firstFrom(s.hours, hour+1), firstFrom(s.minutes, 0)
	}
	if hour < 0 {
		return time.Time{}, false
	}
	year, month, day := from.Date()
	return time.Date(year, month, day, hour, minute, 0, 0, time.UTC), true
}

func (s schedule) matchesDay(t time.Time) bool {
	if !has(s.months, int(t.Month())) {
		return false
	}
	day, weekday := has(s.days, t.Day()), has(s.weekdays, int(t.Weekday()))
	if s.eitherDay {
		return day || weekday
	}
	return day && weekday
}

func midnightAfter(t time.Time) time.Time {
	year, month, day := t.Date()
	return time.Date(year, month, day+1, 0, 0, 0, 0, time.UTC)
}

func has(set uint64, value int) bool {
	return set>>value&1 == 1
}

// firstFrom is the least value of the set that is not below a bound, or -1.
func firstFrom(set uint64, bound int) int {
	rest := set >> bound << bound
	if rest == 0 {
		return -1
	}
	return bits.TrailingZeros64(rest)
}
