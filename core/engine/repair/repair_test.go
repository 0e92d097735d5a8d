// SPDX-License-Identifier: Apache-2.0

package repair_test

import (
	"testing"
	"time"

	"karpenter.sh/core/engine/repair"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// EXT-140
func TestDue(t *testing.T) {
	const tolerated = 10 * time.Minute
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	tests := []struct {
		reason     string
		sickness   repair.Sickness
		since, due time.Time
	}{
		{"as the node states it", repair.Sickness{Stated: ago(time.Minute), Seen: ago(time.Minute), Toleration: tolerated}, ago(time.Minute), now.Add(9 * time.Minute)},
		{"seen late", repair.Sickness{Stated: ago(time.Hour), Seen: now, Toleration: tolerated}, ago(time.Hour), now.Add(repair.Settle)},
		{"seen late, with toleration left", repair.Sickness{Stated: ago(9 * time.Minute), Seen: now, Toleration: tolerated}, ago(9 * time.Minute), now.Add(time.Minute)},
		{"not tolerated at all", repair.Sickness{Stated: now, Seen: now}, now, now.Add(repair.Settle)},
		{"the node does not say", repair.Sickness{Seen: ago(time.Minute), Toleration: tolerated}, ago(time.Minute), now.Add(9 * time.Minute)},
		{"the clock of the node is ahead", repair.Sickness{Stated: now.Add(1000 * time.Hour), Seen: now, Toleration: tolerated}, now, now.Add(tolerated)},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			if got := tt.sickness.Since(); !got.Equal(tt.since) {
				t.Errorf("since %v, want %v", got, tt.since)
			}
			if got := tt.sickness.Due(); !got.Equal(tt.due) {
				t.Errorf("due %v, want %v", got, tt.due)
			}
		})
	}
}

// CP-038, EXT-140
func TestFirst(t *testing.T) {
	sick := func(ago, toleration time.Duration) repair.Sickness {
		return repair.Sickness{Stated: now.Add(-ago), Seen: now.Add(-ago), Toleration: toleration}
	}
	tests := []struct {
		reason string
		list   []repair.Sickness
		want   int
	}{
		{"none", nil, -1},
		{"the only one", []repair.Sickness{sick(0, time.Hour)}, 0},
		{"the shorter toleration", []repair.Sickness{sick(0, time.Hour), sick(0, time.Minute)}, 1},
		{"the longer toleration of what began long ago", []repair.Sickness{sick(2*time.Hour, time.Hour), sick(0, 0)}, 0},
		{"of equals the first", []repair.Sickness{sick(time.Minute, time.Hour), sick(0, 59*time.Minute)}, 0},
		{
			"what was seen late decides all the same",
			[]repair.Sickness{sick(time.Hour, time.Hour), {Stated: now.Add(-2 * time.Hour), Seen: now}}, 1,
		},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			if got := repair.First(tt.list); got != tt.want {
				t.Errorf("First() = %d, want %d", got, tt.want)
			}
		})
	}
}

// EXT-141, DIS-143: a fifth, rounded up.
func TestPeers(t *testing.T) {
	for _, tt := range []struct{ all, bearable int }{
		{0, 0}, {1, 1}, {2, 1}, {3, 1}, {5, 1}, {6, 2}, {10, 2}, {11, 3}, {100, 20}, {101, 21}, {5000, 1000},
	} {
		p := repair.Peers{All: tt.all}
		if got := p.Bearable(); got != tt.bearable {
			t.Errorf("of %d nodes %d may be sick, want %d", tt.all, got, tt.bearable)
		}
		for sick := range tt.all + 1 {
			p.Sick = sick
			if got := p.Blocked(); got != (sick > tt.bearable) {
				t.Errorf("%d of %d sick: blocked %t", sick, tt.all, got)
			}
		}
	}
}

// EXT-143, EXT-144, LIF-240
func TestDecide(t *testing.T) {
	few, many := repair.Peers{Sick: 1, All: 3}, repair.Peers{Sick: 2, All: 3}
	stamp := func(d time.Duration) string { return now.Add(d).Format(time.RFC3339) }
	tests := []struct {
		reason string
		c      repair.Case
		want   repair.Decision
	}{
		{"alone", repair.Case{Peers: few}, repair.Decision{Delete: true, Hurry: now}},
		{"with too many others", repair.Case{Peers: many}, repair.Decision{Blocked: true}},
		{"with too many others, and deleting", repair.Case{Peers: many, Deleting: true}, repair.Decision{Blocked: true}},
		{"deleting", repair.Case{Peers: few, Deleting: true}, repair.Decision{Hurry: now}},
		{"to be gone later", repair.Case{Peers: few, Deleting: true, Deadline: stamp(time.Second)}, repair.Decision{Hurry: now}},
		{"to be gone by now", repair.Case{Peers: few, Deleting: true, Deadline: stamp(0)}, repair.Decision{}},
		{"to be gone long ago", repair.Case{Peers: few, Deleting: true, Deadline: stamp(-time.Hour)}, repair.Decision{}},
		{"to be gone some day", repair.Case{Peers: few, Deleting: true, Deadline: "tomorrow"}, repair.Decision{Hurry: now}},
		{"with a deadline of somebody", repair.Case{Peers: few, Deadline: stamp(-time.Hour)}, repair.Decision{Delete: true}},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			tt.c.Now = now
			if got := repair.Decide(tt.c); got != tt.want {
				t.Errorf("Decide() = %+v, want %+v", got, tt.want)
			}
		})
	}
}

// What is written is what is found the next time, on a clock as precise as it is
// written and on one that is more so.
func TestDecidesOnce(t *testing.T) {
	for _, fraction := range []time.Duration{0, time.Nanosecond, 999 * time.Millisecond} {
		c := repair.Case{Now: now.Add(fraction), Peers: repair.Peers{Sick: 1, All: 1}}
		d := repair.Decide(c)
		c.Deleting, c.Deadline = true, d.Hurry.Format(time.RFC3339)
		if again := repair.Decide(c); again != (repair.Decision{}) {
			t.Errorf("%v past the second there is %+v left to do", fraction, again)
		}
	}
}
