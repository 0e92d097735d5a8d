// SPDX-License-Identifier: Apache-2.0

package place_test

import (
	"slices"
	"testing"

	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/engine/reason"
	"karpenter.sh/core/engine/requirement"
)

func atLeast(n int) requirement.Requirements {
	return requirement.All(requirement.Exists(label.InstanceType).WithMinValues(n))
}

// SCH-195: minValues under both policies.
func TestMinValues(t *testing.T) {
	for _, tc := range []struct {
		why    string
		policy requirement.MinValuesPolicy
		setup  func(*world)
		want   []string
	}{
		{"pods share a bin only as far as enough types remain", requirement.StrictMinValues, func(w *world) {
			w.pool(model.TemplateOptions{Pool: "p", Requirements: atLeast(2)})
			w.add(4, w.class(3, 1)) // 8 CPU hold two, 16 CPU five; two types must hold them
		}, []string{"p: 8-cpu with 2 pods", "p: 8-cpu with 2 pods"}},
		{"strict: a shortfall refuses the pool", requirement.StrictMinValues, func(w *world) {
			w.pool(model.TemplateOptions{Pool: "p", Requirements: atLeast(2)})
			w.pool(model.TemplateOptions{Pool: "q"})
			w.add(1, w.class(10, 1))
		}, []string{"q: 16-cpu with 1 pods"}},
		{"best effort: the heavier pool is relaxed before a lighter one is used", requirement.BestEffortMinValues, func(w *world) {
			w.pool(model.TemplateOptions{Pool: "p", Requirements: atLeast(2)})
			w.pool(model.TemplateOptions{Pool: "q"})
			w.add(1, w.class(10, 1))
		}, []string{"p: 16-cpu with 1 pods"}},
		{"best effort: pods added later do not relax further", requirement.BestEffortMinValues, func(w *world) {
			w.pool(model.TemplateOptions{Pool: "p", Requirements: atLeast(9)})
			w.add(2, w.class(3, 1)) // opened with 4, 8 and 16 CPU
		}, []string{"p: 4-cpu with 1 pods", "p: 4-cpu with 1 pods"}},
	} {
		t.Run(tc.why, func(t *testing.T) {
			w := newWorld(t)
			tc.setup(w)
			in := w.input()
			in.MinValues = tc.policy
			plan := place.Solve(in)
			if got := w.outline(plan); !slices.Equal(got, tc.want) {
				t.Errorf("got  %q\nwant %q", got, tc.want)
			}
			for _, b := range plan.Bins {
				if b.Relaxed != (tc.policy == requirement.BestEffortMinValues) {
					t.Errorf("relaxed: %v", b.Relaxed)
				}
			}
		})
	}
}

// SCH-195: best effort lowers what falls short, and only that.
func TestOnlyWhatFallsShortIsLowered(t *testing.T) {
	w := newWorld(t)
	w.pool(model.TemplateOptions{Pool: "p", Requirements: atLeast(9).With(requirement.Exists(label.Zone).WithMinValues(1))})
	w.add(1, w.class(3, 1))
	in := w.input()
	in.MinValues = requirement.BestEffortMinValues
	got := map[string]int{}
	for _, m := range place.Solve(in).Bins[0].Minimums {
		got[w.v.KeyName(m.Key)] = m.Values
	}
	if got[label.InstanceType] != 3 || got[label.Zone] != 1 {
		t.Errorf("got %v", got)
	}
	if m := w.pools[0].Minimums; m[0].Values+m[1].Values != 10 {
		t.Errorf("the pool itself was lowered: %v", m)
	}
}

// SCH-221: the reason names the label that falls short.
func TestMinValuesReason(t *testing.T) {
	w := newWorld(t)
	w.pool(model.TemplateOptions{Pool: "p", Requirements: atLeast(2)})
	w.add(1, w.class(10, 1))
	plan := place.Solve(w.input())
	if len(plan.Unplaced) != 1 || plan.Unplaced[0].Why[0].Cause != reason.MinValues || plan.Unplaced[0].Why[0].Detail != label.InstanceType {
		t.Errorf("got %v", plan.Unplaced)
	}
}
