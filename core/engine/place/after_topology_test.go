// SPDX-License-Identifier: Apache-2.0

package place_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"karpenter.sh/core/engine/constraint"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/core/engine/taint"
	"karpenter.sh/core/engine/topology"
)

// counted is what a group counts, by domain or by host.
func (w *world) counted(g *topology.Group) string {
	var out []string
	for d, n := range g.Counts {
		out = append(out, fmt.Sprintf("%s:%d", w.v.ValueName(g.Key, d), n))
	}
	for name, n := range g.Hosts {
		out = append(out, fmt.Sprintf("%s:%d", name, n))
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

// kinds are those of groups; decided ones count pods only where that is known.
var kinds = []struct {
	name    string
	kind    topology.Kind
	decided bool
}{
	{"spread", topology.Spread, true}, {"affinity", topology.Affinity, true},
	{"anti-affinity", topology.AntiAffinity, false}, {"inverse", topology.Inverse, false},
}

// member makes a class whose pods a group counts, whatever its kind.
func (w *world) member(cpu int64, wanted requirement.Requirements, group int32) *model.Class {
	c := w.class(cpu, 1, wanted)
	if w.groups[group].Kind == topology.Inverse {
		c.Topology.Owned = []int32{group}
	} else {
		c.Topology.Counted = []int32{group}
	}
	return c
}

// DIS-160, SCH-165, SCH-166: pods count where they went and no longer where they
// were; on new nodes as far as it is known where those will be.
func TestAfterCounts(t *testing.T) {
	anywhere := requirement.Requirements{}
	for _, tc := range []struct {
		why, key string
		setup    func(w *world, group int32)
		want     string
		possible string // if groups that are not decided count otherwise
	}{
		{"on a node", label.Zone, func(w *world, g int32) {
			w.ready("n", "a")
			w.add(2, w.member(2, anywhere, g))
		}, "a:2", ""},
		{"on the host", label.Hostname, func(w *world, g int32) {
			w.ready("n", "a")
			w.add(2, w.member(2, anywhere, g))
		}, "n:2", ""},
		{"from zone to zone", label.Zone, func(w *world, g int32) {
			w.ready("m", "a")
			w.ready("n", "b")
			w.add(1, w.member(2, anywhere, g))
			w.leaves(0)
		}, "a:0 b:1", ""},
		{"from host to host", label.Hostname, func(w *world, g int32) {
			w.ready("m", "a")
			w.ready("n", "b")
			w.add(1, w.member(2, anywhere, g))
			w.leaves(0)
		}, "m:0 n:1", ""},
		{"beside those that stay", label.Zone, func(w *world, g int32) {
			w.ready("m", "a")
			w.ready("n", "b")
			c := w.member(2, anywhere, g)
			w.bind(c, "m", "a")
			w.bind(c, "n", "b")
			w.add(1, c)
			w.leaves(0)
		}, "a:1 b:2", ""},
		{"a new node in the only zone that its pods want", label.Zone, func(w *world, g int32) {
			w.pool(model.TemplateOptions{Pool: "p"})
			w.add(2, w.member(2, inZone("b"), g))
		}, "b:2", ""},
		{"a new node that may come up in two zones", label.Zone, func(w *world, g int32) {
			w.pool(model.TemplateOptions{Pool: "p"})
			w.add(2, w.member(2, anywhere, g))
		}, "", "a:2 b:2"},
		{"a new node of types that are sold in one zone", label.Zone, func(w *world, g int32) {
			types := w.sizes()
			types[3] = w.inZones(types[3], "b")
			w.pool(model.TemplateOptions{Pool: "p", Catalogue: w.catalogue(types)})
			w.add(1, w.member(9, anywhere, g))
		}, "b:1", "a:1 b:1"},
		{"from a node to a new one", label.Zone, func(w *world, g int32) {
			w.ready("m", "a")
			w.pool(model.TemplateOptions{Pool: "p"})
			w.add(1, w.member(2, inZone("b"), g))
			w.leaves(0)
		}, "a:0 b:1", ""},
		{"the host of a new node has no name yet", label.Hostname, func(w *world, g int32) {
			w.ready("m", "a")
			w.pool(model.TemplateOptions{Pool: "p"})
			w.add(2, w.member(2, inZone("b"), g))
			w.leaves(0)
		}, "m:0 new nodes:2", ""},
	} {
		for _, k := range kinds {
			t.Run(tc.why+", "+k.name, func(t *testing.T) {
				w := newWorld(t)
				g := w.group(topology.Group{Kind: k.kind, MaxSkew: 9}, tc.key)
				tc.setup(w, g)
				want := tc.want
				if !k.decided && tc.possible != "" {
					want = tc.possible
				}
				in := w.first(len(w.pods))
				if got := w.counted(w.after(in, place.Solve(in)).Groups[g]); got != want {
					t.Errorf("got %q, want %q", got, want)
				}
			})
		}
	}
}

// DIS-160, SCH-151: a spread counts no pods on nodes that it does not look at, and
// takes none off that it did not count.
func TestAfterCountsWhereARuleLooks(t *testing.T) {
	hard := []taint.Taint{{Key: "dedicated", Effect: taint.NoSchedule}}
	tainted := func(n *model.Node) { n.Taints = hard }
	honoring := func(_ *world, g *topology.Group) { g.HonorTaints = true }
	amd64 := func(w *world, g *topology.Group) {
		g.Terms = []constraint.Sets{w.v.Compile(requirement.All(requirement.In(label.Arch, "amd64")))}
	}
	racks := func(w *world, g *topology.Group) { g.Beside = []constraint.Key{w.v.Key("rack")} }
	for _, tc := range []struct {
		why    string
		filter func(*world, *topology.Group)
		setup  func(*world, *model.Class)
		want   string
	}{
		{"a tainted node", honoring, func(w *world, c *model.Class) {
			w.ready("n", "a", tainted)
			w.add(1, c)
		}, ""},
		{"from a tainted node", honoring, func(w *world, c *model.Class) {
			w.ready("m", "a", tainted)
			w.ready("n", "b")
			w.add(1, c)
			w.pods[0].From = w.nodes[0]
		}, "b:1"},
		{"new nodes of a tainted pool", honoring, func(w *world, c *model.Class) {
			w.pool(model.TemplateOptions{Pool: "p", Requirements: inZone("a"), Taints: hard})
			w.add(1, c)
		}, ""},
		{"a node that its terms exclude", amd64, func(w *world, c *model.Class) {
			w.ready("n", "a")
			w.add(1, c)
		}, ""},
		{"a new node that they may exclude", amd64, func(w *world, c *model.Class) {
			w.pool(model.TemplateOptions{Pool: "p", Requirements: inZone("a")})
			w.add(1, c)
		}, ""},
		{"one that they admit", amd64, func(w *world, c *model.Class) {
			w.pool(model.TemplateOptions{Pool: "p", Requirements: inZone("a").With(requirement.In(label.Arch, "amd64"))})
			w.add(1, c)
		}, "a:1"},
		{"new nodes without the label of another rule", racks, func(w *world, c *model.Class) {
			w.pool(model.TemplateOptions{Pool: "p", Requirements: inZone("a")})
			w.add(1, c)
		}, ""},
	} {
		t.Run(tc.why, func(t *testing.T) {
			w := newWorld(t)
			g := w.group(topology.Group{Kind: topology.Spread, MaxSkew: 9}, label.Zone)
			tc.filter(w, w.groups[g])
			c := w.member(1, requirement.Requirements{}, g)
			c.Tolerations = taint.Tolerations{{Key: "dedicated", Operator: taint.TolerateExists}}
			tc.setup(w, c)
			in := w.first(len(w.pods))
			plan := place.Solve(in)
			if len(plan.Unplaced) > 0 {
				t.Fatalf("got %q", w.outline(plan))
			}
			if got := w.counted(w.after(in, plan).Groups[g]); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

// DIS-160: rules see the pods of plans that are carried out.
func TestAfterRulesHold(t *testing.T) {
	anywhere := requirement.Requirements{}
	repelled := func(w *world, inverse int32) *model.Class {
		c := w.class(1, 1)
		c.Topology.Repelling = []int32{inverse}
		return c
	}
	for _, tc := range []struct {
		why   string
		kind  topology.Kind
		key   string
		setup func(w *world, group int32)
		want  string
	}{
		{"SCH-153 a spread goes on evenly", topology.Spread, label.Zone, func(w *world, g int32) {
			w.ready("a", "a")
			w.ready("b", "b")
			w.groups[g].Counts = w.counts(label.Zone, map[string]int32{"a": 0, "b": 0})
			w.add(1, w.member(1, inZone("a"), g))
			w.add(1, w.obeying(1, anywhere, g))
		}, "pod-0 on a | pod-1 on b"},
		{"SCH-155 on hosts as well", topology.Spread, label.Hostname, func(w *world, g int32) {
			w.ready("a", "a")
			w.ready("b", "b")
			w.add(3, w.obeying(1, anywhere, g))
		}, "pod-0 on a | pod-1 on b, pod-2 left"},
		{"SCH-160 who needs company follows", topology.Affinity, label.Zone, func(w *world, g int32) {
			w.ready("a", "a")
			w.ready("b", "b")
			w.add(1, w.member(1, inZone("b"), g))
			w.add(1, w.keeping(g))
		}, "pod-0 on b | pod-1 on b"},
		{"SCH-160 but not to where it was", topology.Affinity, label.Zone, func(w *world, g int32) {
			w.ready("a1", "a")
			w.ready("a2", "a")
			w.ready("b", "b")
			w.add(1, w.member(1, inZone("b"), g))
			w.leaves(0)
			w.add(1, w.keeping(g))
		}, "pod-0 on b | pod-1 on b"},
		{"SCH-160 nobody starts anew while the first one waits for its node", topology.Affinity, label.Hostname, func(w *world, g int32) {
			w.ready("n", "a")
			w.pool(model.TemplateOptions{Pool: "p"})
			w.add(1, demanding(w.obeying(5, anywhere, g)))
			w.add(1, demanding(w.obeying(1, anywhere, g)))
		}, "p: 8-cpu with 1 pods | pod-1 left"},
		{"SCH-162 who keeps away does, from all zones where a new node may be", topology.AntiAffinity, label.Zone, func(w *world, g int32) {
			w.ready("n", "a")
			w.pool(model.TemplateOptions{Pool: "p"})
			w.add(1, w.member(5, anywhere, g))
			w.add(1, w.keeping(g))
		}, "p: 8-cpu with 1 pods | pod-1 left"},
		{"SCH-162 but not from other new nodes", topology.AntiAffinity, label.Hostname, func(w *world, g int32) {
			w.pool(model.TemplateOptions{Pool: "p"})
			w.add(2, w.obeying(1, anywhere, g))
		}, "p: 2-cpu with 1 pods | p: 2-cpu with 1 pods"},
		{"SCH-163 and is kept away from", topology.Inverse, label.Zone, func(w *world, g int32) {
			w.ready("a", "a")
			w.ready("b", "b")
			w.add(1, w.member(1, inZone("a"), g))
			w.add(1, repelled(w, g))
		}, "pod-0 on a | pod-1 on b"},
		{"SCH-163 not where it was", topology.Inverse, label.Zone, func(w *world, g int32) {
			w.ready("a1", "a")
			w.ready("a2", "a")
			w.ready("b", "b")
			w.add(1, w.member(1, inZone("b"), g))
			w.leaves(0)
			w.add(1, repelled(w, g))
		}, "pod-0 on b | pod-1 on a2"},
	} {
		t.Run(tc.why, func(t *testing.T) {
			w := newWorld(t)
			tc.setup(w, w.group(topology.Group{Kind: tc.kind, MaxSkew: 1}, tc.key))
			if got := w.inTurn(w.first(1), (*world).outline); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}
