// SPDX-License-Identifier: Apache-2.0

package place_test

import (
	"slices"
	"testing"

	"karpenter.sh/core/engine/attach"
	"karpenter.sh/core/engine/constraint"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/core/engine/resource"
	"karpenter.sh/core/engine/topology"
)

// SCH-266: pods stay where rules of others rely on them, although it would cost less
// to put them beside one another.
func TestWhereOthersRelyOnThem(t *testing.T) {
	anywhere := requirement.Requirements{}
	is := func(key string, values ...string) requirement.Requirements {
		return requirement.All(requirement.In(key, values...))
	}
	inA := is(label.Zone, "a")
	// beside makes pod 1 join pod 0, and pod 2 take a node of its own, with room for
	// pod 1: that would save the larger type of the first node.
	beside := func(w *world, filtered requirement.Requirements, change func(*topology.Group)) {
		g := topology.Group{Kind: topology.Spread, MaxSkew: 1, Counts: w.counts(label.Zone, map[string]int32{"a": 0, "b": 0})}
		change(&g)
		group := w.group(g, label.Zone)
		w.add(1, w.class(8, 1, inA.Intersect(is(label.InstanceType, "8-cpu", "16-cpu"))))
		w.add(1, w.counting(1, inA, group))
		w.add(1, demanding(w.obeying(3, inA.Intersect(is(label.InstanceType, "4-cpu")).Intersect(filtered), group)))
	}
	// rather makes pod 1, which would rather not be in a zone with pod 2, join pod 0
	// in zone a; pod 2 is in zone b.
	rather := func(w *world, more ...int32) {
		apart := w.group(topology.Group{Kind: topology.AntiAffinity}, label.Zone)
		w.add(1, w.class(6, 1, inA))
		c := yielding(w.obeying(3, anywhere, append(more, apart)...))
		c.Topology.Counted = more
		w.add(1, c)
		w.add(1, w.counting(1, is(label.Zone, "b"), apart))
	}
	for _, tc := range []struct {
		why   string
		setup func(*world)
		apart []int // never on one node
	}{
		{"they would count where a rule's filter looks", func(w *world) {
			beside(w, is(label.CapacityType, label.OnDemand), func(g *topology.Group) {
				g.Terms = []constraint.Sets{w.v.Compile(is(label.CapacityType, label.OnDemand))}
			})
		}, []int{1, 2}},
		{"they would count where nodes have the key of another constraint", func(w *world) {
			w.pools = nil
			w.pool(model.TemplateOptions{Pool: "p", Requirements: requirement.All(requirement.Exists("rack"))})
			beside(w, is("rack", "7"), func(g *topology.Group) { g.Beside = []constraint.Key{w.v.Key("rack")} })
		}, []int{1, 2}},
		{"others keep away from them on a node", func(w *world) {
			g := w.group(topology.Group{Kind: topology.AntiAffinity}, label.Hostname)
			w.add(2, w.counting(3, anywhere, g))
			w.add(1, w.keepingOut(1, anywhere, g))
		}, []int{0, 2}},
		{"they would rather not be in a zone with the other", func(w *world) { rather(w) }, []int{1, 2}},
		{"even if a rule on nodes keeps them where they are", func(w *world) {
			rather(w, w.group(topology.Group{Kind: topology.Spread, MaxSkew: 5}, label.Hostname))
		}, []int{1, 2}},
	} {
		t.Run(tc.why, func(t *testing.T) {
			w := newWorld(t)
			w.pool(model.TemplateOptions{Pool: "p"})
			tc.setup(w)
			before, plan := place.Solve(w.input()), w.repacked()
			w.checkPods(0, plan)
			for _, b := range slices.Concat(before.Bins, plan.Bins) {
				if together(b, tc.apart...) {
					t.Errorf("before %q, after %q", w.outline(before), w.outline(plan))
				}
			}
		})
	}
}

