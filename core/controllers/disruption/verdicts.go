// SPDX-License-Identifier: Apache-2.0

package disruption

import (
	"maps"
	"slices"

	"karpenter.sh/core/engine/disrupt"
)

// verdicts are what methods have found nothing in, by kind: as long as it is the same
// they need not look again (DIS-098).
type verdicts map[disrupt.Kind]verdict

// verdict is all that a decision that found nothing depends on.
type verdict struct {
	// stamp is that of the model, which changes at the latest five minutes after
	// the last change: prices and offerings are seen in time.
	stamp uint64
	// eligible are the nodes that were looked at, sorted (DIS-101).
	eligible []string
	// budgets are what the pools' left.
	budgets map[string]int
}

func verdictOf(stamp uint64, s disrupt.State, eligible []string) verdict {
	out := verdict{stamp: stamp, eligible: slices.Sorted(slices.Values(eligible)), budgets: map[string]int{}}
	for name, pool := range s.Pools {
		out.budgets[name] = pool.Budget.Left()
	}
	return out
}

// stands reports whether a method has found nothing in this before.
func (vs verdicts) stands(m disrupt.Method, stamp uint64, s disrupt.State, eligible []string) bool {
	old, known := vs[m.Kind()]
	if !known || old.stamp != stamp || len(old.eligible) != len(eligible) {
		return false
	}
	now := verdictOf(stamp, s, eligible)
	return slices.Equal(now.eligible, old.eligible) && maps.Equal(now.budgets, old.budgets)
}

// keep remembers that a method has found nothing, unless time alone may change that
// (DIS-099, DIS-100).
func (vs verdicts) keep(m disrupt.Method, stamp uint64, s disrupt.State, eligible []string, d disrupt.Decision) {
	delete(vs, m.Kind())
	passes := func(r disrupt.Refusal) bool {
		return r.Cause == disrupt.OverBudget || r.Cause == disrupt.WorkloadMoved
	}
	if len(d.Commands) == 0 && !slices.ContainsFunc(d.Refusals, passes) {
		vs[m.Kind()] = verdictOf(stamp, s, eligible)
	}
}
