// SPDX-License-Identifier: Apache-2.0

package pause_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/utils/clock"
	clocktesting "k8s.io/utils/clock/testing"

	"karpenter.sh/core/reconcile/pause"
)

func TestFor(t *testing.T) {
	for reason, tc := range map[string]struct {
		pause, life, took time.Duration
		want              bool
	}{
		"it passes":               {time.Second, time.Minute, time.Second, true},
		"no time is no pause":     {0, time.Minute, 0, true},
		"the context ends before": {time.Minute, time.Second, time.Second, false},
		"it had ended":            {time.Minute, 0, 0, false},
		"it had ended, no pause":  {0, 0, 0, false},
	} {
		t.Run(reason, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), tc.life)
				defer cancel()
				began := time.Now()
				got := pause.For(ctx, clock.RealClock{}, tc.pause)
				if took := time.Since(began); got != tc.want || took != tc.took {
					t.Errorf("%t after %s, want %t after %s", got, took, tc.want, tc.took)
				}
			})
		})
	}
}

// No timer is left behind, whose channel a clock would hold for as long as it was set.
func TestStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c := clocktesting.NewFakeClock(time.Unix(0, 0))
	if pause.For(ctx, c, time.Hour) || c.HasWaiters() {
		t.Errorf("somebody waits: %t", c.HasWaiters())
	}
}
