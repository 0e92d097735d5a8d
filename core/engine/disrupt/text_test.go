// SPDX-License-Identifier: Apache-2.0

package disrupt_test

import (
	"strings"
	"testing"

	"karpenter.sh/core/engine/disrupt"
)

func TestText(t *testing.T) {
	for _, test := range []struct {
		refusal disrupt.Refusal
		want    string
	}{
		{disrupt.Refusal{Cause: disrupt.NotInitialized}, `the node is not initialized`},
		{disrupt.Refusal{Cause: disrupt.PoolMissing, Pool: "p"}, `NodePool "p" does not exist`},
		{disrupt.Refusal{Cause: disrupt.PoolWithoutTypes, Pool: "p"}, `NodePool "p" has no instance types at the moment`},
		{disrupt.Refusal{Cause: disrupt.PoolUnevaluated, Pool: "p"}, `the NodeOverlays on NodePool "p" are not evaluated yet`},
		{disrupt.Refusal{Cause: disrupt.PodProtected, Pod: "ns/a"}, `pod "ns/a" must not be disrupted by its annotation karpenter.sh/do-not-disrupt`},
		{disrupt.Refusal{Cause: disrupt.PodBudgeted, Pod: "ns/a", Budgets: []string{"x"}}, `PodDisruptionBudget "x" does not let pod "ns/a" go`},
		{disrupt.Refusal{Cause: disrupt.PodBudgeted, Pod: "ns/a", Budgets: []string{"x", "y"}}, `pod "ns/a" cannot be evicted, because several PodDisruptionBudgets select it: "x", "y"`},
		{disrupt.Refusal{Cause: disrupt.BufferPods, Name: "n"}, `Node "n" has buffer pods`},
	} {
		if got := test.refusal.String(); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}

// DIS-030: no two causes about a pool read alike, and every cause has a text.
func TestTextsDiffer(t *testing.T) {
	seen := map[string]disrupt.Cause{}
	for cause := disrupt.Held; cause <= disrupt.PodsUnread; cause++ {
		text := disrupt.Refusal{Cause: cause, Pool: "p", Pod: "ns/a", Budgets: []string{"x"}, Name: "n"}.String()
		if other, dup := seen[text]; dup || strings.HasPrefix(text, "cause ") {
			t.Errorf("cause %d reads %q, as does %d", int(cause), text, int(other))
		}
		seen[text] = cause
	}
}
