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
	"karpenter.sh/core/engine/topology"
)

// group adds a topology group and returns its index.
func (w *world) group(g topology.Group, key string) int32 {
	if key == label.Hostname {
		g.Hostname = true
	} else {
		g.Key = w.v.Key(key)
	}
	w.groups = append(w.groups, &g)
	return int32(len(w.groups) - 1)
}

// counts is the existing pods by domain.
func (w *world) counts(key string, byDomain map[string]int32) map[constraint.Value]int32 {
	out := map[constraint.Value]int32{}
	for d, n := range byDomain {
		out[w.v.Value(w.v.Key(key), d)] = n
	}
	return out
}

// obeying makes a class whose pods match and obey the groups, anti-affinity
// with its inverse.
func (w *world) obeying(cpu int64, wanted requirement.Requirements, groups ...int32) *model.Class {
	c := w.class(cpu, 1, wanted)
	for _, g := range groups {
		c.Topology.Counted = append(c.Topology.Counted, g)
		for i := range c.Attempts {
			c.Attempts[i].Strict = w.v.Compile(wanted)
			c.Attempts[i].Rules = append(c.Attempts[i].Rules, g)
		}
	}
	return c
}

// byDomain counts the pods that the plan puts in each domain of a key; bins
// with an open domain count as "?".
func (w *world) byDomain(p place.Plan, key string) string {
	k, n := w.v.Key(key), map[string]int{}
	for _, pl := range p.Placements {
		v, _ := w.nodes[pl.Node].Labels.Get(k)
		n[w.v.ValueName(k, v)]++
	}
	for _, b := range p.Bins {
		domain := "?"
		if s, ok := b.Requirements.Get(k); ok {
			if v, single := s.Single(); single {
				domain = w.v.ValueName(k, v)
			}
		}
		n[domain] += len(b.Pods)
	}
	var out []string
	for d, count := range n {
		out = append(out, fmt.Sprintf("%s:%d", d, count))
	}
	slices.Sort(out)
	if len(p.Unplaced) > 0 {
		out = append(out, fmt.Sprintf("left:%d", len(p.Unplaced)))
	}
	return strings.Join(out, " ")
}

// sizesOf is how many pods the domains got, in descending order.
func sizesOf(byDomain string) string {
	var out []string
	for _, f := range strings.Fields(byDomain) {
		out = append(out, f[strings.Index(f, ":")+1:])
	}
	slices.SortFunc(out, func(a, b string) int { return strings.Compare(b, a) })
	return strings.Join(out, "/")
}

// threeZones is a catalogue sold in zones 1, 2 and 3.
func (w *world) threeZones() *model.Catalogue { return w.catalogue(w.soldIn("1", "2", "3")) }

func (w *world) inZones(t model.Type, zones ...string) model.Type {
	var rs []requirement.Requirement
	for r := range w.v.Decompile(t.Requirements).Each() {
		if r.Key() != label.Zone {
			rs = append(rs, r)
		}
	}
	t.Requirements = w.v.Compile(requirement.All(append(rs, requirement.In(label.Zone, zones...))...))
	price := t.Groups[0].Offerings[0].Price
	t.Groups[0].Offerings = nil
	for _, z := range zones {
		t.Groups[0].Offerings = append(t.Groups[0].Offerings, model.Offering{
			Requirements: w.v.Compile(requirement.All(requirement.In(label.Zone, z), requirement.In(label.CapacityType, label.OnDemand))),
			Price:        price, Available: true,
		})
	}
	return t
}

func inZone(z ...string) requirement.Requirements {
	return requirement.All(requirement.In(label.Zone, z...))
}

