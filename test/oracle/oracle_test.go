// SPDX-License-Identifier: Apache-2.0

package oracle_test

import (
	"context"
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"pgregory.net/rapid"

	"karpenter.sh/core/engine/place"
	"karpenter.sh/test/oracle/internal/replay"
	"karpenter.sh/test/oracle/internal/round"
	"karpenter.sh/test/oracle/internal/scheduler"
	"karpenter.sh/test/oracle/internal/world"
)

func TestPlacements(t *testing.T) {
	f, err := scheduler.New(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(rt *rapid.T) {
		w := world.Draw(rt, world.Usual())
		r, err := round.New(w)
		if err != nil {
			rt.Fatal(err)
		}
		plan := place.Solve(r.Input)
		stuck, err := check(rt, t.Context(), f, r, &plan)
		if err != nil {
			rt.Fatalf("%s\n%s", err, w)
		}
		if stuck != nil {
			rt.Fatalf("the scheduler refuses:\n%s\n%s", stuck, w)
		}
	})
}

func check(rt *rapid.T, ctx context.Context, f *scheduler.Filters, r *round.Round, plan *place.Plan) (*replay.Stuck, error) {
	claims, err := r.Claims(plan)
	if err != nil {
		return nil, err
	}
	words := world.Vocabulary()
	var purchases [][]replay.Purchase
	for i, claim := range claims {
		ways, err := replay.Purchases(claim, r.Pools[plan.Bins[i].Pool].Types, words)
		if err != nil {
			return nil, err
		}
		if len(ways) == 0 {
			return nil, fmt.Errorf("nothing to buy for %s", claim.Name)
		}
		purchases = append(purchases, ways)
	}
	var steps []replay.Step
	for _, p := range plan.Placements {
		steps = append(steps, replay.Step{Pod: r.Pods[p.Pod], Node: r.NodeName(p.Node)})
	}
	for i, b := range plan.Bins {
		for _, p := range b.Pods {
			steps = append(steps, replay.Step{Pod: r.Pods[p], Node: claims[i].Name})
		}
	}
	for range 3 {
		var machines []*corev1.Node
		for i, claim := range claims {
			k := rapid.IntRange(0, len(purchases[i])-1).Draw(rt, "purchase")
			m, err := replay.Machine(claim, purchases[i][k], words)
			if err != nil {
				return nil, err
			}
			machines = append(machines, m)
		}
		stage := replay.NewStage(r.World, machines)
		c, err := f.Look(stage.Nodes, stage.Bound, scheduler.Objects{Namespaces: r.World.Namespaces})
		if err != nil {
			return nil, err
		}
		stuck, err := replay.Order(ctx, c, steps)
		if stuck != nil || err != nil {
			return stuck, err
		}
	}
	return nil, nil
}
