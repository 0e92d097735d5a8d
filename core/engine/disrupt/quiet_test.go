// SPDX-License-Identifier: Apache-2.0

package disrupt_test

import (
	"testing"
	"time"

	"karpenter.sh/core/engine/disrupt"
)

func TestQuiet(t *testing.T) {
	base := disrupt.Quiet{Initialized: true, InitializedAt: now.Add(-time.Minute), After: 5 * time.Minute}
	for _, test := range []struct {
		why  string
		edit func(*disrupt.Quiet)
		yes  bool
		wait time.Duration
	}{
		{"DIS-003 Never", func(q *disrupt.Quiet) { q.Never = true }, false, 0},
		{"DIS-003 not initialized", func(q *disrupt.Quiet) { q.Initialized = false }, false, 0},
		{"DIS-004 since it was initialized", func(*disrupt.Quiet) {}, false, 4 * time.Minute},
		{"DIS-004 since the last pod event", func(q *disrupt.Quiet) { q.LastPodEvent = now.Add(-30 * time.Second) }, false, 4*time.Minute + 30*time.Second},
		{"DIS-004 the time is up", func(q *disrupt.Quiet) { q.LastPodEvent = now.Add(-5 * time.Minute) }, true, 0},
		{"DIS-004 zero seconds", func(q *disrupt.Quiet) { q.After, q.LastPodEvent = 0, now }, true, 0},
		{"DIS-006 static pool", func(q *disrupt.Quiet) { q.Static, q.After = true, 0 }, false, 0},
	} {
		t.Run(test.why, func(t *testing.T) {
			q := base
			test.edit(&q)
			if yes, wait := q.Consolidatable(now); yes != test.yes || wait != test.wait {
				t.Errorf("got %v after %v, want %v after %v", yes, wait, test.yes, test.wait)
			}
		})
	}
}

// DIS-128
func TestTimeout(t *testing.T) {
	for nodes, want := range map[int]time.Duration{
		0: 10 * time.Minute, 100: 10 * time.Minute, 4000: 10 * time.Minute, 10000: 13*time.Minute + 20*time.Second,
		40000: 53*time.Minute + 20*time.Second, 45000: time.Hour, 100000: time.Hour,
	} {
		if got := disrupt.Timeout(nodes, 5*time.Minute); got != want {
			t.Errorf("%d nodes: %v, want %v", nodes, got, want)
		}
	}
	if got := disrupt.Timeout(100, 14*time.Minute); got != 28*time.Minute {
		t.Errorf("of slow launches: %v", got)
	}
}