// SCH-165, SCH-266: pods that count where the only types are sold that hold them and
// their neighbours remain there without these.
func TestPodsRemainInTheZoneOfTheirTypes(t *testing.T) {
	for _, finish := range []func(*model.Class) *model.Class{demanding, yielding} {
		w := newWorld(t)
		types := w.soldIn("1", "2", "3")
		types[3] = w.inZones(types[3], "1")
		w.pool(model.TemplateOptions{Pool: "p", Catalogue: w.catalogue(types)})
		w.pool(model.TemplateOptions{Pool: "other", Catalogue: w.threeZones()})
		on := func(pool string) requirement.Requirements {
			return requirement.All(requirement.In(label.NodePool, pool))
		}
		g := w.group(topology.Group{Kind: topology.Spread, MaxSkew: 1}, label.Zone)
		w.add(1, w.counting(5, on("p"), g))
		w.add(1, w.class(4, 1, on("p")))
		w.add(2, finish(w.obeying(3, on("other"), g)))
		if got := w.byDomain(place.Solve(w.input()), label.Zone); got != "2:1 3:1 ?:2" {
			t.Errorf("before: %s", got)
		}
		if got := w.byDomain(w.repacked(), label.Zone); got != "1:1 2:1 3:1 ?:1" {
			t.Errorf("after: %s", got)
		}
	}
}

// SCH-266: what does not stand in the way of a cheaper mix. Pods that need CPU go
// together with pods that need memory.
func TestWhatMayMove(t *testing.T) {
	inA := requirement.All(requirement.In(label.Zone, "a"))
	mixed := []string{"p: 16-cpu with 3 pods", "p: 16-cpu with 5 pods"}
	plain := func(w *world) { w.pool(model.TemplateOptions{Pool: "p"}) }
	cpu := func(w *world) *model.Class { return w.class(4, 1) }
	for _, tc := range []struct {
		why  string
		pool func(*world)
		cpu  func(*world) *model.Class
	}{
		{"rules that nobody obeys", plain, func(w *world) *model.Class {
			return w.counting(4, requirement.Requirements{}, w.group(topology.Group{Kind: topology.Spread, MaxSkew: 1}, label.Hostname))
		}},
		{"a filter that goes with the pods", plain, func(w *world) *model.Class {
			return w.obeying(4, inA, w.group(topology.Group{Kind: topology.Spread, MaxSkew: 9, Terms: []constraint.Sets{w.v.Compile(inA)}}, label.Zone))
		}},
		{"zones that stay open, and that others keep away from", func(w *world) {
			plain(w)
			w.pool(model.TemplateOptions{Pool: "other", Requirements: inA})
		}, func(w *world) *model.Class {
			g := w.group(topology.Group{Kind: topology.AntiAffinity}, label.Zone)
			w.add(1, w.keepingOut(16, requirement.All(requirement.In(label.NodePool, "other")), g))
			return w.counting(4, requirement.All(requirement.In(label.NodePool, "p")), g)
		}},
		{"claims, as long as nodes have turned out to attach all", plain, cpu},
		{"limits that leave enough for the new mix, not for both", func(w *world) {
			w.pool(model.TemplateOptions{Pool: "p"}, model.Limit{Resource: resource.Nodes, Amount: 3})
		}, cpu},
		{"types that nobody wants", func(w *world) {
			types := append(w.sizes(), w.itype("dear", 16))
			for i := range types[4].Groups[0].Offerings {
				types[4].Groups[0].Offerings[i].Price = 0.1
			}
			w.pool(model.TemplateOptions{Pool: "p", Catalogue: w.catalogue(types), Requirements: requirement.All(requirement.NotIn(label.InstanceType, "dear"))})
		}, cpu},
	} {
		t.Run(tc.why, func(t *testing.T) {
			w := newWorld(t)
			tc.pool(w)
			c := tc.cpu(w)
			w.add(4, c)
			for i := range w.pods {
				w.pods[i].Attachments = []attach.Attachment{{Driver: "d", Claim: w.pods[i].Name}}
			}
			w.add(4, w.class(1, 24, requirement.All(requirement.In(label.NodePool, "p"))))
			plan := w.repacked()
			got := slices.DeleteFunc(w.outline(plan), func(s string) bool { return s == "other: 16-cpu with 1 pods" })
			if !slices.Equal(got, mixed) {
				t.Errorf("got %q", got)
			}
		})
	}
}

