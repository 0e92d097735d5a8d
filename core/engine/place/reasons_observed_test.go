// SPDX-License-Identifier: Apache-2.0

package place_test

import (
	"strings"
	"testing"

	"karpenter.sh/core/engine/attach"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/engine/taint"
)

// observing is the pool of w.sizes with what nodes of types turned out to be.
func (w *world) observing(seen map[string]model.Observed) {
	sizes := w.sizes()
	observed := make([]model.Observed, len(sizes))
	for i := range sizes {
		observed[i] = seen[sizes[i].Name]
	}
	w.pool(model.TemplateOptions{Pool: "default", Catalogue: model.NewCatalogue(w.v, sizes), Observed: observed})
}

// SCH-300: what nodes turned out to be decides which types are planned, before and
// after the search for a cheaper mix.
func TestEvidenceDecides(t *testing.T) {
	late := []taint.Taint{{Key: "late", Effect: taint.NoSchedule}}
	for _, tc := range []struct {
		why  string
		seen map[string]model.Observed
		// class and claims of the one pod, and the type that it gets; empty: none.
		change func(*model.Class)
		claims int
		want   string
		reason string
	}{
		{"nothing is known", nil, nil, 0, "4-cpu", ""},
		{"the type has less than it promises", map[string]model.Observed{"4-cpu": {Missing: vector(2, 0, 0)}}, nil, 0, "8-cpu", ""},
		{"no type has what it promises", map[string]model.Observed{
			"4-cpu": {Missing: vector(2, 0, 0)}, "8-cpu": {Missing: vector(6, 0, 0)}, "16-cpu": {Missing: vector(14, 0, 0)},
		}, nil, 0, "", `cpu 2 is missing`},
		{"nodes of the type get a taint", map[string]model.Observed{"4-cpu": {Taints: late}}, nil, 0, "8-cpu", ""},
		{"the taint is tolerated", map[string]model.Observed{"4-cpu": {Taints: late}}, func(c *model.Class) {
			c.Tolerations = taint.Tolerations{{Key: "late", Operator: taint.TolerateExists}}
		}, 0, "4-cpu", ""},
		{"nodes of all types get a taint", map[string]model.Observed{"4-cpu": {Taints: late}, "8-cpu": {Taints: late}, "16-cpu": {Taints: late}},
			nil, 0, "", "late:NoSchedule"},
		{"nodes of the type attach too few claims", map[string]model.Observed{"4-cpu": {Attach: attach.Limits{"d": 2}}}, nil, 3, "8-cpu", ""},
		{"they attach enough", map[string]model.Observed{"4-cpu": {Attach: attach.Limits{"d": 2}}}, nil, 2, "4-cpu", ""},
		{"nodes of all types attach too few", map[string]model.Observed{
			"4-cpu": {Attach: attach.Limits{"d": 2}}, "8-cpu": {Attach: attach.Limits{"d": 2}}, "16-cpu": {Attach: attach.Limits{"d": 2}},
		}, nil, 3, "", `driver "d"`},
		{"the pool waits", nil, func(c *model.Class) { c.Waits = map[string]string{"default": "for better times"} }, 0, "", "for better times"},
	} {
		t.Run(tc.why, func(t *testing.T) {
			w := newWorld(t)
			w.observing(tc.seen)
			class := w.class(3, 1)
			if tc.change != nil {
				tc.change(class)
			}
			w.add(1, class)
			for i := range tc.claims {
				w.pods[0].Attachments = append(w.pods[0].Attachments, attach.Attachment{Driver: "d", Claim: string(rune('a' + i))})
			}
			in := w.input()
			in.Repack = place.RepackSteps
			plan := place.Solve(in)
			if len(plan.Bins) == 0 {
				if tc.want != "" {
					t.Fatalf("no node: %s", plan.Unplaced[0].Why)
				}
				if got := plan.Unplaced[0].Why.String(); !strings.Contains(got, tc.reason) {
					t.Errorf("reason %q, want it to name %q", got, tc.reason)
				}
				return
			}
			if got := w.pools[0].Catalogue.Type(plan.Bins[0].Types[0]).Name; got != tc.want {
				t.Errorf("planned a node of type %q, want %q", got, tc.want)
			}
		})
	}
}

// SCH-089, SCH-300: claims add up on planned nodes.
func TestClaimsAddUpOnPlannedNodes(t *testing.T) {
	w := newWorld(t)
	limit := model.Observed{Attach: attach.Limits{"d": 2}}
	w.observing(map[string]model.Observed{"2-cpu": limit, "4-cpu": limit, "8-cpu": limit, "16-cpu": limit})
	w.add(5, w.class(1, 1))
	for i := range w.pods {
		w.pods[i].Attachments = []attach.Attachment{{Driver: "d", Claim: string(rune('a' + i))}}
	}
	in := w.input()
	in.Repack = place.RepackSteps
	plan := place.Solve(in)
	if len(plan.Bins) != 3 || len(plan.Unplaced) > 0 {
		t.Fatalf("%d nodes and %d pods without a place, want 3 nodes for 5 claims", len(plan.Bins), len(plan.Unplaced))
	}
	for _, b := range plan.Bins {
		if len(b.Pods) > 2 {
			t.Errorf("a node with %d claims", len(b.Pods))
		}
	}
}

// SCH-302: other pools take who waits for one.
func TestAnotherPoolTakesWhoWaits(t *testing.T) {
	w := newWorld(t)
	w.pool(model.TemplateOptions{Pool: "first"})
	w.pool(model.TemplateOptions{Pool: "second"})
	waiting := w.class(1, 1)
	waiting.Waits = map[string]string{"first": "why"}
	w.add(1, waiting)
	w.add(1, w.class(2, 1))
	plan := place.Solve(w.input())
	pools := map[int]int{}
	for _, b := range plan.Bins {
		for _, pod := range b.Pods {
			pools[pod] = b.Pool
		}
	}
	if len(pools) != 2 || pools[0] != 1 || pools[1] != 0 {
		t.Errorf("pods are in pools %v, want the one that waits in the second, the other in the first", pools)
	}
}
