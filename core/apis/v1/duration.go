// SPDX-License-Identifier: Apache-2.0

package v1

import (
	"math"
	"strings"
	"time"
)

// Duration is a span of time as the API writes it: whole numbers with the units
// s, m and h, summed up in any order. It keeps the text as it was given, so that
// writing an object back changes nothing (API-052). The empty Duration is unset.
type Duration string

// DurationOf writes a span in the largest whole units. What is smaller than a
// second is dropped, and a negative span becomes 0s.
func DurationOf(span time.Duration) Duration {
	return Duration(formatSpan(span))
}

// Value returns the span, and false when it is unset or not in the grammar. A
// span beyond the range of time.Duration (about 292 years) is cut to the
// greatest one (API-054).
func (d Duration) Value() (span time.Duration, set bool) {
	return parseSpan(string(d))
}

// NillableDuration is a Duration that may also be Never. The empty
// NillableDuration is unset, and left out when written, so that the API server
// fills in its default.
type NillableDuration string

// Never is the NillableDuration without an end.
const Never NillableDuration = "Never"

// NillableDurationOf writes a span as DurationOf does.
func NillableDurationOf(span time.Duration) NillableDuration {
	return NillableDuration(formatSpan(span))
}

// Value returns the span as Duration.Value does, and false when there is no end
// to it: for Never, when it is unset, and when it is not in the grammar.
func (d NillableDuration) Value() (span time.Duration, finite bool) {
	return parseSpan(string(d))
}

// formatSpan writes hours, minutes and seconds, leaving out those that are zero.
func formatSpan(span time.Duration) string {
	span = max(span, 0).Truncate(time.Second)
	if span == 0 {
		return "0s"
	}
	text := span.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// parseSpan sums up the parts of a text such as 1h30m5s. The second result is
// false when the text is empty or has anything else in it.
func parseSpan(text string) (time.Duration, bool) {
	var sum time.Duration
	for rest := text; rest != ""; {
		amount, unit, after, ok := nextPart(rest)
		if !ok {
			return 0, false
		}
		sum = saturatingAdd(sum, saturatingMul(amount, unit))
		rest = after
	}
	return sum, text != ""
}

// nextPart splits the first number and its unit off a text. A number that does
// not fit is cut to the greatest one.
func nextPart(text string) (amount int64, unit time.Duration, rest string, ok bool) {
	digits := 0
	for digits < len(text) && '0' <= text[digits] && text[digits] <= '9' {
		digit := int64(text[digits] - '0')
		if amount > (math.MaxInt64-digit)/10 {
			amount = math.MaxInt64
		} else {
			amount = amount*10 + digit
		}
		digits++
	}
	if digits == 0 || digits == len(text) {
		return 0, 0, "", false
	}
	unit, ok = unitOf(text[digits])
	return amount, unit, text[digits+1:], ok
}

func unitOf(letter byte) (time.Duration, bool) {
	switch letter {
	case 's':
		return time.Second, true
	case 'm':
		return time.Minute, true
	case 'h':
		return time.Hour, true
	}
	return 0, false
}

func saturatingMul(amount int64, unit time.Duration) time.Duration {
	if amount > math.MaxInt64/int64(unit) {
		return math.MaxInt64
	}
	return time.Duration(amount) * unit
}

func saturatingAdd(a, b time.Duration) time.Duration {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}
