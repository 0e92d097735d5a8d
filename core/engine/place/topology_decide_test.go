// SPDX-License-Identifier: Apache-2.0

package place_test

import (
	"testing"

	"karpenter.sh/core/engine/constraint"
	"karpenter.sh/core/engine/hostport"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/core/engine/topology"
)

// SCH-165: how open zones are decided in the end, on new nodes of a pool of its own.
func TestWhereOpenZonesAreDecided(t *testing.T) {
	on := func(pool string) requirement.Requirements {
		return requirement.All(requirement.In(label.NodePool, pool))
	}
	for _, tc := range []struct {
		why    string
		repack bool
		counts map[string]int32
		setup  func(*world, *topology.Group) []*model.Class // of pool "other"
		want   string
	}{
		{"one after another, each seeing those before", false, map[string]int32{"1": 0, "2": 0, "3": 0}, func(w *world, _ *topology.Group) []*model.Class {
			w.pool(model.TemplateOptions{Pool: "other", Catalogue: w.threeZones()})
			return []*model.Class{w.class(9, 1, on("other")), w.class(8, 1, on("other"))}
		}, "1:1 2:1 3:1"},
		{"not those that the rule does not look at", false, map[string]int32{"1": 2, "2": 0, "3": 2}, func(w *world, g *topology.Group) []*model.Class {
			w.pool(model.TemplateOptions{Pool: "other", Catalogue: w.threeZones()})
			g.Terms = []constraint.Sets{w.v.Compile(on("default"))}
			return []*model.Class{w.class(1, 1, on("other"))}
		}, "2:1 ?:1"},
		{"where enough types are left", false, map[string]int32{"1": 2, "2": 0, "3": 1}, func(w *world, _ *topology.Group) []*model.Class {
			types := w.soldIn("1", "2", "3")
			for _, i := range []int{0, 1, 2} {
				types[i] = w.inZones(types[i], "1", "3")
			}
			w.pool(model.TemplateOptions{Pool: "other", Catalogue: w.catalogue(types), Requirements: atLeast(2)})
			return []*model.Class{w.class(1, 1, on("other"))}
		}, "2:1 3:1"},
		{"also when machines are mixed anew", true, map[string]int32{"1": 2, "2": 0, "3": 2}, func(w *world, _ *topology.Group) []*model.Class {
			w.pool(model.TemplateOptions{Pool: "other", Catalogue: w.threeZones()})
			w.add(1, w.class(4, 1, on("other")))
			return []*model.Class{w.class(1, 1, on("other"))}
		}, "2:2 ?:1"},
		{"as are pods counted whose node stays as it is", true, map[string]int32{"1": 9, "2": 0, "3": 4}, func(w *world, _ *topology.Group) []*model.Class {
			w.pool(model.TemplateOptions{Pool: "other", Catalogue: w.threeZones()})
			w.add(1, w.class(4, 1, on("other")))
			out := []*model.Class{w.class(1, 1, on("other"))}
			for i := range int32(2) {
				c := w.class(1, 1, on("other").Intersect(inZone("2")).Intersect(requirement.All(requirement.In(label.InstanceType, "2-cpu"))))
				c.Ports = hostport.Ports{{IP: "0.0.0.0", Number: 80 + i, Protocol: "TCP"}}
				out = append(out, c)
			}
			return out
		}, "2:4 ?:1"},
	} {
		t.Run(tc.why, func(t *testing.T) {
			w := newWorld(t)
			w.pool(model.TemplateOptions{Pool: "default", Catalogue: w.threeZones()})
			g := w.group(topology.Group{Kind: topology.Spread, MaxSkew: 9, Counts: w.counts(label.Zone, tc.counts)}, label.Zone)
			w.add(1, demanding(w.obeying(3, on("default"), g)))
			for _, c := range tc.setup(w, w.groups[g]) {
				c.Topology.Counted = []int32{g}
				w.add(1, c)
			}
			in := w.input()
			if tc.repack {
				in.Repack = place.RepackSteps
			}
			plan := place.Solve(in)
			if got := w.byDomain(plan, label.Zone); got != tc.want {
				t.Errorf("got %s, want %s: %q", got, tc.want, w.outline(plan))
			}
			for _, b := range plan.Bins {
				s, _ := b.Requirements.Get(w.v.Key(label.Zone))
				for _, i := range b.Types {
					of, _ := w.pools[b.Pool].Catalogue.Type(i).Requirements.Get(w.v.Key(label.Zone))
					if zone, single := s.Single(); single && !of.Values().Has(int(zone)) {
						t.Errorf("type %d is not sold in its zone", i)
					}
				}
			}
		})
	}
}
