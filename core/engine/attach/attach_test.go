// SPDX-License-Identifier: Apache-2.0

package attach_test

import (
	"testing"

	"karpenter.sh/core/engine/attach"
)

func of(driver string, claims ...string) (out []attach.Attachment) {
	for _, c := range claims {
		out = append(out, attach.Attachment{Driver: driver, Claim: c})
	}
	return out
}

func TestExceeded(t *testing.T) {
	limits := attach.Limits{"two": 2, "none": 0}
	var used attach.Usage
	used = used.With(append(of("two", "a"), of("unlimited", "a")...))
	for _, tc := range []struct {
		why    string
		limits attach.Limits
		added  []attach.Attachment
		want   string
	}{
		{"LIF-039: room for one more", limits, of("two", "b"), ""},
		{"LIF-039: not for two", limits, of("two", "b", "c"), "two"},
		{"LIF-037, SCH-089: a claim that is there counts once", limits, of("two", "a", "b"), ""},
		{"LIF-037: a claim that is added twice counts once", limits, of("two", "b", "b"), ""},
		{"LIF-039: a driver without a limit is unlimited", limits, of("unlimited", "b"), ""},
		{"LIF-039: no limits are unlimited", nil, of("two", "b", "c", "d"), ""},
		{"SCH-089: a limit of nothing admits nothing", limits, of("none", "a"), "none"},
		{"SCH-088: what nothing attaches is not counted", attach.Limits{"": 0}, of("", "a"), ""},
		{"the first in the order of added is named", limits, append(of("none", "a"), of("two", "b", "c")...), "none"},
	} {
		t.Run(tc.why, func(t *testing.T) {
			if got, exceeded := tc.limits.Exceeded(used, tc.added); got != tc.want || exceeded != (tc.want != "") {
				t.Errorf("exceeded %q, want %q", got, tc.want)
			}
		})
	}
}

// SCH-089: a node that attaches too much already takes a pod whose claim is
// there, as the scheduler does.
func TestOverfull(t *testing.T) {
	var used attach.Usage
	used = used.With(of("d", "a", "b", "c"))
	limits := attach.Limits{"d": 1}
	if driver, exceeded := limits.Exceeded(used, of("d", "a")); exceeded {
		t.Errorf("exceeded %q", driver)
	}
	if _, exceeded := limits.Exceeded(used, of("d", "d")); !exceeded {
		t.Error("one more was admitted")
	}
}

// With leaves what it began with as it was.
func TestWith(t *testing.T) {
	var none attach.Usage
	one := none.With(of("d", "a"))
	two := one.With(of("d", "b", "a"))
	if len(none) != 0 || len(one["d"]) != 1 || len(two["d"]) != 2 {
		t.Errorf("got %v, %v, %v", none, one, two)
	}
}