// SCH-290: the reference outcomes of zonal rules, as sizes of domains.
func TestZonalReferenceOutcomes(t *testing.T) {
	zonal := func(w *world, skew int32, change func(*topology.Group)) int32 {
		g := topology.Group{Kind: topology.Spread, MaxSkew: skew}
		if change != nil {
			change(&g)
		}
		return w.group(g, label.Zone)
	}
	pool := func(w *world, rs requirement.Requirements) {
		w.pool(model.TemplateOptions{Pool: "default", Catalogue: w.threeZones(), Requirements: rs})
	}
	for _, tc := range []struct {
		why   string
		setup func(*world)
		want  string
	}{
		{"4 pods, zonal maxSkew 1", func(w *world) {
			pool(w, requirement.Requirements{})
			w.add(4, w.obeying(1, requirement.Requirements{}, zonal(w, 1, nil)))
		}, "2/1/1"},
		{"pool limited to zones 1 and 2 by requirement, 4 pods", func(w *world) {
			pool(w, inZone("1", "2"))
			w.add(4, w.obeying(1, requirement.Requirements{}, zonal(w, 1, nil)))
		}, "2/2"},
		{"1 matching pod in zone 3, pool now zones 1 and 2, 10 pods, skew 1", func(w *world) {
			pool(w, inZone("1", "2"))
			w.add(10, w.obeying(1, requirement.Requirements{}, zonal(w, 1, func(g *topology.Group) {
				g.Counts = w.counts(label.Zone, map[string]int32{"3": 1})
			})))
		}, "6/2/2"}, // six left
		{"zones 1 and 2, minDomains 3, skew 1, 3 pods", func(w *world) {
			pool(w, inZone("1", "2"))
			w.add(3, w.obeying(1, requirement.Requirements{}, zonal(w, 1, func(g *topology.Group) { g.MinDomains = 3 })))
		}, "1/1/1"}, // one left
		{"11 pods, 3 zones, minDomains 3, skew 1", func(w *world) {
			pool(w, requirement.Requirements{})
			w.add(11, w.obeying(1, requirement.Requirements{}, zonal(w, 1, func(g *topology.Group) { g.MinDomains = 3 })))
		}, "4/4/3"},
		{"existing 3/0/0, 3 new pods, skew 1: empty zones fill first", func(w *world) {
			pool(w, requirement.Requirements{})
			w.add(3, w.obeying(1, requirement.Requirements{}, zonal(w, 1, func(g *topology.Group) {
				g.Counts = w.counts(label.Zone, map[string]int32{"1": 3})
			})))
		}, "2/1"},
		{"counts 3/3/0, a pod allowed only zones 2 and 3", func(w *world) {
			pool(w, requirement.Requirements{})
			w.add(1, w.obeying(1, inZone("2", "3"), zonal(w, 1, func(g *topology.Group) {
				g.Counts = w.counts(label.Zone, map[string]int32{"1": 3, "2": 3})
			})))
		}, "1"},
		{"one pod per zone, skew 5, pool only zone 3, 10 pods", func(w *world) {
			pool(w, inZone("3"))
			w.add(10, w.obeying(1, requirement.Requirements{}, zonal(w, 5, func(g *topology.Group) {
				g.Counts = w.counts(label.Zone, map[string]int32{"1": 1, "2": 1})
			})))
		}, "6/4"}, // six placed, four left
	} {
		t.Run(tc.why, func(t *testing.T) {
			w := newWorld(t)
			tc.setup(w)
			got := w.byDomain(place.Solve(w.input()), label.Zone)
			if sizesOf(got) != tc.want {
				t.Errorf("got %s, want sizes %s", got, tc.want)
			}
		})
	}
}

