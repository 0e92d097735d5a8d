// SPDX-License-Identifier: Apache-2.0

package place_test

import (
	"fmt"
	"slices"
	"testing"

	"karpenter.sh/core/engine/attach"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/engine/reason"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/core/engine/resource"
	"karpenter.sh/core/engine/topology"
)

// SCH-202: a node takes off the limits what the largest of its types has of each
// resource, whichever type that is.
func TestLimitsAreChargedWithTheLargestOfEach(t *testing.T) {
	for _, limit := range []model.Limit{{Resource: resource.CPU, Amount: 12_000}, {Resource: resource.Memory, Amount: 48 * gi}} {
		w := newWorld(t)
		shapes := []resource.Vector{resource.CPU: vector(8, 8, 110), resource.Memory: vector(4, 32, 110), 2: vector(2, 2, 110)}
		types := make([]model.Type, len(shapes))
		for i, shape := range shapes {
			types[i] = w.itype(fmt.Sprint(i), 4)
			types[i].Capacity, types[i].Groups[0].Allocatable = shape, shape
		}
		w.pool(model.TemplateOptions{Pool: "p", Catalogue: w.catalogue(types)}, limit)
		w.add(2, w.obeying(2, requirement.Requirements{}, w.group(topology.Group{Kind: topology.AntiAffinity}, label.Hostname)))
		bins := place.Solve(w.input()).Bins
		if len(bins) != 2 || !slices.Contains(bins[0].Types, int(limit.Resource)) || slices.Contains(bins[1].Types, int(limit.Resource)) {
			t.Errorf("limit %v: got %+v", limit, bins)
		}
	}
}

// SCH-196: a pod that would make a NodeClaim's requirements too many goes elsewhere.
func TestTooManyRequirements(t *testing.T) {
	const most = 97 // a NodeClaim holds 100, three of which are added in the end
	for own, want := range map[int]string{most - 1: "many: 2-cpu with 1 pods", most: "few: 2-cpu with 1 pods"} {
		w := newWorld(t)
		var many []requirement.Requirement
		for i := range own - 1 { // beside the pool's name
			many = append(many, requirement.Exists(fmt.Sprintf("k%d", i)))
		}
		w.pool(model.TemplateOptions{Pool: "many", Requirements: requirement.All(many...)})
		w.pool(model.TemplateOptions{Pool: "few"})
		w.add(1, w.class(1, 1, requirement.All(requirement.In(label.Zone, "a"))))
		if got := w.outline(place.Solve(w.input())); !slices.Equal(got, []string{want}) {
			t.Errorf("%d of the pool's own: got %q", own, got)
		}
	}
}

// SCH-300: a pod with more claims than nodes of the pool can attach says nothing of
// others of its class.
func TestOnePodWithManyClaims(t *testing.T) {
	w := newWorld(t)
	limited := make([]model.Observed, 4)
	for i := range limited {
		limited[i].Attach = attach.Limits{"d": 1}
	}
	w.pool(model.TemplateOptions{Pool: "p", Observed: limited})
	w.add(2, w.class(1, 1))
	w.pods[0].Attachments = []attach.Attachment{{Driver: "d", Claim: "a"}, {Driver: "d", Claim: "b"}}
	w.pods[1].Attachments = []attach.Attachment{{Driver: "d", Claim: "c"}}
	if got := w.outline(place.Solve(w.input())); !slices.Equal(got, []string{"p: 2-cpu with 1 pods", "pod-0 left"}) {
		t.Errorf("got %q", got)
	}
}

// SCH-087: what is not decided yet is told before volumes that exclude each other.
func TestWhatIsToldFirst(t *testing.T) {
	w := newWorld(t)
	c := w.class(1, 1)
	c.VolumeConflict, c.NotBuilt = true, "resourceClaims"
	w.pool(model.TemplateOptions{Pool: "p"})
	w.add(1, c)
	if u := place.Solve(w.input()).Unplaced; len(u) != 1 || u[0].Why[0].Cause != reason.NotBuilt {
		t.Errorf("got %+v", u)
	}
}
