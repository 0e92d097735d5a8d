// SPDX-License-Identifier: Apache-2.0

package v1

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// scheduleField is the range of values of one field and the names they have.
type scheduleField struct {
	name        string
	least, most int
	// names stand for the values from least on.
	names []string
}

// scheduleFields are the five fields in their order.
func scheduleFields() [5]scheduleField {
	return [5]scheduleField{
		{name: "minute", least: 0, most: 59},
		{name: "hour", least: 0, most: 23},
		{name: "day of month", least: 1, most: 31},
		{name: "month", least: 1, most: 12, names: strings.Fields("jan feb mar apr may jun jul aug sep oct nov dec")},
		{name: "day of week", least: 0, most: 6, names: strings.Fields("sun mon tue wed thu fri sat")},
	}
}

// parseSchedule reads five cron fields or a descriptor (API-047).
func parseSchedule(text string) (schedule, error) {
	fields := strings.Fields(expandDescriptor(text))
	if len(fields) != 5 {
		return schedule{}, fmt.Errorf("it has %d fields instead of five", len(fields))
	}
	var sets [5]uint64
	var anyValue [5]bool
	var errs [5]error
	for i, field := range scheduleFields() {
		sets[i], anyValue[i], errs[i] = field.parse(fields[i])
	}
	return schedule{
		minutes: sets[0], hours: sets[1], days: sets[2], months: sets[3], weekdays: sets[4],
		eitherDay: !anyValue[2] && !anyValue[4],
	}, errors.Join(errs[:]...)
}

// expandDescriptor returns the fields that a descriptor stands for, and any other
// text as it is.
func expandDescriptor(text string) string {
	switch text {
	case "@yearly", "@annually":
		return "0 0 1 1 *"
	case "@monthly":
		return "0 0 1 * *"
	case "@weekly":
		return "0 0 * * 0"
	case "@daily", "@midnight":
		return "0 0 * * *"
	case "@hourly":
		return "0 * * * *"
	}
	return text
}

// parse reads a comma list, and tells whether an item of it stands for any value
// without a step. Empty items are passed over, unless there is no other.
func (f scheduleField) parse(text string) (set uint64, anyValue bool, err error) {
	items := strings.FieldsFunc(text, func(r rune) bool { return r == ',' })
	if len(items) == 0 {
		return 0, false, fmt.Errorf("%s %q: there is no value", f.name, text)
	}
	for _, item := range items {
		bits, anyItem, err := f.parseItem(item)
		if err != nil {
			return 0, false, fmt.Errorf("%s %q: %w", f.name, item, err)
		}
		set |= bits
		anyValue = anyValue || anyItem
	}
	return set, anyValue, nil
}

// parseItem reads one value or range with an optional step. A value with a step
// begins a range to the greatest value, and a step of 1 is as good as none.
func (f scheduleField) parseItem(item string) (set uint64, anyValue bool, err error) {
	span, stepText, stepped := strings.Cut(item, "/")
	step := 1
	if stepped {
		if step, err = strconv.Atoi(stepText); err != nil || step < 1 {
			return 0, false, fmt.Errorf("the step %q is not a number from 1 on", stepText)
		}
	}
	first, last, err := f.parseSpan(span, stepped)
	if err != nil {
		return 0, false, err
	}
	for value := first; value <= last; value += min(step, f.most+1) {
		set |= 1 << value
	}
	from, _, _ := strings.Cut(span, "-")
	return set, isAny(from) && step == 1, nil
}

// parseSpan reads what stands before the step.
func (f scheduleField) parseSpan(span string, stepped bool) (first, last int, err error) {
	from, to, isRange := strings.Cut(span, "-")
	if isAny(from) { // whatever follows, as CronJobs read it
		return f.least, f.most, nil
	}
	if first, err = f.parseValue(from); err != nil {
		return 0, 0, err
	}
	switch {
	case isRange:
		last, err = f.parseValue(to)
	case stepped:
		last = f.most
	default:
		last = first
	}
	if err == nil && last < first {
		err = fmt.Errorf("the range %q runs backwards", span)
	}
	return first, last, err
}

func (f scheduleField) parseValue(text string) (int, error) {
	for i, name := range f.names {
		if strings.EqualFold(text, name) {
			return f.least + i, nil
		}
	}
	value, err := strconv.Atoi(text)
	if err != nil {
		return 0, fmt.Errorf("%q is not a value", text)
	}
	if value < f.least || value > f.most {
		return 0, fmt.Errorf("%d is not between %d and %d", value, f.least, f.most)
	}
	return value, nil
}

func isAny(span string) bool { return span == "*" || span == "?" }
