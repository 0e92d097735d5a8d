// SPDX-License-Identifier: Apache-2.0

package disruption_test

import (
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"karpenter.sh/core/cloudprovider"
)

// DIS-176: of two replacements that together would exceed a limit, one is started; the
// node that stays is told why, and is left alone until its pool has rested.
func TestReplacementsWithinLimits(t *testing.T) {
	w := consolidating(t, "a", "b")
	w.limits.Shared = []cloudprovider.SharedLimit{{Name: "machines", Max: 10, Used: 7}} // each takes 2
	w.propose()
	w.mustPass()
	w.expect("a", cordoned)
	w.expect("b", untouched)
	if n := len(w.replacements()); n != 1 {
		t.Fatalf("%d replacements", n)
	}
	told := w.messages("DisruptionBlocked")
	if len(told) == 0 || !strings.Contains(told[0], `2 needed, 3 of "machines" left (limit 10, used 7, being launched 0)`) {
		t.Errorf("events: %v", told)
	}
	w.limits.Shared[0].Max = 100
	w.propose()
	w.mustPass()
	w.expect("b", untouched)
	if n := len(w.replacements()); n != 1 {
		t.Errorf("%d replacements while the pool rests", n)
	}
	w.clock.Step(time.Minute)
	w.propose()
	w.mustPass()
	w.expect("b", cordoned)
	if n := len(w.replacements()); n != 2 {
		t.Errorf("%d replacements after the rest", n)
	}
}

// DIS-176, SCH-331: a replacement that is not launched yet counts, once: by itself or in
// the limit.
func TestReplacementsInFlight(t *testing.T) {
	for why, counted := range map[string]bool{"the provider knows of it": true, "the provider does not know of it": false} {
		t.Run(why, func(t *testing.T) {
			w := consolidating(t, "a")
			w.limits.Shared = []cloudprovider.SharedLimit{{Name: "machines", Max: 3}}
			w.propose()
			w.mustPass()
			w.expect("a", cordoned)
			w.machine("b", "p", dear)
			w.create(pod("of-b", "b", needing("1500m"), of("other")))
			w.limits.Counts = func(types.UID) bool { return counted }
			w.propose()
			w.mustPass()
			want := 1
			if counted { // and 3 of the limit are left besides
				want = 2
			}
			if n := len(w.replacements()); n != want {
				t.Errorf("%d replacements, want %d", n, want)
			}
		})
	}
}
