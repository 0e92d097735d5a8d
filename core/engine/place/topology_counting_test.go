// SPDX-License-Identifier: Apache-2.0

package place_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"karpenter.sh/core/engine/bitset"
	"karpenter.sh/core/engine/constraint"
	"karpenter.sh/core/engine/hostport"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/engine/reason"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/core/engine/taint"
	"karpenter.sh/core/engine/topology"
)

// counting makes a class that the groups count and that obeys none of them.
func (w *world) counting(cpu int64, wanted requirement.Requirements, groups ...int32) *model.Class {
	c := w.class(cpu, 1, wanted)
	c.Topology.Counted = groups
	return c
}

// SCH-151, SCH-157, SCH-165: what pods of a run count for the rules of others. The
// second pod wants zone 1, where it may go only if the first does not count there.
func TestWhatCountsWithinARun(t *testing.T) {
	hard := []taint.Taint{{Key: "dedicated", Effect: taint.NoSchedule}}
	tolerating := func(c *model.Class) *model.Class {
		c.Tolerations = taint.Tolerations{{Key: "dedicated"}}
		return c
	}
	amd64 := requirement.All(requirement.In(label.Arch, "amd64"))
	spread := func(w *world, change func(*topology.Group)) int32 {
		g := topology.Group{Kind: topology.Spread, MaxSkew: 1, Counts: w.counts(label.Zone, map[string]int32{"1": 0, "9": 0})}
		change(&g)
		return w.group(g, label.Zone)
	}
	for _, tc := range []struct {
		why   string
		setup func(*world) *model.Class // the first pod, with its group 0
		want  string
	}{
		{"a pod on an existing node counts", func(w *world) *model.Class {
			w.node(model.Node{Name: "n", Free: vector(3, 32, 10)}, map[string]string{label.Zone: "1"})
			return w.counting(3, inZone("1"), spread(w, func(*topology.Group) {}))
		}, "1:1 left:1"},
		{"not on a tainted one, if the rule honors taints", func(w *world) *model.Class {
			w.node(model.Node{Name: "n", Free: vector(3, 32, 10), Taints: hard}, map[string]string{label.Zone: "1"})
			return tolerating(w.counting(3, inZone("1"), spread(w, func(g *topology.Group) { g.HonorTaints = true })))
		}, "1:2"},
		{"but if it does not", func(w *world) *model.Class {
			w.node(model.Node{Name: "n", Free: vector(3, 32, 10), Taints: hard}, map[string]string{label.Zone: "1"})
			return tolerating(w.counting(3, inZone("1"), spread(w, func(*topology.Group) {})))
		}, "1:1 left:1"},
		{"or tolerates them", func(w *world) *model.Class {
			w.node(model.Node{Name: "n", Free: vector(3, 32, 10), Taints: hard}, map[string]string{label.Zone: "1"})
			return tolerating(w.counting(3, inZone("1"), spread(w, func(g *topology.Group) {
				g.HonorTaints, g.Tolerations = true, taint.Tolerations{{Key: "dedicated"}}
			})))
		}, "1:1 left:1"},
		{"not on one that the filter refuses", func(w *world) *model.Class {
			w.node(model.Node{Name: "n", Free: vector(3, 32, 10)}, map[string]string{label.Zone: "1", label.Arch: "arm64"})
			return w.counting(3, inZone("1"), spread(w, func(g *topology.Group) { g.Terms = []constraint.Sets{w.v.Compile(amd64)} }))
		}, "1:2"},
		{"but on one that it admits by another term", func(w *world) *model.Class {
			w.node(model.Node{Name: "n", Free: vector(3, 32, 10)}, map[string]string{label.Zone: "1", label.Arch: "amd64"})
			return w.counting(3, inZone("1"), spread(w, func(g *topology.Group) {
				g.Terms = []constraint.Sets{w.v.Compile(inZone("2")), w.v.Compile(amd64)}
			}))
		}, "1:1 left:1"},
		{"a pod on a bin counts", func(w *world) *model.Class {
			return w.counting(16, inZone("1"), spread(w, func(*topology.Group) {}))
		}, "1:1 left:1"},
		{"not on a tainted one, if the rule honors taints (bin)", func(w *world) *model.Class {
			w.pool(model.TemplateOptions{Pool: "tainted", Catalogue: w.threeZones(), Taints: hard})
			return tolerating(w.counting(16, inZone("1").Intersect(requirement.All(requirement.In(label.NodePool, "tainted"))),
				spread(w, func(g *topology.Group) { g.HonorTaints = true })))
		}, "1:2"},
		{"not on one that the filter refuses (bin)", func(w *world) *model.Class {
			return w.counting(16, inZone("1").Intersect(requirement.All(requirement.In(label.CapacityType, label.OnDemand))),
				spread(w, func(g *topology.Group) {
					g.Terms = []constraint.Sets{w.v.Compile(requirement.All(requirement.In(label.CapacityType, label.Spot)))}
				}))
		}, "1:2"},
		{"nor on one that lacks the key of another constraint (bin)", func(w *world) *model.Class {
			return w.counting(16, inZone("1"), spread(w, func(g *topology.Group) { g.Beside = []constraint.Key{w.v.Key("rack")} }))
		}, "1:2"},
		{"nor on one that does not say that it passes (bin)", func(w *world) *model.Class {
			return w.counting(16, inZone("1"), spread(w, func(g *topology.Group) { g.Terms = []constraint.Sets{w.v.Compile(amd64)} }))
		}, "1:2"},
		{"nor while its domain is open", func(w *world) *model.Class {
			return w.counting(16, inZone("1", "2"), spread(w, func(*topology.Group) {}))
		}, "1:1 ?:1"},
	} {
		t.Run(tc.why, func(t *testing.T) {
			w := newWorld(t)
			w.pool(model.TemplateOptions{Pool: "default", Catalogue: w.threeZones()})
			w.add(1, tc.setup(w))
			w.add(1, w.obeying(1, inZone("1"), 0))
			if got := w.byDomain(place.Solve(w.input()), label.Zone); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

// SCH-157: pods that do not match their own spread find their way by it and add
// nothing to it.
func TestSpreadsThatDoNotMatchTheirOwnPod(t *testing.T) {
	for _, tc := range []struct {
		why   string
		setup func(*world)
		want  []string
	}{
		{"a zone holds one more than for pods that match", func(w *world) {
			w.pool(model.TemplateOptions{Pool: "p", Catalogue: w.threeZones()})
			g := w.group(topology.Group{Kind: topology.Spread, MaxSkew: 1, Counts: w.counts(label.Zone, map[string]int32{"1": 1, "2": 0})}, label.Zone)
			c := w.obeying(1, inZone("1"), g)
			c.Topology.Counted = nil
			w.add(4, c)
		}, []string{"p: 4-cpu with 4 pods"}},
		{"so does a node", func(w *world) {
			w.node(model.Node{Name: "n", Free: vector(8, 32, 10)}, nil)
			g := w.group(topology.Group{Kind: topology.Spread, MaxSkew: 1, Hosts: map[string]int32{"n": 1}}, label.Hostname)
			c := w.obeying(1, requirement.Requirements{}, g)
			c.Topology.Counted = nil
			w.add(1, c)
			w.add(1, w.obeying(1, requirement.Requirements{}, g))
		}, []string{"pod-0 on n", "pod-1 left"}},
		{"and a new node with a daemon that matches", func(w *world) {
			w.pool(model.TemplateOptions{Pool: "p", Daemons: running(0, 0, 0, 0)})
			g := w.group(topology.Group{Kind: topology.Spread, MaxSkew: 1, Daemons: bitset.Set{}.Add(0)}, label.Hostname)
			c := w.obeying(1, requirement.Requirements{}, g)
			c.Topology.Counted = nil
			w.add(1, c)
			w.add(1, w.obeying(1, requirement.Requirements{}, g))
		}, []string{"p: 2-cpu with 1 pods", "pod-1 left"}},
	} {
		t.Run(tc.why, func(t *testing.T) {
			w := newWorld(t)
			tc.setup(w)
			if got := w.outline(place.Solve(w.input())); !slices.Equal(got, tc.want) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

// SCH-154: the domain with the fewest pods comes first, by the first spread and
// then by the next.
func TestFewestPodsFirst(t *testing.T) {
	w := newWorld(t)
	w.pool(model.TemplateOptions{Pool: "p", Catalogue: w.threeZones()})
	for seed := range uint64(4) {
		w.groups, w.pods = nil, nil
		g := w.group(topology.Group{Kind: topology.Spread, MaxSkew: 9, Seed: seed, Counts: w.counts(label.Zone, map[string]int32{"1": 2, "2": 1, "3": 0})}, label.Zone)
		w.add(1, w.obeying(1, requirement.Requirements{}, g))
		if got := w.byDomain(place.Solve(w.input()), label.Zone); got != "3:1" {
			t.Errorf("one spread, seed %d: got %s", seed, got)
		}
		w.groups[g].Counts = w.counts(label.Zone, map[string]int32{"1": 1, "2": 1, "3": 1})
		more := w.group(topology.Group{Kind: topology.Spread, MaxSkew: 9, Seed: seed, Counts: w.counts(label.Zone, map[string]int32{"1": 1, "2": 0, "3": 1})}, label.Zone)
		w.pods = nil
		w.add(1, w.obeying(1, requirement.Requirements{}, g, more))
		if got := w.byDomain(place.Solve(w.input()), label.Zone); got != "2:1" {
			t.Errorf("two spreads, seed %d: got %s", seed, got)
		}
	}
}

// SCH-100, SCH-101: host ports on one new node, of pods and of daemons.
func TestPortsOfANewNode(t *testing.T) {
	port := func(n int32) hostport.Ports { return hostport.Ports{{IP: "0.0.0.0", Number: n, Protocol: "TCP"}} }
	asking := func(w *world, n int32) *model.Class {
		c := w.class(1, 1)
		c.Ports = port(n)
		return c
	}
	pool := func(w *world) { w.pool(model.TemplateOptions{Pool: "p"}) }
	for _, tc := range []struct {
		why   string
		setup func(*world)
		want  string
	}{
		{"the port of the first pod is taken", func(w *world) {
			pool(w)
			w.add(1, asking(w, 80))
			w.add(1, asking(w, 80))
		}, "p: 2-cpu with 1 pods, p: 2-cpu with 1 pods"},
		{"so is that of one that joined", func(w *world) {
			pool(w)
			w.add(1, asking(w, 80))
			w.add(1, asking(w, 81))
			w.add(1, asking(w, 81))
		}, "p: 2-cpu with 2 pods, p: 2-cpu with 1 pods"},
		{"other ports are free", func(w *world) {
			pool(w)
			w.add(1, asking(w, 80))
			w.add(1, asking(w, 81))
		}, "p: 2-cpu with 2 pods"},
		{"who joins excludes the types whose daemons take the port", func(w *world) {
			w.pool(model.TemplateOptions{Pool: "p", DaemonPorts: []hostport.Ports{port(80), port(80), nil, port(80)}})
			w.add(1, w.class(1, 2))
			w.add(1, asking(w, 80))
		}, "p: 8-cpu with 2 pods"},
		{"ports of a run are taken on existing nodes as well", func(w *world) {
			w.node(model.Node{Name: "n", Free: vector(8, 32, 10)}, nil)
			w.add(2, asking(w, 80))
		}, "pod-0 on n, pod-1 left"},
	} {
		t.Run(tc.why, func(t *testing.T) {
			w := newWorld(t)
			tc.setup(w)
			plan := place.Solve(w.input())
			if got := strings.Join(w.outline(plan), ", "); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

// SCH-182: a pod that must be with others on one node is tried again once others
// of them are placed, also where it was refused before.
func TestRulesOnTheHostnameAreTriedAgain(t *testing.T) {
	for _, tc := range []struct {
		why   string
		setup func(*world)
		want  string
	}{
		{"on a new node", func(*world) {}, "p: 4-cpu with 2 pods"},
		{"on a planned node that refused it", func(w *world) { w.add(1, w.class(3, 1)) }, "p: 8-cpu with 3 pods"},
		{"on an existing node that refused it", func(w *world) {
			w.node(model.Node{Name: "n", Free: vector(8, 32, 10)}, nil)
		}, "pod-1 on n, pod-0 on n"},
	} {
		t.Run(tc.why, func(t *testing.T) {
			w := newWorld(t)
			w.pool(model.TemplateOptions{Pool: "p"})
			w.node(model.Node{Name: "full"}, nil)
			g := w.group(topology.Group{Kind: topology.Affinity, Hosts: map[string]int32{"full": 1}}, label.Hostname)
			follower := w.obeying(2, requirement.Requirements{}, g)
			follower.Topology.Counted = nil
			w.add(1, follower)
			w.add(1, w.counting(1, requirement.Requirements{}, g))
			tc.setup(w)
			if got := strings.Join(w.outline(place.Solve(w.input())), ", "); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

// SCH-090, SCH-183: an existing node with a PreferNoSchedule taint comes after new
// ones, and before nothing.
func TestPreferNoScheduleOnExistingNodes(t *testing.T) {
	for _, pools := range []bool{true, false} {
		w, want := newWorld(t), "pod-0 on soft"
		if pools {
			w.pool(model.TemplateOptions{Pool: "p"})
			want = "p: 2-cpu with 1 pods"
		}
		w.node(model.Node{Name: "soft", Free: vector(8, 32, 10), Taints: []taint.Taint{{Key: "k", Effect: taint.PreferNoSchedule}}}, nil)
		w.add(1, w.class(1, 1))
		if got := strings.Join(w.outline(place.Solve(w.input())), ", "); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// SCH-225, SCH-230: minValues are looked at again once the list is cut to what a
// NodeClaim may hold.
func TestMinValuesAfterTheCut(t *testing.T) {
	for policy, want := range map[requirement.MinValuesPolicy]string{requirement.StrictMinValues: "left", requirement.BestEffortMinValues: "planned"} {
		w := newWorld(t)
		var types []model.Type
		for i := range place.MaxTypes + 1 {
			it := w.itype(fmt.Sprintf("t%04d", i), 4)
			family := "common"
			if i == place.MaxTypes {
				family = "rare" // and more expensive than all others
				for j := range it.Groups[0].Offerings {
					it.Groups[0].Offerings[j].Price *= 2
				}
			}
			it.Requirements = w.v.Conjunction(it.Requirements, w.v.Compile(requirement.All(requirement.In("family", family))))
			types = append(types, it)
		}
		w.open = w.open.Add(int(w.v.Key("family")))
		w.pool(model.TemplateOptions{
			Pool: "p", Catalogue: w.catalogue(types), Requirements: requirement.All(requirement.Exists("family").WithMinValues(2)),
		})
		w.add(1, w.class(1, 1))
		in := w.input()
		in.MinValues = policy
		plan := place.Solve(in)
		got := "planned"
		if len(plan.Unplaced) == 1 && plan.Unplaced[0].Why[0].Cause == reason.MinValuesCut {
			got = "left"
		}
		if got == "left" && len(plan.Bins) > 0 {
			t.Error("a node comes for pods that are left")
		}
		if got != want || got == "planned" && len(plan.Bins[0].Types) != place.MaxTypes {
			t.Errorf("policy %s: %s, want %s", policy, got, want)
		}
	}
}

// What the search for a cheaper mix must leave where it is: every pair of pods
// would cost less apart or elsewhere.
func TestWhatMayNotMove(t *testing.T) {
	anywhere := requirement.Requirements{}
	port := hostport.Ports{{IP: "0.0.0.0", Number: 80, Protocol: "TCP"}}
	for _, tc := range []struct {
		why   string
		setup func(*world)
		check func(*world, place.Plan) bool
	}{
		{"pods that must be together on a node", func(w *world) {
			g := w.group(topology.Group{Kind: topology.Affinity}, label.Hostname)
			w.add(3, w.obeying(3, anywhere, g))
		}, func(w *world, p place.Plan) bool { return len(p.Bins) == 1 }},
		{"pods that take the same port", func(w *world) {
			c := w.class(1, 1)
			c.Ports = port
			w.add(2, c)
			w.add(3, w.class(3, 1))
		}, func(w *world, p place.Plan) bool {
			return !slices.ContainsFunc(p.Bins, func(b place.Bin) bool { return together(b, 0, 1) })
		}},
		{"pods whose daemons are in the way on some types", func(w *world) {
			w.pools = nil
			w.pool(model.TemplateOptions{Pool: "p", DaemonPorts: []hostport.Ports{port, port, port, nil}})
			c := w.class(1, 1)
			c.Ports = port
			w.add(1, c)
			w.add(1, w.class(1, 1))
		}, func(w *world, p place.Plan) bool { return p.Bins[0].Price == 11.2 && len(p.Bins) == 1 }},
		{"pods of which others bear one on a node", func(w *world) {
			g := w.group(topology.Group{Kind: topology.Spread, MaxSkew: 1}, label.Hostname)
			bearing := w.obeying(1, anywhere, g)
			bearing.Topology.Counted = nil
			w.add(2, w.counting(3, anywhere, g))
			w.add(1, bearing)
		}, func(w *world, p place.Plan) bool {
			return !slices.ContainsFunc(p.Bins, func(b place.Bin) bool { return together(b, 0, 1, 2) })
		}},
		{"pods that others keep away from on a node", func(w *world) {
			g := w.group(topology.Group{Kind: topology.AntiAffinity}, label.Hostname)
			c := w.obeying(3, anywhere, g)
			w.add(2, c)
			w.add(2, w.class(1, 1))
		}, func(w *world, p place.Plan) bool {
			return !slices.ContainsFunc(p.Bins, func(b place.Bin) bool { return together(b, 0, 1) })
		}},
	} {
		t.Run(tc.why, func(t *testing.T) {
			w := newWorld(t)
			w.pool(model.TemplateOptions{Pool: "p"})
			tc.setup(w)
			plan := w.repacked()
			w.checkPods(0, plan)
			if !tc.check(w, plan) {
				t.Errorf("got %q", w.outline(plan))
			}
		})
	}
}

func together(b place.Bin, pods ...int) bool {
	return !slices.ContainsFunc(pods, func(p int) bool { return !slices.Contains(b.Pods, p) })
}
