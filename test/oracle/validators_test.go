// SPDX-License-Identifier: Apache-2.0

package oracle_test

import (
	"runtime"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/engine/place/placetest"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/test/oracle/internal/round"
	"karpenter.sh/test/oracle/internal/world"
)

// SCH-133, SCH-192, SCH-195, SCH-201, SCH-212, SCH-217, SCH-230, SCH-234: what
// every plan keeps, whatever it was asked.
func TestPlansKeepTheRules(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := gather(rt, world.Draw(rt, world.Usual()))
		r.Input.MinValues = rapid.SampledFrom([]requirement.MinValuesPolicy{requirement.StrictMinValues, requirement.BestEffortMinValues}).Draw(rt, "minValues")
		if err := placetest.Check(r.Input, place.Solve(r.Input)); err != nil {
			rt.Fatalf("%s\n%s", err, r.World)
		}
	})
}

// SCH-261, SCH-262: the same question gets the same answer, also from another
// process that heard of the objects in another order, and on any number of
// processors.
func TestPlansAreReproducible(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := world.Draw(rt, world.Usual())
		r := gather(rt, w)
		want := text(rt, r)
		if got := text(rt, gather(rt, w.Copy())); got != want {
			rt.Fatalf("a round gathered anew:\n%s\ninstead of\n%s\n%s", got, want, w)
		}
		for _, workers := range []int{1, 2, 8} {
			for _, got := range texts(rt, r, workers) {
				if got != want {
					rt.Fatalf("with %d workers:\n%s\ninstead of\n%s\n%s", workers, got, want, w)
				}
			}
		}
	})
}

// texts plans on so many processors at a time.
func texts(rt *rapid.T, r *round.Round, workers int) []string {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(workers))
	plans, all := make([]place.Plan, workers), sync.WaitGroup{}
	for i := range plans {
		all.Go(func() { plans[i] = place.Solve(r.Input) })
	}
	all.Wait()
	out := make([]string, workers)
	for i := range plans {
		out[i] = textOf(rt, r, &plans[i])
	}
	return out
}

// SCH-263, SCH-265: a plan changes nothing of its question and shares no memory
// with it or with another plan.
func TestPlansShareNothing(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := gather(rt, world.Draw(rt, world.Usual()))
		before := placetest.Fingerprint(r.Input)
		spoiled, kept := place.Solve(r.Input), place.Solve(r.Input)
		if placetest.Fingerprint(r.Input) != before {
			rt.Fatalf("planning changed its input\n%s", r.World)
		}
		plan := placetest.Fingerprint(kept)
		placetest.Scribble(&spoiled)
		if placetest.Fingerprint(r.Input) != before {
			rt.Fatalf("the plan shares memory with its input\n%s", r.World)
		}
		if placetest.Fingerprint(kept) != plan {
			rt.Fatalf("two plans share memory\n%s", r.World)
		}
	})
}

func gather(rt *rapid.T, w *world.World) *round.Round {
	r, err := round.New(w)
	if err != nil {
		rt.Fatal(err)
	}
	return r
}

func text(rt *rapid.T, r *round.Round) string {
	plan := place.Solve(r.Input)
	return textOf(rt, r, &plan)
}

func textOf(rt *rapid.T, r *round.Round, plan *place.Plan) string {
	out, err := r.Text(plan)
	if err != nil {
		rt.Fatal(err)
	}
	return out
}
