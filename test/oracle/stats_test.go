package oracle_test

import (
	"fmt"
	"os"
	"sort"
	"testing"

	"pgregory.net/rapid"

	"karpenter.sh/core/engine/place"
	"karpenter.sh/test/oracle/internal/round"
	"karpenter.sh/test/oracle/internal/scheduler"
	"karpenter.sh/test/oracle/internal/world"
)

func TestStats(t *testing.T) {
	if os.Getenv("STATS") == "" {
		t.Skip()
	}
	f, err := scheduler.New(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	n := map[string]int{}
	rapid.Check(t, func(rt *rapid.T) {
		w := world.Draw(rt, world.Usual())
		r, err := round.New(w)
		if err != nil {
			rt.Fatal(err)
		}
		plan := place.Solve(r.Input)
		n["worlds"]++
		n["pods"] += len(r.Pods)
		n["rejected"] += len(r.Rejected)
		n["placements"] += len(plan.Placements)
		n["bins"] += len(plan.Bins)
		n["unplaced"] += len(plan.Unplaced)
		n["nodes"] += len(w.Nodes)
		n["bound"] += len(w.Bound)
		n["daemons"] += len(w.DaemonSets)
		stuck, err := check(rt, t.Context(), f, r, &plan)
		if err != nil {
			n["error "+err.Error()]++
			return
		}
		if stuck != nil {
			n["stuck"]++
			seen := map[string]bool{}
			for _, why := range stuck.Why {
				if !seen[why.String()] {
					n["  "+why.String()]++
				}
				seen[why.String()] = true
			}
		}
	})
	var keys []string
	for k := range n {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	for _, k := range keys {
		fmt.Println(k, n[k])
	}
}
