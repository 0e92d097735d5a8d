// SPDX-License-Identifier: Apache-2.0

package place_test

import (
	"slices"
	"strings"
	"testing"

	"karpenter.sh/core/engine/constraint"
	"karpenter.sh/core/engine/hostport"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/core/engine/resource"
	"karpenter.sh/core/engine/taint"
	"karpenter.sh/core/engine/topology"
)

// soldIn is a catalogue of types of 2, 4, 8 and 16 CPU, sold in the zones.
func (w *world) soldIn(zones ...string) []model.Type {
	types := w.sizes()
	for i := range types {
		types[i] = w.inZones(types[i], zones...)
	}
	return types
}

func (w *world) catalogue(types []model.Type) *model.Catalogue { return model.NewCatalogue(w.v, types) }

// yielding makes a class that gives its rules up when they cannot be met, as
// ScheduleAnyway does.
func yielding(c *model.Class) *model.Class {
	bare := c.Attempts[len(c.Attempts)-1]
	for i := range c.Attempts {
		c.Attempts[i].Required, c.Attempts[i].SoftTaints = 0, false
	}
	bare.Rules, bare.Required, bare.SoftTaints = nil, 0, true
	c.Attempts = append(c.Attempts, bare)
	return c
}

// demanding makes all rules of a class demands.
func demanding(c *model.Class) *model.Class {
	for i := range c.Attempts {
		c.Attempts[i].Required = len(c.Attempts[i].Rules)
	}
	return c
}

// SCH-142: nine pods, one usable pool in zones 1 to 3, and another pool that names
// a zone in which it cannot give such a pod a node.
func TestZonesThatCannotBeHadDoNotCount(t *testing.T) {
	port := hostport.Ports{{IP: "0.0.0.0", Number: 80, Protocol: "TCP"}}
	everywhere := []string{"1", "2", "3", "4"}
	for _, tc := range []struct {
		why   string
		other func(*world) (model.TemplateOptions, model.Limits)
	}{
		{"(a) it requires a zone that is not sold", func(w *world) (model.TemplateOptions, model.Limits) {
			return model.TemplateOptions{Catalogue: w.threeZones(), Requirements: inZone("test-zone-x")}, nil
		}},
		{"(b) its limit is 0", func(w *world) (model.TemplateOptions, model.Limits) {
			return model.TemplateOptions{Catalogue: w.catalogue(w.soldIn("4"))}, model.Limits{{Resource: resource.CPU}}
		}},
		{"it may have no more nodes", func(w *world) (model.TemplateOptions, model.Limits) {
			return model.TemplateOptions{Catalogue: w.catalogue(w.soldIn("4"))}, model.Limits{{Resource: resource.Nodes}}
		}},
		{"(c) it is tainted", func(w *world) (model.TemplateOptions, model.Limits) {
			return model.TemplateOptions{Catalogue: w.catalogue(w.soldIn("4")), Taints: []taint.Taint{{Key: "gpu", Effect: taint.NoSchedule}}}, nil
		}},
		{"(d) the pod's selector excludes it", func(w *world) (model.TemplateOptions, model.Limits) {
			return model.TemplateOptions{Catalogue: w.catalogue(w.soldIn(everywhere...)), Requirements: requirement.All(requirement.In("team", "red"))}, nil
		}},
		{"no offering is available", func(w *world) (model.TemplateOptions, model.Limits) {
			types := w.soldIn("4")
			for i := range types {
				types[i].Groups[0].Offerings[0].Available = false
			}
			return model.TemplateOptions{Catalogue: w.catalogue(types)}, nil
		}},
		{"its types are too small", func(w *world) (model.TemplateOptions, model.Limits) {
			return model.TemplateOptions{Catalogue: w.catalogue(w.soldIn("4")[:1])}, nil
		}},
		{"its daemons leave no room", func(w *world) (model.TemplateOptions, model.Limits) {
			return model.TemplateOptions{Catalogue: w.catalogue(w.soldIn("4")[1:2]), Overhead: []resource.Vector{vector(2, 0, 1)}}, nil
		}},
		{"its daemons take the port", func(w *world) (model.TemplateOptions, model.Limits) {
			return model.TemplateOptions{Catalogue: w.catalogue(w.soldIn("4")[1:2]), DaemonPorts: []hostport.Ports{port}}, nil
		}},
		{"its minValues cannot be met", func(w *world) (model.TemplateOptions, model.Limits) {
			return model.TemplateOptions{
				Catalogue: w.catalogue(w.soldIn("4")), Requirements: requirement.All(requirement.Exists(label.InstanceType).WithMinValues(4)),
			}, nil
		}},
		{"its reservation is used up", func(w *world) (model.TemplateOptions, model.Limits) {
			types := w.soldIn("4")
			id := constraint.Label{Key: w.v.Key("reservation"), Value: w.v.Value(w.v.Key("reservation"), "r")}
			for i := range types {
				types[i].Groups[0].Offerings[0].Reservation = &model.Reservation{ID: id}
			}
			return model.TemplateOptions{Catalogue: w.catalogue(types)}, nil
		}},
	} {
		for kind, finish := range map[string]func(*model.Class) *model.Class{"DoNotSchedule": demanding, "ScheduleAnyway": yielding} {
			t.Run(tc.why+", "+kind, func(t *testing.T) {
				w := newWorld(t)
				w.pool(model.TemplateOptions{Pool: "web", Catalogue: w.threeZones(), Requirements: requirement.All(requirement.In("team", "blue"))})
				o, limits := tc.other(w)
				o.Pool = "other"
				w.pool(o, limits...)
				wanted := requirement.All(requirement.NotIn("team", "red"))
				g := w.group(topology.Group{Kind: topology.Spread, MaxSkew: 1, Terms: []constraint.Sets{w.v.Compile(wanted)}}, label.Zone)
				c := w.obeying(3, wanted, g)
				c.Ports = port
				w.add(9, finish(c))
				if got := w.byDomain(place.Solve(w.input()), label.Zone); got != "1:3 2:3 3:3" {
					t.Errorf("got %s", got)
				}
			})
		}
	}
}

