// SPDX-License-Identifier: Apache-2.0

package oracle_test

import (
	"testing"

	"pgregory.net/rapid"

	"karpenter.sh/core/engine/place"
	"karpenter.sh/test/oracle/internal/exhaust"
	"karpenter.sh/test/oracle/internal/world"
)

// SCH-181, SCH-182, SCH-184: a pod is left over only if nothing takes it.
func TestLeftPodsFitNowhere(t *testing.T) {
	filters := newFilters(t)
	confirmed, undecided := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		r := gather(rt, world.Draw(rt, world.Small()))
		r.Input.Repack = 0 // the search moves pods after the others were given up
		plan := place.Solve(r.Input)
		miss, decided, err := exhaust.Confirm(t.Context(), filters, r, &plan)
		if err != nil {
			rt.Fatal(err)
		}
		if miss != nil {
			rt.Fatalf("%s\n%s\n%s", miss, textOf(rt, r, &plan), r.World)
		}
		if decided {
			confirmed += len(plan.Unplaced)
		} else {
			undecided += len(plan.Unplaced)
		}
	})
	t.Logf("%d pods confirmed to fit nowhere, %d not decided", confirmed, undecided)
}
