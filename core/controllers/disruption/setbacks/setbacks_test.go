// SPDX-License-Identifier: Apache-2.0

package setbacks_test

import (
	"testing"
	"time"

	"karpenter.sh/core/controllers/disruption/setbacks"
	"karpenter.sh/core/engine/disrupt"
)

// DIS-113
func TestRests(t *testing.T) {
	now := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	l := &setbacks.Ledger{Random: func() float64 { return 1 }}
	for i, want := range []time.Duration{time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute, 10 * time.Minute, 10 * time.Minute} {
		if got := l.Failed("p", disrupt.Drifted, now); got != want {
			t.Errorf("setback %d: rests %v, want %v", i, got, want)
		}
		if l.Failed("p", disrupt.Drifted, now.Add(want/2)) != 0 || l.Rests("p", disrupt.Drifted, now.Add(want/2)) != want/2 {
			t.Error("a setback within a rest makes it longer")
		}
		if l.Rests("p", disrupt.Underutilized, now) != 0 || l.Rests("q", disrupt.Drifted, now) != 0 {
			t.Error("others rest, too")
		}
		now = now.Add(want)
		if l.Rests("p", disrupt.Drifted, now) != 0 {
			t.Error("the rest does not end")
		}
	}
	l.Succeeded("p", disrupt.Drifted)
	if got := l.Failed("p", disrupt.Drifted, now); got != time.Minute {
		t.Errorf("rests %v after a success", got)
	}
	l.Random = func() float64 { return 0 }
	if got := l.Failed("r", disrupt.Drifted, now); got != time.Minute/2 {
		t.Errorf("rests %v at least", got)
	}
}
