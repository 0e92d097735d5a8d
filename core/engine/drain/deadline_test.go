// SPDX-License-Identifier: Apache-2.0

package drain_test

import (
	"testing"
	"time"

	"karpenter.sh/core/engine/drain"
)

func graceful(g time.Duration) drain.Pod { return drain.Pod{Grace: g, HasGrace: true} }

// LIF-160
func TestMustDelete(t *testing.T) {
	tests := []struct {
		name     string
		pod      drain.Pod
		deadline time.Time
		want     bool
	}{
		{name: "no deadline", pod: graceful(time.Hour)},
		{name: "grace fits", pod: graceful(30 * time.Second), deadline: start.Add(31 * time.Second)},
		{name: "grace fits to the second", pod: graceful(30 * time.Second), deadline: start.Add(30 * time.Second)},
		{name: "grace no longer fits", pod: graceful(30 * time.Second), deadline: start.Add(29 * time.Second), want: true},
		{name: "no grace of its own, even past the deadline", pod: drain.Pod{}, deadline: start.Add(-time.Hour)},
		{name: "terminating in time", pod: drain.Pod{Deletion: start.Add(time.Minute)}, deadline: start.Add(time.Minute)},
		{name: "terminating too late", pod: drain.Pod{Deletion: start.Add(time.Hour)}, deadline: start.Add(time.Minute), want: true},
		{
			name:     "terminating in time although its grace alone would not fit",
			pod:      drain.Pod{Deletion: start.Add(time.Second), Grace: time.Hour, HasGrace: true},
			deadline: start.Add(time.Minute),
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := drain.MustDelete(tt.pod, tt.deadline, start); got != tt.want {
				t.Errorf("MustDelete() = %v, want %v", got, tt.want)
			}
		})
	}
}

// LIF-160: a pod that is queued is looked at again when its time has come.
func TestUntilMustDelete(t *testing.T) {
	pod, deadline := graceful(30*time.Second), start.Add(time.Minute)
	left, ok := drain.UntilMustDelete(pod, deadline, start)
	if !ok {
		t.Fatal("the deadline was not seen to come")
	}
	if drain.MustDelete(pod, deadline, start.Add(left-time.Nanosecond)) {
		t.Error("announced too late")
	}
	if !drain.MustDelete(pod, deadline, start.Add(left)) {
		t.Error("announced too early")
	}
	for name, p := range map[string]drain.Pod{
		"no grace of its own":  {},
		"terminating as it is": {Deletion: start, Grace: time.Second, HasGrace: true},
	} {
		if _, ok := drain.UntilMustDelete(p, deadline, start); ok {
			t.Errorf("%s: time alone will not do it", name)
		}
	}
	if _, ok := drain.UntilMustDelete(pod, time.Time{}, start); ok {
		t.Error("there is no deadline")
	}
	if left, _ := drain.UntilMustDelete(pod, start, start); left != 0 {
		t.Errorf("overdue by its grace, but %v left", left)
	}
}

// LIF-161
func TestForcedGrace(t *testing.T) {
	tests := []struct {
		name       string
		left, want time.Duration
	}{
		{"whole seconds are granted", 30 * time.Second, 30 * time.Second},
		{"fractions are cut", 2*time.Second + 900*time.Millisecond, 2 * time.Second},
		{"never less than a second", 900 * time.Millisecond, time.Second},
		{"never zero at the deadline", 0, time.Second},
		{"never negative after it", -time.Hour, time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := drain.ForcedGrace(start.Add(tt.left), start); got != tt.want {
				t.Errorf("ForcedGrace() = %v, want %v", got, tt.want)
			}
		})
	}
}

// LIF-150
func TestEarlier(t *testing.T) {
	soon, late, none := start, start.Add(time.Hour), time.Time{}
	tests := []struct {
		name       string
		a, b, want time.Time
	}{
		{"tighter new", late, soon, soon},
		{"looser new", soon, late, soon},
		{"cleared", soon, none, soon},
		{"first", none, soon, soon},
		{"none at all", none, none, none},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := drain.Earlier(tt.a, tt.b); !got.Equal(tt.want) {
				t.Errorf("Earlier() = %v, want %v", got, tt.want)
			}
		})
	}
}

// LIF-165
func TestDeadline(t *testing.T) {
	fallback := start.Add(time.Hour)
	tests := []struct {
		name, annotation string
		fallback, want   time.Time
		broken           bool
	}{
		{name: "none", fallback: fallback},
		{name: "RFC 3339", annotation: "2026-03-01T12:00:00Z", fallback: fallback, want: start},
		{name: "another zone", annotation: "2026-03-01T14:00:00+02:00", fallback: fallback, want: start},
		{name: "unparsable with a grace period", annotation: "soon", fallback: fallback, want: fallback, broken: true},
		{name: "unparsable without one", annotation: "soon", broken: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := drain.Deadline(tt.annotation, tt.fallback)
			if !got.Equal(tt.want) || (err != nil) != tt.broken {
				t.Errorf("Deadline() = %v, %v, want %v, broken %v", got, err, tt.want, tt.broken)
			}
		})
	}
}
