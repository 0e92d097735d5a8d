// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"context"
	"errors"
	"testing"

	v1 "karpenter.sh/core/apis/v1"
)

// answer is what one of many callers got.
type answer struct {
	caller  int
	created *v1.NodeClaim
	err     error
}

// callContext is the context of one caller.
type callContext struct{ context.Context }

// atOnce is how many callers ask at once.
const atOnce = 100

func batchRows() []row {
	return []row{
		{id: "CP-319", behaviour: "100 Creates are fewer calls", of: []Capability{"Batching"}, run: batchesCreates},
		{id: "CP-320", behaviour: "a launch that is filled in part", of: []Capability{"Batching"}, run: fillsInPart},
		{id: "CP-321", behaviour: "one caller gives up", of: []Capability{"Batching"}, run: oneGivesUp},
	}
}

func batchesCreates(t testing.TB, c Cloud) {
	before := c.Machines.CloudCalls()
	answers := c.many(t, atOnce, func(int) callContext { return callContext{t.Context()} })
	if calls := c.Machines.CloudCalls() - before; calls >= atOnce {
		t.Errorf("%d calls for %d launches", calls, atOnce)
	}
	if ids := distinct(answers); ids != atOnce {
		t.Errorf("%d machines for %d launches", ids, atOnce)
	}
}

// distinct counts the machines that callers got.
func distinct(answers []answer) int {
	ids := map[string]bool{}
	for _, a := range answers {
		if a.err == nil && a.created != nil {
			ids[a.created.Status.ProviderID] = true
		}
	}
	return len(ids)
}

func fillsInPart(t testing.TB, c Cloud) {
	const filled = atOnce / 2
	c.Batching.Fill(t, filled)
	answers := c.many(t, atOnce, func(int) callContext { return callContext{t.Context()} })
	got, failed := distinct(answers), 0
	for _, a := range answers {
		if a.err != nil {
			failed++
		}
	}
	if failed == 0 || got+failed != atOnce {
		t.Errorf("%d callers got machines and %d errors, want %d in all and some of both", got, failed, atOnce)
	}
	c.Batching.Collect(t)
	if n := c.Machines.Count(); n > got {
		t.Errorf("%d machines, but %d callers got one: surplus is lost", n, got)
	}
}

func oneGivesUp(t testing.TB, c Cloud) {
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	answers := c.many(t, atOnce, func(i int) callContext {
		if i == 0 {
			return callContext{canceled}
		}
		return callContext{t.Context()}
	})
	for _, a := range answers {
		if a.caller == 0 && !errors.Is(a.err, context.Canceled) || a.caller != 0 && a.err != nil {
			t.Errorf("caller %d got %v", a.caller, a.err)
		}
	}
}
