// SPDX-License-Identifier: Apache-2.0

package oracle_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"pgregory.net/rapid"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/test/oracle/internal/replay"
	"karpenter.sh/test/oracle/internal/round"
	"karpenter.sh/test/oracle/internal/scheduler"
	"karpenter.sh/test/oracle/internal/world"
)

// purchases is how often a plan is replayed, each time with other machines.
const purchases = 3

// SCH-040, SCH-041, SCH-058, SCH-059, SCH-073, SCH-090, SCH-091, SCH-100,
// SCH-101, SCH-123, SCH-130, SCH-141, SCH-146, SCH-148, SCH-150..153, SCH-160,
// SCH-162, SCH-163, SCH-232, SCH-233: the scheduler takes every pod where a plan
// puts it, be that a node that exists or one that is made of the plan's
// NodeClaim, whatever the provider makes of it.
func TestTheSchedulerTakesEveryPlacement(t *testing.T) {
	filters := newFilters(t)
	placed, planned := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		r := gather(rt, world.Draw(rt, world.Usual()))
		r.Input.MinValues = rapid.SampledFrom([]requirement.MinValuesPolicy{requirement.StrictMinValues, requirement.BestEffortMinValues}).Draw(rt, "minValues")
		r.Input.Reservations = place.ReservationMode(rapid.IntRange(0, 1).Draw(rt, "reservations"))
		plan := place.Solve(r.Input)
		claims, err := r.Claims(&plan)
		if err != nil {
			rt.Fatalf("%s\n%s", err, r.World)
		}
		steps := stepsOf(r, &plan, claims)
		for range purchases {
			stuck, err := replay.Run(t.Context(), filters, r.World, machines(rt, r, &plan, claims), steps)
			if err != nil {
				rt.Fatal(err)
			}
			if stuck != nil {
				rt.Fatalf("the scheduler would not take all pods:\n%s\n%s\n%s", stuck, textOf(rt, r, &plan), r.World)
			}
		}
		placed, planned = placed+len(steps), planned+len(plan.Bins)
	})
	t.Logf("%d pods placed, %d nodes planned", placed, planned)
}

func newFilters(t *testing.T) *scheduler.Filters {
	t.Helper()
	filters, err := scheduler.New(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return filters
}

// stepsOf lists the plan's pods in the order in which the engine placed those of
// the same node.
func stepsOf(r *round.Round, plan *place.Plan, claims []*v1.NodeClaim) []replay.Step {
	var out []replay.Step
	for _, p := range plan.Placements {
		out = append(out, replay.Step{Pod: r.Pods[p.Pod], Node: r.NodeName(p.Node)})
	}
	for i, bin := range plan.Bins {
		for _, pod := range bin.Pods {
			out = append(out, replay.Step{Pod: r.Pods[pod], Node: claims[i].Name})
		}
	}
	return out
}

// machines draws what the provider makes of each NodeClaim.
func machines(rt *rapid.T, r *round.Round, plan *place.Plan, claims []*v1.NodeClaim) []*corev1.Node {
	var out []*corev1.Node
	for i, claim := range claims {
		choices, err := replay.Purchases(claim, r.Pools[plan.Bins[i].Pool].Types, world.Vocabulary())
		if err != nil {
			rt.Fatal(err)
		}
		if len(choices) == 0 {
			rt.Fatalf("the provider has nothing for NodeClaim %s\n%s\n%s", claim.Name, textOf(rt, r, plan), r.World)
		}
		node, err := replay.Machine(claim, rapid.SampledFrom(choices).Draw(rt, "purchase"), world.Vocabulary())
		if err != nil {
			rt.Fatal(err)
		}
		out = append(out, node)
	}
	return out
}