// SCH-290: zonal anti-affinity and affinity.
func TestZonalAffinity(t *testing.T) {
	for _, tc := range []struct {
		why   string
		setup func(*world)
		want  string
	}{
		{"anti-affinity of 3 identical pods: one placed per round, its zone open", func(w *world) {
			g := w.group(topology.Group{Kind: topology.AntiAffinity}, label.Zone)
			w.add(3, w.obeying(1, requirement.Requirements{}, g))
		}, "?:1 left:2"},
		{"SCH-163 inverse anti-affinity keeps a pod without terms out of every zone", func(w *world) {
			g := w.group(topology.Group{Kind: topology.Inverse, Counts: w.counts(label.Zone, map[string]int32{"1": 1, "2": 1, "3": 1})}, label.Zone)
			c := w.class(1, 1)
			c.Topology.Repelling = []int32{g}
			w.add(1, c)
		}, "left:1"},
		{"SCH-163 inverse anti-affinity leaves the other zones", func(w *world) {
			g := w.group(topology.Group{Kind: topology.Inverse, Counts: w.counts(label.Zone, map[string]int32{"1": 1, "2": 1})}, label.Zone)
			c := w.class(1, 1)
			c.Topology.Repelling = []int32{g}
			w.add(2, c)
		}, "?:2"},
		{"SCH-160 affinity joins the zone that holds a match", func(w *world) {
			g := w.group(topology.Group{Kind: topology.Affinity, Counts: w.counts(label.Zone, map[string]int32{"2": 1})}, label.Zone)
			w.add(5, w.obeying(1, requirement.Requirements{}, g))
		}, "2:5"},
		{"SCH-161 self-affine pods stay in one zone", func(w *world) {
			g := w.group(topology.Group{Kind: topology.Affinity}, label.Zone)
			w.add(40, w.obeying(3, requirement.Requirements{}, g))
		}, "1:40"},
		{"SCH-160 affinity to pods that are nowhere cannot be met", func(w *world) {
			g := w.group(topology.Group{Kind: topology.Affinity}, label.Zone)
			c := w.obeying(1, requirement.Requirements{}, g)
			c.Topology = topology.Relation{}
			w.add(1, c)
		}, "left:1"},
		{"SCH-182 a chain resolves in any order: the follower is larger and tried first", func(w *world) {
			g := w.group(topology.Group{Kind: topology.Affinity}, label.Zone)
			follower, leader := w.obeying(2, requirement.Requirements{}, g), w.class(1, 1, inZone("3"))
			follower.Topology = topology.Relation{}
			leader.Topology.Counted = []int32{g}
			w.add(2, follower)
			w.add(1, leader)
		}, "3:3"},
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

// SCH-155, SCH-160, SCH-162: rules on the hostname.
func TestHostnameRules(t *testing.T) {
	for _, tc := range []struct {
		why   string
		setup func(*world)
		want  []string
	}{
		{"anti-affinity: one pod for each node, existing or new", func(w *world) {
			g := w.group(topology.Group{Kind: topology.AntiAffinity, Hosts: map[string]int32{"full": 1}}, label.Hostname)
			w.node(model.Node{Name: "empty", Free: vector(8, 32, 10)}, nil)
			w.node(model.Node{Name: "full", Free: vector(8, 32, 10)}, nil)
			w.add(3, w.obeying(1, requirement.Requirements{}, g))
		}, []string{"pod-0 on empty", "default: 2-cpu with 1 pods", "default: 2-cpu with 1 pods"}},
		{"SCH-290 2 pods each of two apps, hostname skew 1: two nodes", func(w *world) {
			a := w.group(topology.Group{Kind: topology.Spread, MaxSkew: 1}, label.Hostname)
			b := w.group(topology.Group{Kind: topology.Spread, MaxSkew: 1, Seed: 1}, label.Hostname)
			w.add(2, w.obeying(1, requirement.Requirements{}, a))
			w.add(2, w.obeying(1, requirement.Requirements{}, b))
		}, []string{"default: 2-cpu with 2 pods", "default: 2-cpu with 2 pods"}},
		{"SCH-290 10 hostname-self-affine pods, a node holds 5: the others are left", func(w *world) {
			g := w.group(topology.Group{Kind: topology.Affinity}, label.Hostname)
			w.add(10, w.obeying(3, requirement.Requirements{}, g))
		}, []string{"default: 16-cpu with 5 pods", "pod-5 left", "pod-6 left", "pod-7 left", "pod-8 left", "pod-9 left"}},
	} {
		t.Run(tc.why, func(t *testing.T) {
			w := newWorld(t)
			w.pool(model.TemplateOptions{Pool: "default"})
			tc.setup(w)
			if got := w.outline(place.Solve(w.input())); !slices.Equal(got, tc.want) {
				t.Errorf("got  %q\nwant %q", got, tc.want)
			}
		})
	}
}

// SCH-290: spread over a label of the users' own, which two pools define, gives
// a weight between them.
func TestSpreadOverCustomLabel(t *testing.T) {
	w := newWorld(t)
	for name, values := range map[string][]string{"spot": {"2", "3", "4", "5"}, "on-demand": {"1"}} {
		w.pool(model.TemplateOptions{Pool: name, Requirements: requirement.All(requirement.In("spread", values...))})
	}
	slices.SortFunc(w.pools, func(a, b model.Pool) int { return strings.Compare(a.Pool, b.Pool) })
	g := w.group(topology.Group{Kind: topology.Spread, MaxSkew: 1}, "spread")
	w.add(20, w.obeying(1, requirement.Requirements{}, g))
	if got := w.byDomain(place.Solve(w.input()), "spread"); got != "1:4 2:4 3:4 4:4 5:4" {
		t.Errorf("got %s", got)
	}
}

// SCH-156: several rules on one key are solved together.
func TestRulesOnOneKeyAreSolvedTogether(t *testing.T) {
	w := newWorld(t)
	w.pool(model.TemplateOptions{Pool: "default", Catalogue: w.threeZones()})
	spread := w.group(topology.Group{Kind: topology.Spread, MaxSkew: 1, Counts: w.counts(label.Zone, map[string]int32{"1": 0, "2": 0, "3": 0})}, label.Zone)
	anti := w.group(topology.Group{Kind: topology.AntiAffinity, Counts: w.counts(label.Zone, map[string]int32{"1": 1, "2": 1})}, label.Zone)
	c := w.obeying(1, requirement.Requirements{}, spread)
	for i := range c.Attempts {
		c.Attempts[i].Rules = append(c.Attempts[i].Rules, anti)
	}
	w.add(1, c)
	if got := w.byDomain(place.Solve(w.input()), label.Zone); got != "3:1" {
		t.Errorf("got %s", got)
	}
}

// SCH-165: a pod in a bin with an open zone counts as soon as the zone is
// decided.
func TestOpenDomainCountsOnceDecided(t *testing.T) {
	w := newWorld(t)
	w.pool(model.TemplateOptions{Pool: "default", Catalogue: w.threeZones()})
	g := w.group(topology.Group{Kind: topology.Affinity}, label.Zone)
	matched := w.class(3, 1)
	matched.Topology.Counted = []int32{g}
	pin, follower := w.class(2, 1, inZone("2")), w.obeying(1, requirement.Requirements{}, g)
	follower.Topology = topology.Relation{}
	w.add(1, matched)
	w.add(1, pin)
	w.add(1, follower)
	if got := w.byDomain(place.Solve(w.input()), label.Zone); got != "2:3" {
		t.Errorf("got %s", got)
	}
}

// SCH-224: a pod that only a topology rule keeps away is told which.
func TestTopologyReason(t *testing.T) {
	w := newWorld(t)
	w.pool(model.TemplateOptions{Pool: "default", Catalogue: w.threeZones(), Requirements: inZone("1")})
	g := w.group(topology.Group{Kind: topology.Spread, MaxSkew: 1, Counts: w.counts(label.Zone, map[string]int32{"1": 1, "2": 0})}, label.Zone)
	w.add(1, w.obeying(1, requirement.Requirements{}, g))
	plan := place.Solve(w.input())
	want := `nodepool "default": no domain left: topology spread on key "topology.kubernetes.io/zone" (counts = {1: 1, 2: 0}, pod domains = any, node domains = In [1])`
	if len(plan.Unplaced) != 1 || plan.Unplaced[0].Why.String() != want {
		t.Errorf("got  %v\nwant %s", plan.Unplaced, want)
	}
}