// SCH-142, SCH-143, SCH-158: what changes in the course of a run.
func TestDomainsInTheCourseOfARun(t *testing.T) {
	anywhere := requirement.Requirements{}
	spread := topology.Group{Kind: topology.Spread, MaxSkew: 1}
	onPool := func(name string) requirement.Requirements {
		return requirement.All(requirement.In(label.NodePool, name))
	}
	for _, tc := range []struct {
		why   string
		setup func(*world)
		want  string
	}{
		{"a zone stops to count when others have used up the limits", func(w *world) {
			w.pool(model.TemplateOptions{Pool: "other", Catalogue: w.catalogue(w.soldIn("4", "5"))}, model.Limit{Resource: resource.Nodes, Amount: 1})
			g := spread
			g.Terms = []constraint.Sets{w.v.Compile(inZone("1", "2", "3", "4"))}
			w.add(1, w.class(16, 1, inZone("5")))
			w.add(6, w.obeying(3, inZone("1", "2", "3", "4"), w.group(g, label.Zone)))
		}, "1:2 2:2 3:2 5:1"},
		{"a zone where another workload gets a node counts, as for the scheduler", func(w *world) {
			w.pool(model.TemplateOptions{Pool: "other", Catalogue: w.catalogue(w.soldIn("4"))}, model.Limit{Resource: resource.Nodes, Amount: 1})
			w.add(1, w.class(16, 1, inZone("4")))
			w.add(6, w.obeying(3, anywhere, w.group(spread, label.Zone)))
		}, "1:1 2:1 3:1 4:1 left:3"},
		{"a zone does not count where nodes lack the label of another rule", func(w *world) {
			w.pools = nil
			w.pool(model.TemplateOptions{Pool: "default", Catalogue: w.threeZones(), Requirements: requirement.All(requirement.In("rack", "r"))})
			w.pool(model.TemplateOptions{Pool: "other", Catalogue: w.catalogue(w.soldIn("4"))})
			g, racks := spread, topology.Group{Kind: topology.Spread, MaxSkew: 9, Beside: []constraint.Key{w.v.Key(label.Zone)}}
			g.Beside = []constraint.Key{w.v.Key("rack")}
			w.add(6, w.obeying(3, anywhere, w.group(g, label.Zone), w.group(racks, "rack")))
		}, "1:2 2:2 3:2"},
		{"a zone where nothing can be had does not count because a bin is open", func(w *world) {
			w.pools = nil
			types := w.soldIn("1", "2", "3")
			for i := range types {
				types[i].Groups[0].Offerings[2].Available = false
			}
			w.pool(model.TemplateOptions{Pool: "default", Catalogue: w.catalogue(types)})
			w.add(1, w.class(16, 1))
			w.add(4, w.obeying(3, anywhere, w.group(spread, label.Zone)))
		}, "1:2 2:2 ?:1"},
		{"two workloads share a zone whose limits run out", func(w *world) {
			w.pool(model.TemplateOptions{Pool: "other", Catalogue: w.catalogue(w.soldIn("4")[:2])}, model.Limit{Resource: resource.Nodes, Amount: 1})
			w.add(4, w.obeying(2, anywhere, w.group(spread, label.Zone)))
			w.add(4, w.obeying(1, anywhere, w.group(spread, label.Zone)))
		}, "1:2 2:2 3:2 4:2"},
		{"a node that may end up where placed pods could not do with one stays away", func(w *world) {
			w.pool(model.TemplateOptions{Pool: "other", Catalogue: w.catalogue(w.soldIn("3", "4")), Requirements: inZone("3", "4")})
			w.add(6, demanding(w.obeying(3, onPool("default"), w.group(spread, label.Zone))))
			w.add(1, w.class(1, 1, onPool("other")))
		}, "1:2 2:2 3:3"},
		{"or has to wait", func(w *world) {
			w.pool(model.TemplateOptions{Pool: "other", Catalogue: w.catalogue(w.soldIn("4")), Requirements: inZone("4")})
			w.add(6, demanding(w.obeying(3, onPool("default"), w.group(spread, label.Zone))))
			w.add(1, w.class(1, 1, onPool("other")))
		}, "1:2 2:2 3:2 left:1"},
		{"not if the rule does not look there", func(w *world) {
			w.pool(model.TemplateOptions{Pool: "other", Catalogue: w.catalogue(w.soldIn("4")), Requirements: inZone("4")})
			g := spread
			g.Terms = []constraint.Sets{w.v.Compile(onPool("default"))}
			w.add(6, demanding(w.obeying(3, onPool("default"), w.group(g, label.Zone))))
			w.add(1, w.class(1, 1, onPool("other")))
		}, "1:2 2:2 3:2 4:1"},
		{"nor if the pods would rather have it than demand it", func(w *world) {
			w.pool(model.TemplateOptions{Pool: "other", Catalogue: w.catalogue(w.soldIn("4")), Requirements: inZone("4")})
			w.add(6, yielding(w.obeying(3, onPool("default"), w.group(spread, label.Zone))))
			w.add(1, w.class(1, 1, onPool("other")))
		}, "1:2 2:2 3:2 4:1"},
		{"nor if the zone is not one that the rule looks at", func(w *world) {
			w.pool(model.TemplateOptions{Pool: "other", Catalogue: w.catalogue(w.soldIn("3", "4")), Requirements: inZone("3", "4")})
			g := spread
			g.Terms = []constraint.Sets{w.v.Compile(inZone("1", "2", "3"))}
			w.add(6, demanding(w.obeying(3, onPool("default").Intersect(inZone("1", "2", "3")), w.group(g, label.Zone))))
			w.add(1, w.class(1, 1, onPool("other")))
		}, "1:2 2:2 3:2 ?:1"},
		{"nor if they demand each other's company only", func(w *world) {
			w.pool(model.TemplateOptions{Pool: "other", Catalogue: w.catalogue(w.soldIn("4")), Requirements: inZone("4")})
			w.add(2, demanding(w.obeying(3, onPool("default"), w.group(topology.Group{Kind: topology.Affinity}, label.Zone))))
			w.add(1, w.class(1, 1, onPool("other")))
		}, "1:2 4:1"},
		{"nor if there is another node already", func(w *world) {
			w.pool(model.TemplateOptions{Pool: "other", Catalogue: w.catalogue(w.soldIn("4")), Requirements: inZone("4")})
			g := w.group(spread, label.Zone)
			w.add(3, demanding(w.obeying(16, onPool("default"), g)))
			w.add(1, w.class(10, 1, onPool("other")))
			w.add(1, w.counting(9, onPool("default").Intersect(inZone("1")), g))
			w.add(1, w.class(8, 1, onPool("other")))
		}, "1:2 2:1 3:1 4:2"},
		{"it has to wait for pods on existing nodes as well", func(w *world) {
			w.pool(model.TemplateOptions{Pool: "other", Catalogue: w.catalogue(w.soldIn("4")), Requirements: inZone("4")})
			for _, zone := range []string{"1", "2", "3"} {
				w.node(model.Node{Name: "n" + zone, Free: vector(6, 36, 10)}, map[string]string{label.Zone: zone, label.NodePool: "default"})
			}
			g := spread
			g.Counts = w.counts(label.Zone, map[string]int32{"1": 0, "2": 0, "3": 0})
			w.add(6, demanding(w.obeying(3, onPool("default"), w.group(g, label.Zone))))
			w.add(1, w.class(1, 1, onPool("other")))
		}, "1:2 2:2 3:2 left:1"},
		{"a zone does not count where nodes lack the label of an affinity", func(w *world) {
			w.pools = nil
			w.pool(model.TemplateOptions{Pool: "default", Catalogue: w.threeZones(), Requirements: requirement.All(requirement.In("rack", "7"))})
			w.pool(model.TemplateOptions{Pool: "other", Catalogue: w.catalogue(w.soldIn("4"))})
			with := w.group(topology.Group{Kind: topology.Affinity, Counts: w.counts("rack", map[string]int32{"7": 1})}, "rack")
			w.add(6, w.obeying(3, anywhere, w.group(spread, label.Zone), with))
		}, "1:2 2:2 3:2"},
		{"it does where they lack that of an anti-affinity", func(w *world) {
			w.pools = nil
			w.pool(model.TemplateOptions{Pool: "default", Catalogue: w.threeZones(), Requirements: requirement.All(requirement.In("rack", "7"))})
			w.pool(model.TemplateOptions{Pool: "other", Catalogue: w.catalogue(w.soldIn("4"))})
			c := w.obeying(3, anywhere, w.group(spread, label.Zone), w.group(topology.Group{Kind: topology.AntiAffinity, Counts: w.counts("rack", map[string]int32{"8": 1})}, "rack"))
			c.Topology.Counted = c.Topology.Counted[:1]
			w.add(8, c)
		}, "1:2 2:2 3:2 4:2"},
		{"zones count although the volumes of the first pods are elsewhere", func(w *world) {
			g := w.group(spread, label.Zone)
			w.add(3, w.onVolumes(w.obeying(2, anywhere, g), inZone("1")))
			w.add(2, w.obeying(1, anywhere, g))
		}, "1:2 2:1 3:1 left:1"},
		{"nor if they can do with an empty zone more", func(w *world) {
			w.pool(model.TemplateOptions{Pool: "other", Catalogue: w.catalogue(w.soldIn("4")), Requirements: inZone("4")})
			w.add(3, demanding(w.obeying(3, onPool("default"), w.group(spread, label.Zone))))
			w.add(1, w.class(1, 1, onPool("other")))
		}, "1:1 2:1 3:1 4:1"},
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

// SCH-142: of two zones that share a limit, the second stops to count when the first
// has got its node.
func TestZonesThatShareALimit(t *testing.T) {
	w := newWorld(t)
	w.pool(model.TemplateOptions{Pool: "default", Catalogue: w.threeZones()})
	w.pool(model.TemplateOptions{Pool: "other", Catalogue: w.catalogue(w.soldIn("4", "5"))}, model.Limit{Resource: resource.Nodes, Amount: 1})
	w.add(8, w.obeying(1, requirement.Requirements{}, w.group(topology.Group{Kind: topology.Spread, MaxSkew: 1}, label.Zone)))
	if got := w.byDomain(place.Solve(w.input()), label.Zone); sizesOf(got) != "2/2/2/2" {
		t.Errorf("got %s", got)
	}
}

// SCH-158: whoever has to wait is told for what, and a cheaper mix of machines
// spares the same zones.
func TestSparedZones(t *testing.T) {
	w := newWorld(t)
	w.pool(model.TemplateOptions{Pool: "default", Catalogue: w.threeZones()})
	w.pool(model.TemplateOptions{Pool: "other", Catalogue: w.catalogue(w.soldIn("3", "4")), Requirements: inZone("3", "4")})
	onPool := func(name string, zone ...string) requirement.Requirements {
		return requirement.All(requirement.In(label.NodePool, name)).Intersect(inZone(zone...))
	}
	w.add(6, demanding(w.obeying(9, onPool("default", "1", "2", "3"), w.group(topology.Group{Kind: topology.Spread, MaxSkew: 1}, label.Zone))))
	w.add(3, w.class(3, 1, requirement.All(requirement.In(label.NodePool, "other"))))
	w.add(1, w.class(1, 1, onPool("other", "4")))
	in := w.input()
	in.Repack = place.RepackSteps
	plan := place.Solve(in)
	if got := w.byDomain(plan, label.Zone); got != "1:2 2:2 3:5 left:1" {
		t.Errorf("got %s", got)
	}
	if got := w.outline(plan); slices.Contains(got, "other: 16-cpu with 3 pods") {
		t.Errorf("%q was not packed anew", got)
	}
	want := `topology spread of other pods on key "topology.kubernetes.io/zone" (counts = {1: 2, 2: 2, 3: 2}`
	if got := plan.Unplaced[0].Why.String(); !strings.Contains(got, want) {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// SCH-165: pods that a spread counts and that do not demand it come up where they
// do no harm, although any zone would do for them.
func TestOpenZonesAreDecided(t *testing.T) {
	for _, tc := range []struct {
		why     string
		demands int
		want    string
	}{
		{"another pod was placed by the spread", 1, "2:2"},
		{"nobody demands it", 0, "?:1"},
	} {
		t.Run(tc.why, func(t *testing.T) {
			w := newWorld(t)
			w.pool(model.TemplateOptions{Pool: "default", Catalogue: w.threeZones()})
			w.pool(model.TemplateOptions{Pool: "other", Catalogue: w.threeZones()})
			on := func(pool string) requirement.Requirements {
				return requirement.All(requirement.In(label.NodePool, pool))
			}
			g := w.group(topology.Group{Kind: topology.Spread, MaxSkew: 2, Counts: w.counts(label.Zone, map[string]int32{"1": 2, "2": 0, "3": 2})}, label.Zone)
			w.add(tc.demands, demanding(w.obeying(3, on("default"), g)))
			counted := w.class(1, 1, on("other"))
			counted.Topology.Counted = []int32{g}
			w.add(1, counted)
			if got := w.byDomain(place.Solve(w.input()), label.Zone); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

// SCH-165: a node that only a type of one zone holds counts there, although nothing
// says so of it.
func TestNodesCountWhereTheirTypesAreSold(t *testing.T) {
	for _, tc := range []struct {
		why    string
		beside int64 // cpu of a pod that does not count, in the same bin
		counts int64 // cpu of the one that does
		want   string
	}{
		{"the pod needs the largest type", 0, 9, "2:1 3:1 ?:1"},
		{"with a pod that came later it does", 4, 5, "2:1 3:1 ?:2"},
	} {
		for seed := range uint64(6) { // the order among equal zones
			w := newWorld(t)
			types := w.soldIn("1", "2", "3")
			last := len(types) - 1
			types[last] = w.inZones(types[last], "1")
			w.pool(model.TemplateOptions{Pool: "default", Catalogue: w.catalogue(types)})
			w.pool(model.TemplateOptions{Pool: "other", Catalogue: w.threeZones()})
			on := func(pool string) requirement.Requirements {
				return requirement.All(requirement.In(label.NodePool, pool))
			}
			g := w.group(topology.Group{Kind: topology.Spread, MaxSkew: 1, Seed: seed}, label.Zone)
			counted := w.class(tc.counts, 1, on("default"))
			counted.Topology.Counted = []int32{g}
			w.add(1, counted)
			if tc.beside > 0 {
				w.add(1, w.class(tc.beside, 1, on("default")))
			}
			w.add(2, demanding(w.obeying(3, on("other"), g)))
			if got := w.byDomain(place.Solve(w.input()), label.Zone); got != tc.want {
				t.Errorf("%s, seed %d: got %s, want %s", tc.why, seed, got, tc.want)
			}
		}
	}
}

// SCH-142: once the nodes of a plan exist, the same pods stay where they were
// planned, and more of them go on evenly.
func TestTheRoundAfterwards(t *testing.T) {
	w := newWorld(t)
	w.pool(model.TemplateOptions{Pool: "web", Catalogue: w.threeZones()})
	w.pool(model.TemplateOptions{Pool: "other", Catalogue: w.catalogue(w.soldIn("4"))}, model.Limit{Resource: resource.CPU})
	for _, zone := range []string{"1", "2", "3"} {
		w.node(model.Node{Name: "n" + zone, Free: vector(9, 36, 3)}, map[string]string{label.Zone: zone, label.NodePool: "web"})
	}
	g := w.group(topology.Group{Kind: topology.Spread, MaxSkew: 1, Counts: w.counts(label.Zone, map[string]int32{"1": 0, "2": 0, "3": 0})}, label.Zone)
	w.add(9, w.obeying(3, requirement.Requirements{}, g))
	plan := place.Solve(w.input())
	if got := w.byDomain(plan, label.Zone); got != "1:3 2:3 3:3" || len(plan.Bins) > 0 {
		t.Errorf("on nodes that exist: %s with %d new nodes", got, len(plan.Bins))
	}
	w.groups[g].Counts = w.counts(label.Zone, map[string]int32{"1": 3, "2": 3, "3": 3})
	for _, n := range w.nodes {
		n.Free = nil
	}
	if got := w.byDomain(place.Solve(w.input()), label.Zone); got != "1:3 2:3 3:3" {
		t.Errorf("on new nodes: %s", got)
	}
}

// SCH-142: a pod that must join others in their zone could get a node nowhere else,
// so that zones without nodes do not count for its spread.
func TestZonesWithoutThoseToJoinDoNotCount(t *testing.T) {
	for _, tc := range []struct {
		why    string
		others int32 // in zone 3
		pods   int
		finish func(*model.Class) *model.Class
		want   string
	}{
		{"one to join", 1, 2, demanding, "3:2"},
		{"nobody to join yet: all zones count, and the first to come decides", 0, 1, demanding, "1:1"},
		{"preferences that contradict each other are given up", 1, 1, yielding, "?:1"},
	} {
		t.Run(tc.why, func(t *testing.T) {
			w := newWorld(t)
			w.pool(model.TemplateOptions{Pool: "web", Catalogue: w.threeZones()})
			counts := map[constraint.Value]int32{}
			if tc.others > 0 {
				counts = w.counts(label.Zone, map[string]int32{"3": tc.others})
			}
			spread := w.group(topology.Group{Kind: topology.Spread, MaxSkew: 1, Counts: counts}, label.Zone)
			join := w.group(topology.Group{Kind: topology.Affinity, Counts: counts}, label.Zone)
			w.add(tc.pods, tc.finish(w.obeying(3, requirement.All(), spread, join)))
			if got := w.byDomain(place.Solve(w.input()), label.Zone); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}
