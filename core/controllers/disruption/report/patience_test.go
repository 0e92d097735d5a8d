// SPDX-License-Identifier: Apache-2.0

package report_test

import (
	"testing"
	"time"

	"karpenter.sh/core/controllers/disruption/report"
	"karpenter.sh/core/engine/disrupt"
)

// DIS-170: what every node goes through is told only when it lasts.
func TestPatience(t *testing.T) {
	type look struct {
		after time.Duration
		cause disrupt.Cause
		told  bool
	}
	for _, tc := range []struct {
		why   string
		looks []look
	}{
		{"a cause that does not pass is told at once", []look{{0, disrupt.Protected, true}, {0, disrupt.PodBudgeted, true}, {0, disrupt.PoolMissing, true}}},
		{"one that passes is not", []look{{0, disrupt.NotInitialized, false}, {0, disrupt.Nominated, false}, {0, disrupt.Leaving, false}, {0, disrupt.NoNode, false}, {0, disrupt.PoolUnevaluated, false}}},
		{"until it has lasted", []look{
			{0, disrupt.NotInitialized, false}, {time.Minute, disrupt.NotInitialized, false}, {time.Minute, disrupt.NotInitialized, false},
			{time.Minute, disrupt.NotInitialized, false}, {time.Minute, disrupt.NotInitialized, false}, {time.Minute, disrupt.NotInitialized, true}}},
		{"another begins anew", []look{
			{0, disrupt.NoNode, false}, {time.Minute, disrupt.NoNode, false}, {time.Minute, disrupt.NoNode, false}, {time.Minute, disrupt.NoNode, false},
			{time.Minute, disrupt.NotInitialized, false}, {time.Minute, disrupt.NotInitialized, false}}},
		{"one that came again was gone", []look{{0, disrupt.Nominated, false}, {6 * time.Minute, disrupt.Nominated, false}}},
	} {
		t.Run(tc.why, func(t *testing.T) {
			var p report.Patience
			at := now
			for i, l := range tc.looks {
				at = at.Add(l.after)
				if got := p.Tell(disrupt.Refusal{Node: "n", Cause: l.cause}, at); got != l.told {
					t.Errorf("look %d: told %v", i, got)
				}
				p.Forget(at)
			}
		})
	}
}
