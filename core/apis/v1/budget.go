// SPDX-License-Identifier: Apache-2.0

package v1

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// UnlimitedDisruptions is the number of allowed disruptions where no budget sets
// a bound.
const UnlimitedDisruptions = math.MaxInt32

// AllowedDisruptions is how many of a pool's nodes, of which there are nodes in
// all, may be under disruption for a reason at the time now: the least that any
// budget which covers the reason allows. Nodes that are already being disrupted
// are not taken off.
//
// A budget that cannot be understood makes the result 0 for every reason, and
// the error says why (API-048). The result can be used in any case.
func (d Disruption) AllowedDisruptions(reason DisruptionReason, nodes int, now time.Time) (int, error) {
	allowed := UnlimitedDisruptions
	var invalid []error
	for i, budget := range d.Budgets {
		value, err := budget.allowed(nodes, now)
		if err != nil {
			invalid = append(invalid, fmt.Errorf("reading disruption budget %d: %w", i, err))
		}
		if budget.covers(reason) {
			allowed = min(allowed, value)
		}
	}
	if len(invalid) > 0 {
		return 0, errors.Join(invalid...)
	}
	return allowed, nil
}

// checkedFrom is the time from which Check looks for the windows of a schedule.
// Any will do: five years hold every day of the calendar.
func checkedFrom() time.Time { return time.Date(2025, time.January, 1, 0, 0, 0, 0, time.UTC) }

// Check says what of the budget cannot be understood, or cannot be meant: such a
// budget allows less than it seems to (API-048, API-049). Nil if nothing.
func (b Budget) Check() error {
	_, valueErr := b.value(0)
	_, activeErr := b.active(checkedFrom())
	if err := errors.Join(valueErr, activeErr); err != nil || b.Schedule == "" {
		return err
	}
	schedule, err := parseSchedule(b.Schedule)
	if err != nil {
		return err
	}
	if _, found := schedule.next(checkedFrom()); !found {
		return fmt.Errorf("schedule %q: there is no such day within %d years, so that the budget is always active", b.Schedule, scheduleHorizon)
	}
	return nil
}

func (b Budget) covers(reason DisruptionReason) bool {
	return len(b.Reasons) == 0 || slices.Contains(b.Reasons, reason)
}

// allowed is the value of the budget while it is active, and no bound otherwise.
// Both parts are read in any case, so that a mistake shows at once.
func (b Budget) allowed(nodes int, now time.Time) (int, error) {
	value, valueErr := b.value(nodes)
	active, activeErr := b.active(now)
	if err := errors.Join(valueErr, activeErr); err != nil {
		return 0, err
	}
	if !active {
		return UnlimitedDisruptions, nil
	}
	return value, nil
}

// value is the count that the budget names, or its percentage of the nodes,
// rounded up.
func (b Budget) value(nodes int) (int, error) {
	digits, isPercent := strings.CutSuffix(b.Nodes, "%")
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return 0, fmt.Errorf("nodes %q is neither a count nor a percentage", b.Nodes)
	}
	number, err := strconv.Atoi(digits)
	if err != nil {
		number = math.MaxInt // all digits, so it can only be too large
	}
	if !isPercent {
		return min(number, UnlimitedDisruptions), nil
	}
	if number > 100 {
		return 0, fmt.Errorf("nodes %q is more than 100%%", b.Nodes)
	}
	return min((number*nodes+99)/100, UnlimitedDisruptions), nil
}

// active tells whether a window of the budget is open: whether its schedule has
// a hit after now less the duration, and not after now.
func (b Budget) active(now time.Time) (bool, error) {
	if b.Schedule == "" && b.Duration == "" {
		return true, nil
	}
	schedule, err := parseSchedule(b.Schedule)
	if err != nil {
		return false, fmt.Errorf("schedule %q: %w", b.Schedule, err)
	}
	length, ok := b.Duration.Value()
	if !ok {
		return false, fmt.Errorf("duration %q is not in hours and minutes", b.Duration)
	}
	now = now.UTC().Truncate(time.Second)
	hit, found := schedule.next(now.Add(-length))
	return !found || !hit.After(now), nil
}
