// SPDX-License-Identifier: Apache-2.0

package place_test

import (
	"testing"

	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/engine/place/placetest"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/core/engine/topology"
)

// SCH-263, SCH-265: a plan belongs to its caller, the question to everybody.
func TestPlanSharesNothing(t *testing.T) {
	w := newWorld(t)
	w.pool(model.TemplateOptions{Pool: "default", Requirements: requirement.All(requirement.Exists(label.InstanceType).WithMinValues(2))})
	w.node(model.Node{Name: "n", Free: vector(2, 8, 10)}, nil)
	w.add(5, w.class(1, 1))
	w.add(1, w.class(99, 1))
	in := w.input()
	before := placetest.Fingerprint(in)
	spoiled, kept := place.Solve(in), place.Solve(in)
	want := placetest.Fingerprint(kept)
	placetest.Scribble(&spoiled)
	if placetest.Fingerprint(in) != before {
		t.Error("the plan shares memory with its input, or planning changed that")
	}
	if placetest.Fingerprint(kept) != want {
		t.Error("two plans share memory")
	}
}

// SCH-154, SCH-262: which domain goes first depends on names, never on the order
// in which they were met.
func TestOrderOfDomainsIsThatOfNames(t *testing.T) {
	for kind, g := range map[string]topology.Group{
		"spread": {Kind: topology.Spread, MaxSkew: 1}, "affinity": {Kind: topology.Affinity},
	} {
		var got []string
		for _, met := range [][]string{{"1", "2", "3"}, {"3", "2", "1"}} {
			w := newWorld(t)
			for _, zone := range met {
				w.v.Value(w.v.Key(label.Zone), zone)
			}
			w.pool(model.TemplateOptions{Pool: "default", Catalogue: w.threeZones()})
			w.add(2, w.obeying(1, requirement.Requirements{}, w.group(g, label.Zone)))
			got = append(got, w.byDomain(place.Solve(w.input()), label.Zone))
		}
		if got[0] != got[1] {
			t.Errorf("%s: got %s and %s", kind, got[0], got[1])
		}
	}
}
