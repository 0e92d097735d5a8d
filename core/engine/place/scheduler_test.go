// SPDX-License-Identifier: Apache-2.0

package place_test

import (
	"testing"

	"karpenter.sh/core/engine/constraint"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/core/engine/taint"
	"karpenter.sh/core/engine/topology"
)

// Cases in which the scheduler sees more than one rule of one pod at a time:
// each was once planned in a way that it refuses.
func TestAsTheSchedulerSeesIt(t *testing.T) {
	anywhere := requirement.Requirements{}
	spread := topology.Group{Kind: topology.Spread, MaxSkew: 1}
	for _, tc := range []struct {
		why   string
		setup func(*world)
		want  string
	}{
		{"SCH-152 a spread looks at the domains of all OR-ed terms", func(w *world) {
			g := spread
			g.Terms = []constraint.Sets{w.v.Compile(inZone("1")), w.v.Compile(inZone("2"))}
			c := w.class(1, 1, inZone("1"), inZone("2"))
			obey(c, 0, w.group(g, label.Zone))
			w.add(4, c)
		}, "1:2 2:2"},
		{"SCH-152 without a node filter a spread looks at domains that the pod cannot reach", func(w *world) {
			g := spread
			g.Counts = w.counts(label.Zone, map[string]int32{"2": 0})
			w.add(3, w.obeying(1, inZone("1"), w.group(g, label.Zone)))
		}, "1:1 left:2"},
		{"SCH-142 but only as long as some node is there", func(w *world) {
			w.add(3, w.obeying(1, inZone("1"), w.group(spread, label.Zone)))
		}, "1:3"},
		{"SCH-160 self-affinity does not start anew beside a match that the pod cannot reach", func(w *world) {
			g := w.group(topology.Group{Kind: topology.Affinity, Counts: w.counts(label.Zone, map[string]int32{"1": 1})}, label.Zone)
			w.add(2, w.obeying(1, inZone("2", "3"), g))
		}, "left:2"},
		{"SCH-160 self-affinity starts for all its terms or for none", func(w *world) {
			zone := w.group(topology.Group{Kind: topology.Affinity, Counts: w.counts(label.Zone, map[string]int32{"1": 1})}, label.Zone)
			arch := w.group(topology.Group{Kind: topology.Affinity}, label.Arch)
			c := w.class(1, 1)
			obey(c, 2, zone, arch)
			w.add(1, c)
		}, "left:1"},
		{"SCH-162 no anti-affinity over a label whose value is made up later", func(w *world) {
			w.pools = nil
			w.pool(model.TemplateOptions{Pool: "default", Catalogue: w.threeZones(), Requirements: requirement.All(requirement.Exists("team"))})
			w.add(2, w.obeying(1, anywhere, w.group(topology.Group{Kind: topology.AntiAffinity}, "team")))
		}, "left:2"},
		{"SCH-059 a label that a pod wants absent is not defined by that", func(w *world) {
			w.add(1, w.class(2, 1, requirement.All(requirement.NotIn("team", "red"))))
			w.add(1, w.class(1, 1, requirement.All(requirement.In("team", "blue"))))
		}, "?:1 left:1"},
		{"SCH-151 PreferNoSchedule does not hide a node", func(w *world) {
			w.pools = nil
			w.node(model.Node{Name: "n", Free: vector(8, 32, 10), Taints: []taint.Taint{{Key: "soft", Effect: taint.PreferNoSchedule}}}, map[string]string{label.Zone: "1"})
			g := spread
			g.HonorTaints, g.Counts = true, w.counts(label.Zone, map[string]int32{"1": 0, "2": 0})
			w.add(2, w.obeying(1, anywhere, w.group(g, label.Zone)))
		}, "1:1 left:1"},
		{"SCH-151 a node without the key of another constraint does not count", func(w *world) {
			w.pools = nil
			w.node(model.Node{Name: "n", Free: vector(8, 32, 10)}, map[string]string{label.Zone: "1"})
			g := spread
			g.Beside, g.Counts = []constraint.Key{w.v.Key("rack")}, w.counts(label.Zone, map[string]int32{"1": 0, "2": 0})
			w.add(2, w.obeying(1, anywhere, w.group(g, label.Zone)))
		}, "1:2"},
		{"SCH-165 a bin counts once its requirements pass the filter of a spread", func(w *world) {
			g := spread
			g.Terms = []constraint.Sets{w.v.Compile(requirement.All(requirement.In(label.Arch, "amd64")))}
			g.Counts = w.counts(label.Zone, map[string]int32{"2": 0})
			i := w.group(g, label.Zone)
			counted := w.class(3, 1, inZone("1")) // the filter does not pass yet
			counted.Topology.Counted = []int32{i}
			w.add(1, counted)
			w.add(1, w.class(2, 1, requirement.All(requirement.In(label.Arch, "amd64"), requirement.In(label.Zone, "1"))))
			w.add(1, w.obeying(1, requirement.All(requirement.In(label.Arch, "amd64"), requirement.In(label.Zone, "1")), i))
		}, "1:2 left:1"},
	} {
		t.Run(tc.why, func(t *testing.T) {
			w := newWorld(t)
			w.pool(model.TemplateOptions{Pool: "default", Catalogue: w.threeZones()})
			tc.setup(w)
			if got := w.byDomain(place.Solve(w.input()), label.Zone); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

// obey makes the pods of a class match and obey groups, of which so many are
// required.
func obey(c *model.Class, required int, groups ...int32) {
	c.Topology.Counted = groups
	for i := range c.Attempts {
		c.Attempts[i].Rules, c.Attempts[i].Required = groups, required
	}
}