// SCH-266: pods that stay do not keep others from filling up their nodes, even
// where these narrow them.
func TestNodesOfPodsThatStayAreFilledUp(t *testing.T) {
	w := newWorld(t)
	w.pool(model.TemplateOptions{Pool: "p"})
	idle := w.group(topology.Group{Kind: topology.Spread, MaxSkew: 9}, label.Zone)
	c := w.obeying(1, requirement.Requirements{}, w.group(topology.Group{Kind: topology.AntiAffinity}, label.Hostname))
	c.Topology.Counted = append(c.Topology.Counted, idle)
	w.add(4, c)
	w.add(4, w.class(1, 2, requirement.All(requirement.In(label.Zone, "a"))))
	want := "p: 2-cpu with 2 pods"
	if got := w.outline(w.repacked()); !slices.Equal(got, []string{want, want, want, want}) {
		t.Errorf("got %q", got)
	}
}

// SCH-195, SCH-266: a cheaper mix keeps to minValues, and nodes go on saying so.
func TestRepackKeepsMinValues(t *testing.T) {
	for policy, n := range map[requirement.MinValuesPolicy]int{requirement.StrictMinValues: 2, requirement.BestEffortMinValues: 9} {
		for _, sticky := range []bool{false, true} {
			w := newWorld(t)
			w.pool(model.TemplateOptions{Pool: "p", Requirements: atLeast(n)})
			stays := w.class(4, 1)
			if sticky {
				stays = w.obeying(4, requirement.Requirements{}, w.group(topology.Group{Kind: topology.Spread, MaxSkew: 9}, label.Hostname))
			}
			w.add(4, stays)
			w.add(4, w.class(1, 24))
			in := w.input()
			in.MinValues, in.Repack = policy, place.RepackSteps
			plan := place.Solve(in)
			w.checkPods(0, plan)
			for _, b := range plan.Bins {
				if policy == requirement.StrictMinValues && len(b.Types) < n {
					t.Errorf("%v: %d types: %q", sticky, len(b.Types), w.outline(plan))
				}
				if len(b.Minimums) != 1 || b.Relaxed != (policy == requirement.BestEffortMinValues) || b.Minimums[0].Values > len(b.Types) {
					t.Errorf("%v: %+v, relaxed: %v, %d types", sticky, b.Minimums, b.Relaxed, len(b.Types))
				}
			}
		}
	}
}

// SCH-195, SCH-266: nodes that offer less choice than the pool asks for go on saying
// so with other pods.
func TestRelaxedNodesRemainSo(t *testing.T) {
	w := newWorld(t)
	w.pool(model.TemplateOptions{Pool: "p", Requirements: requirement.All(requirement.Exists(label.Zone).WithMinValues(9))})
	w.add(4, w.obeying(1, requirement.Requirements{}, w.group(topology.Group{Kind: topology.AntiAffinity}, label.Hostname)))
	w.add(4, w.class(1, 1))
	in := w.input()
	in.MinValues, in.Repack = requirement.BestEffortMinValues, place.RepackSteps
	plan := place.Solve(in)
	for _, b := range plan.Bins {
		if len(b.Pods) != 2 || !b.Relaxed || len(b.Minimums) != 1 || b.Minimums[0].Values != 2 {
			t.Errorf("got %+v", b)
		}
	}
}

// SCH-201, SCH-266: the search looks only for types that the limits leave.
func TestRepackWithinLimits(t *testing.T) {
	w := newWorld(t)
	types := w.sizes()
	for i := range types[3].Groups[0].Offerings {
		types[3].Groups[0].Offerings[i].Price = 0.1
	}
	w.pool(model.TemplateOptions{Pool: "p", Catalogue: w.catalogue(types)}, model.Limit{Resource: resource.CPU, Amount: 15_000})
	w.add(1, w.class(4, 1))
	w.add(1, w.class(1, 1))
	got := w.outline(w.repacked())
	slices.Sort(got)
	if !slices.Equal(got, []string{"p: 2-cpu with 1 pods", "p: 4-cpu with 1 pods"}) {
		t.Errorf("got %q", got)
	}
}

// SCH-201, SCH-266: a mix that comes to nothing leaves the limits as they were charged.
func TestRepackLeavesLimitsCharged(t *testing.T) {
	w := newWorld(t)
	w.pool(model.TemplateOptions{Pool: "p"}, model.Limit{Resource: resource.CPU, Amount: 17_000})
	w.add(3, w.class(9, 1))
	before, after := place.Solve(w.input()), w.repacked()
	if len(before.Unplaced) != 2 || len(after.Unplaced) != 2 {
		t.Fatalf("before %q, after %q", w.outline(before), w.outline(after))
	}
	if want, got := before.Unplaced[0].Why.String(), after.Unplaced[0].Why.String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
