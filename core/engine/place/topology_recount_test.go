// SPDX-License-Identifier: Apache-2.0

package place_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"karpenter.sh/core/engine/constraint"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/core/engine/topology"
)

// narrowable is a catalogue of zones 1 to 3 whose types come in two architectures
// and two capacity types.
func (w *world) narrowable() *model.Catalogue {
	var types []model.Type
	for _, arch := range []string{"amd64", "arm64"} {
		it := w.itype(arch, 16)
		it.Requirements = w.v.Compile(requirement.All(
			requirement.In(label.InstanceType, arch), requirement.In(label.Arch, arch),
			requirement.In(label.Zone, "1", "2", "3"), requirement.In(label.CapacityType, label.Spot, label.OnDemand)))
		it.Groups[0].Offerings = nil
		for _, zone := range []string{"1", "2", "3"} {
			for _, market := range []string{label.Spot, label.OnDemand} {
				it.Groups[0].Offerings = append(it.Groups[0].Offerings, model.Offering{
					Requirements: w.v.Compile(requirement.All(requirement.In(label.Zone, zone), requirement.In(label.CapacityType, market))),
					Price:        1, Available: true,
				})
			}
		}
		types = append(types, it)
	}
	return w.catalogue(types)
}

// SCH-151, SCH-165: what the pods of a planned node count follows what becomes of
// the node, pod by pod. The last pod wants to know it.
func TestCountsFollowThePlannedNode(t *testing.T) {
	is := func(key string, values ...string) requirement.Requirements {
		return requirement.All(requirement.In(key, values...))
	}
	onDemand, arm64 := is(label.CapacityType, label.OnDemand), is(label.Arch, "arm64")
	spread := func(w *world, skew int32, change func(*topology.Group)) int32 {
		g := topology.Group{Kind: topology.Spread, MaxSkew: skew, Counts: w.counts(label.Zone, map[string]int32{"1": 0, "9": 0})}
		if change != nil {
			change(&g)
		}
		return w.group(g, label.Zone)
	}
	apart := func(w *world) int32 { return w.group(topology.Group{Kind: topology.AntiAffinity}, label.Zone) }
	either := func(w *world) func(*topology.Group) {
		return func(g *topology.Group) { g.Terms = []constraint.Sets{w.v.Compile(is(label.Arch, "amd64"))} }
	}
	for _, tc := range []struct {
		why   string
		setup func(*world)
		want  string
	}{
		{"a pod counts once, whatever else narrows its node", func(w *world) {
			g := spread(w, 2, nil)
			w.add(1, w.counting(5, inZone("1"), g))
			w.add(1, w.class(4, 1, onDemand))
			w.add(1, w.obeying(1, inZone("1"), g))
		}, "1:3"},
		{"it stops to keep others out of the zones where its node cannot be any more", func(w *world) {
			g := apart(w)
			w.add(1, w.counting(5, requirement.Requirements{}, g))
			w.add(1, w.class(4, 1, inZone("1")))
			w.add(1, w.keepingOut(1, inZone("2"), g))
		}, "1:2 2:1"},
		{"it never keeps them out of zones that it excludes", func(w *world) {
			g := apart(w)
			w.add(1, w.counting(5, requirement.All(requirement.NotIn(label.Zone, "1")), g))
			w.add(1, w.keepingOut(1, inZone("1"), g))
		}, "1:1 ?:1"},
		{"it counts no more once its node has become one that the rule does not look at", func(w *world) {
			g := spread(w, 1, either(w))
			w.add(1, w.counting(5, inZone("1").Intersect(is(label.Arch, "amd64", "arm64")), g))
			w.add(1, w.class(4, 1, arm64))
			w.add(1, w.obeying(1, inZone("1"), g))
		}, "1:3"},
		{"nor less than nothing when that node is narrowed further", func(w *world) {
			g := spread(w, 1, either(w))
			w.add(1, w.counting(5, inZone("1").Intersect(is(label.Arch, "amd64", "arm64")), g))
			w.add(1, w.class(4, 1, arm64))
			w.add(1, w.class(3, 1, onDemand))
			w.add(2, w.obeying(1, inZone("1").Intersect(is(label.Arch, "amd64")), g))
		}, "1:4 left:1"},
	} {
		t.Run(tc.why, func(t *testing.T) {
			w := newWorld(t)
			w.pool(model.TemplateOptions{Pool: "p", Catalogue: w.narrowable()})
			tc.setup(w)
			if got := w.byDomain(place.Solve(w.input()), label.Zone); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

// keepingOut makes a class that keeps away from the pods which a group counts.
func (w *world) keepingOut(cpu int64, wanted requirement.Requirements, group int32) *model.Class {
	c := w.obeying(cpu, wanted, group)
	c.Topology.Counted = nil
	return c
}

// SCH-165: a value that only the pod names is a domain like any other.
func TestDomainsThatOnlyPodsName(t *testing.T) {
	w := newWorld(t)
	w.pool(model.TemplateOptions{Pool: "p", Requirements: requirement.All(requirement.Exists("rack"))})
	rack := requirement.All(requirement.In("rack", "7"))
	g := w.group(topology.Group{Kind: topology.Spread, MaxSkew: 1, Counts: w.counts("rack", map[string]int32{"7": 0, "9": 0})}, "rack")
	w.add(1, w.counting(3, rack, g))
	w.add(1, w.obeying(1, rack, g))
	if got := w.byDomain(place.Solve(w.input()), "rack"); got != "7:1 left:1" {
		t.Errorf("got %s", got)
	}
}

// SCH-155: the pods of one planned node count once each on it.
func TestPodsOfOneNodeCountOnceEach(t *testing.T) {
	w := newWorld(t)
	w.pool(model.TemplateOptions{Pool: "p"})
	w.add(4, w.obeying(1, requirement.Requirements{}, w.group(topology.Group{Kind: topology.Spread, MaxSkew: 3}, label.Hostname)))
	if got := w.outline(place.Solve(w.input())); !slices.Equal(got, []string{"p: 4-cpu with 3 pods", "p: 2-cpu with 1 pods"}) {
		t.Errorf("got %q", got)
	}
}

// SCH-193: the types of a planned node are those that all of its pods admit.
func TestTypesNarrowAsPodsJoin(t *testing.T) {
	w := newWorld(t)
	w.pool(model.TemplateOptions{Pool: "p", Catalogue: w.narrowable()})
	w.add(1, w.class(5, 1))
	w.add(1, w.class(4, 1, requirement.All(requirement.In(label.Arch, "arm64"))))
	plan := place.Solve(w.input())
	if len(plan.Bins) != 1 || !slices.Equal(plan.Bins[0].Types, []int{1}) {
		t.Errorf("got %+v", plan.Bins)
	}
}

// SCH-152, SCH-153: which domains a spread looks at, and how far apart they may be.
func TestWhichDomainsASpreadComparesWith(t *testing.T) {
	for _, tc := range []struct {
		why    string
		skew   int32
		counts map[string]int32
		terms  []requirement.Requirements
		want   string
	}{
		{"an empty one counts", 1, map[string]int32{"1": 1, "2": 1, "3": 1, "9": 0}, nil, "left:1"},
		{"not if the filter excludes it", 1, map[string]int32{"1": 1, "2": 1, "3": 1, "9": 0}, []requirement.Requirements{inZone("1", "2", "3")}, "1:1"},
		{"it does if any of the terms admits it", 1, map[string]int32{"1": 1, "2": 1, "3": 1, "9": 0}, []requirement.Requirements{inZone("1", "2", "3"), inZone("9")}, "left:1"},
		{"or says nothing of the key", 1, map[string]int32{"1": 1, "2": 1, "3": 1, "9": 0}, []requirement.Requirements{requirement.All(requirement.In(label.Arch, "amd64"))}, "left:1"},
		{"the largest skew there is allows everything", math.MaxInt32, map[string]int32{"1": 9, "2": 9, "3": 9}, nil, "1:1"},
	} {
		t.Run(tc.why, func(t *testing.T) {
			w := newWorld(t)
			w.pool(model.TemplateOptions{Pool: "p", Catalogue: w.threeZones()})
			g := topology.Group{Kind: topology.Spread, MaxSkew: tc.skew, Counts: w.counts(label.Zone, tc.counts)}
			for _, term := range tc.terms {
				g.Terms = append(g.Terms, w.v.Compile(term))
			}
			w.add(1, w.obeying(1, inZone("1"), w.group(g, label.Zone)))
			if got := w.byDomain(place.Solve(w.input()), label.Zone); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

// SCH-154, SCH-262: of zones with as many pods, each rule begins in one of its own,
// whatever was named first.
func TestRulesBeginInZonesOfTheirOwn(t *testing.T) {
	first := func(seed uint64, zones ...string) string {
		w := newWorld(t)
		for _, zone := range zones {
			w.v.Value(w.v.Key(label.Zone), zone)
		}
		w.pool(model.TemplateOptions{Pool: "p", Catalogue: w.threeZones()})
		w.add(1, w.obeying(1, requirement.Requirements{}, w.group(topology.Group{Kind: topology.Spread, MaxSkew: 1, Seed: seed}, label.Zone)))
		return w.byDomain(place.Solve(w.input()), label.Zone)
	}
	begun := map[string]int{}
	for seed := range uint64(24) {
		one, other := first(seed, "1", "2", "3"), first(seed, "3", "1", "2")
		if one != other {
			t.Errorf("seed %d: %s or %s", seed, one, other)
		}
		begun[one]++
	}
	if len(begun) != 3 {
		t.Errorf("rules begin in %v", begun)
	}
}

// SCH-156, SCH-160, SCH-162: several rules of one pod, and pods that may not begin.
func TestRulesThatStandTogether(t *testing.T) {
	anywhere := requirement.Requirements{}
	zonal := func(w *world, kind topology.Kind, counts map[string]int32) int32 {
		return w.group(topology.Group{Kind: kind, MaxSkew: 1, Counts: w.counts(label.Zone, counts)}, label.Zone)
	}
	for _, tc := range []struct {
		why   string
		setup func(*world)
		want  string
	}{
		{"each of two rules keeps a pod out of its zones", func(w *world) {
			one, two := zonal(w, topology.AntiAffinity, map[string]int32{"1": 1}), zonal(w, topology.AntiAffinity, map[string]int32{"2": 1})
			w.add(1, w.obeying(2, inZone("1"), one, two))
			w.add(1, w.obeying(1, inZone("2"), one, two))
		}, "left:2"},
		{"pods in two zones leave open which", func(w *world) {
			w.add(1, w.obeying(1, anywhere, zonal(w, topology.Affinity, map[string]int32{"1": 1, "2": 1})))
		}, "?:1"},
		{"not beside a spread, whichever comes first", func(w *world) {
			even, with := zonal(w, topology.Spread, map[string]int32{"1": 1, "2": 1, "3": 1}), zonal(w, topology.Affinity, map[string]int32{"1": 1, "2": 1})
			w.add(1, w.obeying(1, anywhere, even, with))
			w.add(1, w.obeying(1, anywhere, with, even))
		}, "1:1 2:1"},
		{"who is not wanted by its own rule on nodes begins nowhere", func(w *world) {
			c := w.obeying(1, anywhere, w.group(topology.Group{Kind: topology.Affinity}, label.Hostname))
			c.Topology = topology.Relation{}
			w.add(1, c)
		}, "left:1"},
		{"nor does who has company for another of its rules", func(w *world) {
			w.add(1, demanding(w.obeying(1, anywhere, zonal(w, topology.Affinity, map[string]int32{"1": 1}), w.group(topology.Group{Kind: topology.Affinity}, label.Hostname))))
		}, "left:1"},
		{"but what it would rather have may begin", func(w *world) {
			c := w.obeying(1, anywhere, zonal(w, topology.Affinity, map[string]int32{"1": 1, "2": 1}), zonal(w, topology.Affinity, nil))
			for i := range c.Attempts {
				c.Attempts[i].Required = 1
			}
			bare := c.Attempts[0]
			bare.Rules = bare.Rules[:1]
			c.Attempts = append(c.Attempts, bare)
			w.add(1, c)
		}, "1:1"},
		{"racks that nobody knows yet are no place to keep away in, for either side", func(w *world) {
			w.pools = nil
			w.pool(model.TemplateOptions{Pool: "p", Catalogue: w.threeZones(), Requirements: requirement.All(requirement.Exists("rack"))})
			w.add(1, w.obeying(2, anywhere, w.group(topology.Group{Kind: topology.AntiAffinity}, "rack")))
			repelled := w.class(1, 1)
			repelled.Topology.Repelling = []int32{w.group(topology.Group{Kind: topology.Inverse}, "rack")}
			w.add(1, repelled)
		}, "left:2"},
	} {
		t.Run(tc.why, func(t *testing.T) {
			w := newWorld(t)
			w.pool(model.TemplateOptions{Pool: "p", Catalogue: w.threeZones()})
			tc.setup(w)
			if got := w.byDomain(place.Solve(w.input()), label.Zone); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

// SCH-182: pods that need each other in the wrong order are tried as often as it takes.
func TestChainInTheWrongOrder(t *testing.T) {
	w := newWorld(t)
	w.pool(model.TemplateOptions{Pool: "p", Catalogue: w.threeZones()})
	var links []int32
	for range 3 {
		links = append(links, w.group(topology.Group{Kind: topology.Affinity}, label.Zone))
	}
	for i := range 4 {
		c := w.class(int64(i+1), 1)
		if i < 3 {
			c.Topology.Counted = links[i : i+1]
		} else {
			c.Topology.Counted = nil
		}
		if i > 0 {
			c.Attempts[0].Rules, c.Attempts[1].Rules = links[i-1:i], links[i-1:i]
		} else {
			c.Attempts[0].Wanted = w.v.Compile(inZone("2"))
			c.Attempts = c.Attempts[:1]
		}
		w.add(1, c)
	}
	if got := w.byDomain(place.Solve(w.input()), label.Zone); got != "2:4" {
		t.Errorf("got %s", got)
	}
}

// SCH-181: whatever a heavier pool could open, pods join nodes that are planned
// already, and these only after nodes that exist.
func TestStagesOfPlacement(t *testing.T) {
	w := newWorld(t)
	w.pool(model.TemplateOptions{Pool: "heavy"})
	w.pool(model.TemplateOptions{Pool: "light"})
	w.node(model.Node{Name: "n", Free: vector(2, 8, 10)}, nil)
	w.add(1, w.class(5, 1, requirement.All(requirement.In(label.NodePool, "light"))))
	w.add(2, w.class(2, 1))
	if got := strings.Join(w.outline(place.Solve(w.input())), ", "); got != "pod-1 on n, light: 8-cpu with 2 pods" {
		t.Errorf("got %s", got)
	}
}
