// SPDX-License-Identifier: Apache-2.0

package place_test

import (
	"fmt"
	"slices"
	"testing"

	"karpenter.sh/core/engine/bitset"
	"karpenter.sh/core/engine/hostport"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/engine/reason"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/core/engine/resource"
	"karpenter.sh/core/engine/taint"
	"karpenter.sh/core/engine/topology"
)

var gpuTaint = taint.Taint{Key: "gpu", Value: "true", Effect: taint.NoSchedule}

func TestSolve(t *testing.T) {
	zone := func(z ...string) requirement.Requirements {
		return requirement.All(requirement.In(label.Zone, z...))
	}
	for _, tc := range []struct {
		why   string // with the requirement it shows
		setup func(*world)
		want  []string
	}{
		{"SCH-181 a pod opens a bin of the cheapest type that holds it", func(w *world) {
			w.pool(model.TemplateOptions{Pool: "default"})
			w.add(1, w.class(3, 1))
		}, []string{"default: 4-cpu with 1 pods"}},
		{"SCH-193, SCH-194 pods share a bin, which grows to the type that holds all", func(w *world) {
			w.pool(model.TemplateOptions{Pool: "default"})
			w.add(5, w.class(3, 1))
		}, []string{"default: 16-cpu with 5 pods"}},
		{"SCH-044 what no type holds is left", func(w *world) {
			w.pool(model.TemplateOptions{Pool: "default"})
			w.add(1, w.class(17, 1))
		}, []string{"pod-0 left"}},
		{"SCH-132 existing nodes come first, initialized ones before others", func(w *world) {
			w.pool(model.TemplateOptions{Pool: "default"})
			w.node(model.Node{Name: "b", Free: vector(4, 16, 10), Initialized: true}, nil)
			w.node(model.Node{Name: "a", Free: vector(4, 16, 10)}, nil)
			w.add(3, w.class(2, 1))
		}, []string{"pod-0 on b", "pod-1 on b", "pod-2 on a"}},
		{"SCH-058 labels of an existing node are compared strictly", func(w *world) {
			w.pool(model.TemplateOptions{Pool: "default"})
			w.node(model.Node{Name: "nowhere", Free: vector(4, 16, 10)}, nil)
			w.node(model.Node{Name: "in-b", Free: vector(4, 16, 10)}, map[string]string{label.Zone: "b"})
			w.add(1, w.class(1, 1, zone("b")))
		}, []string{"pod-0 on in-b"}},
		{"SCH-044 nothing fits on a node with a negative amount", func(w *world) {
			w.node(model.Node{Name: "over", Free: resource.Vector{resource.CPU: 4000, resource.Memory: -1, resource.Pods: 10}}, nil)
			w.add(1, &model.Class{Requests: resource.Vector{resource.CPU: 1}, Attempts: []model.Attempt{{}}})
		}, []string{"pod-0 left"}},
		{"SCH-057, SCH-191 a well-known label may be undefined by the pool", func(w *world) {
			w.pool(model.TemplateOptions{Pool: "default"})
			w.add(1, w.class(1, 1, zone("b")))
		}, []string{"default: 2-cpu with 1 pods"}},
		{"SCH-059 a custom label must be defined by the pool", func(w *world) {
			w.pool(model.TemplateOptions{Pool: "plain"})
			w.pool(model.TemplateOptions{Pool: "team", Requirements: requirement.All(requirement.Exists("team"))})
			w.add(1, w.class(1, 1, requirement.All(requirement.In("team", "x"))))
		}, []string{"team: 2-cpu with 1 pods"}},
		{"SCH-192, SCH-191 a zone without an offering takes nothing", func(w *world) {
			w.pool(model.TemplateOptions{Pool: "default"})
			w.add(1, w.class(1, 1, zone("c")))
		}, []string{"pod-0 left"}},
		{"SCH-193, SCH-194 incompatible pods get bins of their own", func(w *world) {
			w.pool(model.TemplateOptions{Pool: "default"})
			w.add(2, w.class(1, 1, zone("a")))
			w.add(2, w.class(1, 1, zone("b")))
		}, []string{"default: 2-cpu with 2 pods", "default: 2-cpu with 2 pods"}},
		{"SCH-183 OR-ed terms are tried in turn", func(w *world) {
			w.pool(model.TemplateOptions{Pool: "default"})
			w.add(1, w.class(1, 1, zone("c"), zone("b")))
		}, []string{"default: 2-cpu with 1 pods"}},
		{"SCH-060 contradicting demands match nothing", func(w *world) {
			w.pool(model.TemplateOptions{Pool: "default"})
			w.node(model.Node{Name: "n", Free: vector(4, 16, 10)}, nil)
			w.add(1, w.class(1, 1, zone("a").Intersect(zone("b"))))
		}, []string{"pod-0 left"}},
		{"SCH-025, SCH-191 the first pool that admits the pod is used", func(w *world) {
			w.pool(model.TemplateOptions{Pool: "heavy", Taints: []taint.Taint{gpuTaint}})
			w.pool(model.TemplateOptions{Pool: "light"})
			tolerant := w.class(9, 1)
			tolerant.Tolerations = taint.Tolerations{{Key: "gpu", Operator: taint.TolerateExists}}
			w.add(1, tolerant)
			w.add(1, w.class(2, 1))
		}, []string{"heavy: 16-cpu with 1 pods", "light: 2-cpu with 1 pods"}},
		{"SCH-090 PreferNoSchedule repels until nothing else is left", func(w *world) {
			w.pool(model.TemplateOptions{Pool: "soft", Taints: []taint.Taint{{Key: "k", Effect: taint.PreferNoSchedule}}})
			w.add(1, w.class(2, 1))
		}, []string{"soft: 2-cpu with 1 pods"}},
		{"SCH-183 a pool without the soft taint is preferred", func(w *world) {
			w.pool(model.TemplateOptions{Pool: "soft", Taints: []taint.Taint{{Key: "k", Effect: taint.PreferNoSchedule}}})
			w.pool(model.TemplateOptions{Pool: "clean"})
			w.add(1, w.class(2, 1))
		}, []string{"clean: 2-cpu with 1 pods"}},
		{"SCH-201 types above the limit are not launched", func(w *world) {
			w.pool(model.TemplateOptions{Pool: "default"}, model.Limit{Resource: resource.CPU, Amount: 5000})
			w.add(2, w.class(3, 1))
		}, []string{"default: 4-cpu with 1 pods", "pod-1 left"}},
		{"SCH-202 nodes are counted within a round", func(w *world) {
			w.pool(model.TemplateOptions{Pool: "default"}, model.Limit{Resource: resource.Nodes, Amount: 1})
			w.add(2, w.class(9, 1))
		}, []string{"default: 16-cpu with 1 pods", "pod-1 left"}},
		{"SCH-125 daemon overhead counts for each node", func(w *world) {
			over := []resource.Vector{vector(1, 1, 1), vector(1, 1, 1), vector(1, 1, 1), vector(1, 1, 1)}
			w.pool(model.TemplateOptions{Pool: "default", Overhead: over})
			w.add(1, w.class(2, 1))
		}, []string{"default: 4-cpu with 1 pods"}},
		{"SCH-290 two pods with the same host port get two nodes", func(w *world) {
			w.pool(model.TemplateOptions{Pool: "default"})
			c := w.class(1, 1)
			c.Ports = hostport.Ports{{IP: "0.0.0.0", Number: 80, Protocol: "TCP"}}
			w.add(2, c)
		}, []string{"default: 2-cpu with 1 pods", "default: 2-cpu with 1 pods"}},
		{"SCH-101 ports of bound pods count", func(w *world) {
			c := w.class(1, 1)
			c.Ports = hostport.Ports{{IP: "10.0.0.1", Number: 80, Protocol: "TCP"}}
			w.node(model.Node{Name: "a", Free: vector(4, 16, 10), Ports: hostport.Ports{{IP: "::", Number: 80, Protocol: "TCP"}}}, nil)
			w.node(model.Node{Name: "b", Free: vector(4, 16, 10), Ports: hostport.Ports{{IP: "10.0.0.2", Number: 80, Protocol: "TCP"}}}, nil)
			w.add(2, c)
		}, []string{"pod-0 on b", "pod-1 left"}},
		{"SCH-101 a daemon's port excludes only the types it runs on", func(w *world) {
			http := hostport.Ports{{IP: "0.0.0.0", Number: 80, Protocol: "TCP"}}
			w.pool(model.TemplateOptions{Pool: "default", DaemonPorts: []hostport.Ports{http, http, nil, http}})
			c := w.class(1, 1)
			c.Ports = http
			w.add(1, c)
		}, []string{"default: 8-cpu with 1 pods"}},
		{"SCH-128 pods that keep away from a daemon get only types without it", func(w *world) {
			w.pool(model.TemplateOptions{Pool: "default", Daemons: running(0, 0, none, 1)})
			away := w.group(topology.Group{Kind: topology.AntiAffinity, Daemons: bitset.Set{}.Add(0)}, label.Hostname)
			w.add(1, w.keeping(away))
		}, []string{"default: 8-cpu with 1 pods"}},
		{"SCH-128 pods that keep away from a daemon of every type stay", func(w *world) {
			w.pool(model.TemplateOptions{Pool: "default", Daemons: running(0, 0, 0, 0)})
			away := w.group(topology.Group{Kind: topology.AntiAffinity, Daemons: bitset.Set{}.Add(0)}, label.Hostname)
			w.add(1, w.keeping(away))
		}, []string{"pod-0 left"}},
		{"SCH-128 a spread that counts a daemon leaves room for fewer pods, none if it has too many", func(w *world) {
			w.pool(model.TemplateOptions{Pool: "default", Daemons: running(0, 0, 0, none)})
			even := w.group(topology.Group{Kind: topology.Spread, MaxSkew: 1, Daemons: bitset.Set{}.Add(0)}, label.Hostname)
			w.add(1, w.obeying(1, requirement.Requirements{}, even))
		}, []string{"default: 16-cpu with 1 pods"}},
		{"SCH-180 larger CPU requests first, then memory, then the older, then by UID", func(w *world) {
			w.node(model.Node{Name: "n", Free: vector(7, 7, 4)}, nil)
			small, large, wide := w.class(1, 1), w.class(3, 1), w.class(1, 2)
			w.add(1, small) // pod-0
			w.add(2, small) // pod-1 is the oldest of its size, pod-2 as old as pod-0
			w.add(1, large)
			w.add(1, wide)
			w.pods[0].Created, w.pods[1].Created, w.pods[2].Created = 9, 5, 9
		}, []string{"pod-3 on n", "pod-4 on n", "pod-1 on n", "pod-0 on n", "pod-2 left"}},
		{"SCH-133 a pod takes resources, host ports and its place in topology counts", func(w *world) {
			g := w.group(topology.Group{Kind: topology.AntiAffinity}, label.Hostname)
			apart, port, plain := w.obeying(1, requirement.Requirements{}, g), w.class(1, 1), w.class(1, 1)
			port.Ports = hostport.Ports{{IP: "0.0.0.0", Number: 80, Protocol: "TCP"}}
			w.node(model.Node{Name: "n", Free: vector(4, 16, 10)}, nil)
			w.add(2, apart)
			w.add(2, port)
			w.add(3, plain)
		}, []string{"pod-0 on n", "pod-2 on n", "pod-4 on n", "pod-5 on n", "pod-1 left", "pod-3 left", "pod-6 left"}},
	} {
		t.Run(tc.why, func(t *testing.T) {
			w := newWorld(t)
			tc.setup(w)
			if got := w.outline(place.Solve(w.input())); !slices.Equal(got, tc.want) {
				t.Errorf("got  %q\nwant %q", got, tc.want)
			}
		})
	}
}

// CP-055, SCH-192: an override group counts only with an offering of its own,
// and a bin may need it.
func TestOverrideGroups(t *testing.T) {
	w := newWorld(t)
	big := w.itype("flex", 4)
	big.Groups = append(big.Groups, model.Group{
		Allocatable: vector(4, 64, 110),
		Offerings:   []model.Offering{big.Groups[0].Offerings[0]},
	})
	w.pool(model.TemplateOptions{Pool: "default", Catalogue: model.NewCatalogue(w.v, []model.Type{big})})
	w.add(1, w.class(1, 60))
	if got := w.outline(place.Solve(w.input())); !slices.Equal(got, []string{"default: flex with 1 pods"}) {
		t.Fatalf("a pod that fits only the override group: %q", got)
	}
	w.pods = nil
	w.add(1, w.class(1, 1))
	if bins := place.Solve(w.input()).Bins; len(bins) != 1 || !slices.Equal(bins[0].Types, []int{0}) {
		t.Errorf("a pod that fits both groups: %+v, want the type once", bins)
	}
	big.Groups[1].Offerings = nil
	w = newWorld(t)
	w.pool(model.TemplateOptions{Pool: "default", Catalogue: model.NewCatalogue(w.v, []model.Type{big})})
	w.add(1, w.class(1, 60))
	if got := w.outline(place.Solve(w.input())); !slices.Equal(got, []string{"pod-0 left"}) {
		t.Fatalf("an override group without offering lent its capacity: %q", got)
	}
}

// SCH-194, SCH-230, SCH-234: what a bin says of the node to launch.
func TestBin(t *testing.T) {
	w := newWorld(t)
	over := []resource.Vector{vector(1, 1, 1), vector(1, 1, 1), vector(1, 2, 1), vector(2, 1, 1)}
	w.pool(model.TemplateOptions{Pool: "default", Overhead: over})
	w.add(2, w.class(2, 1, requirement.All(requirement.In(label.CapacityType, label.OnDemand))))
	plan := place.Solve(w.input())
	if len(plan.Bins) != 1 {
		t.Fatalf("got %q", w.outline(plan))
	}
	b := plan.Bins[0]
	if !slices.Equal(b.Types, []int{2, 3}) {
		t.Errorf("types by price: got %v", b.Types)
	}
	if b.Price != 8 {
		t.Errorf("cheapest price is that of the 8-CPU type on demand, got %v", b.Price)
	}
	if want := vector(5, 3, 3); !b.Requests.Equal(want) {
		t.Errorf("requests: got %v, want the pods' with the least overhead %v", b.Requests, want)
	}
	if len(b.Markets) != 2 {
		t.Errorf("on-demand in two zones, got %d markets", len(b.Markets))
	}
}

// SCH-230, SCH-234, CP-063, DIS-070: of many types the cheapest are listed, on demand only if
// that is what the pods want; the daemons of others add nothing and spare nothing.
func TestManyTypes(t *testing.T) {
	w := newWorld(t)
	var types []model.Type
	over := make([]resource.Vector, 700)
	for i := range int64(700) {
		types = append(types, w.itype(fmt.Sprintf("type-%03d", 699-i), 700-i)) // the cheapest last
		over[i] = vector(0, 1, 1)
	}
	for i := range 100 { // not listed
		over[i] = nil
	}
	w.pool(model.TemplateOptions{Pool: "default", Catalogue: model.NewCatalogue(w.v, types), Overhead: over})
	w.add(1, w.class(1, 1, requirement.All(requirement.In(label.CapacityType, label.OnDemand))))
	bins := place.Solve(w.input()).Bins
	if len(bins) != 1 || len(bins[0].Types) != 600 || bins[0].Types[0] != 699 || bins[0].Types[599] != 100 {
		t.Fatalf("bins %+v", bins)
	}
	if want := vector(1, 2, 2); !bins[0].Requests.Equal(want) {
		t.Errorf("requests: got %v, want %v", bins[0].Requests, want)
	}
	for _, market := range bins[0].Markets {
		if s, ok := market.Get(w.v.Key(label.CapacityType)); !ok || !w.v.Has(w.v.Key(label.CapacityType), s, w.v.Value(w.v.Key(label.CapacityType), label.OnDemand)) {
			t.Errorf("market %v", market)
		}
	}
}

// SCH-022, SCH-270: nodes left out take nothing.
func TestWithout(t *testing.T) {
	w := newWorld(t)
	w.node(model.Node{Name: "a", Free: vector(4, 16, 10)}, nil)
	w.node(model.Node{Name: "b", Free: vector(4, 16, 10)}, nil)
	w.add(1, w.class(1, 1))
	in := w.input()
	in.Without = bitset.Set{}.Add(0)
	if got := w.outline(place.Solve(in)); !slices.Equal(got, []string{"pod-0 on b"}) {
		t.Errorf("got %q", got)
	}
}

// SCH-262: the same input gives the same plan and is not changed by a run.
func TestRepeatable(t *testing.T) {
	w := newWorld(t)
	w.pool(model.TemplateOptions{Pool: "default"}, model.Limit{Resource: resource.CPU, Amount: 100_000})
	w.node(model.Node{Name: "n", Free: vector(3, 16, 10)}, nil)
	for i := range int64(7) {
		w.add(5, w.class(i%4+1, i+1))
	}
	in := w.input()
	first := w.outline(place.Solve(in))
	for range 3 {
		if again := w.outline(place.Solve(in)); !slices.Equal(first, again) {
			t.Fatalf("first %q\nagain %q", first, again)
		}
	}
	if !w.nodes[0].Free.Equal(vector(3, 16, 10)) {
		t.Error("a run changed the snapshot")
	}
}

// SCH-220 to SCH-223: reasons by what decided.
func TestReasons(t *testing.T) {
	for _, tc := range []struct {
		why   string
		setup func(*world)
		cause reason.Cause
		types reason.Shortfall
	}{
		{"SCH-223 taint", func(w *world) {
			w.pool(model.TemplateOptions{Pool: "p", Taints: []taint.Taint{gpuTaint}})
			w.add(1, w.class(1, 1))
		}, reason.Taints, reason.Shortfall{}},
		{"SCH-222 undefined label", func(w *world) {
			w.pool(model.TemplateOptions{Pool: "p"})
			w.add(1, w.class(1, 1, requirement.All(requirement.In("zone", "a"))))
		}, reason.Labels, reason.Shortfall{}},
		{"SCH-221 too large", func(w *world) {
			w.pool(model.TemplateOptions{Pool: "p"})
			w.add(1, w.class(100, 1))
		}, reason.Types, reason.Shortfall{Requirements: true, Offering: true, RequirementsOffering: true}},
		{"SCH-221 typing error in CPU", func(w *world) {
			w.pool(model.TemplateOptions{Pool: "p"})
			w.add(1, w.class(1_000_000, 1))
		}, reason.Types, reason.Shortfall{Requirements: true, Offering: true, RequirementsOffering: true, HugeCPU: true}},
		{"SCH-221 no such type", func(w *world) {
			w.pool(model.TemplateOptions{Pool: "p"})
			w.add(1, w.class(1, 1, requirement.All(requirement.In(label.InstanceType, "99-cpu"))))
		}, reason.Types, reason.Shortfall{Resources: true, Offering: true, ResourcesOffering: true}},
		{"SCH-201 limits", func(w *world) {
			w.pool(model.TemplateOptions{Pool: "p"}, model.Limit{Resource: resource.CPU, Amount: 1000})
			w.add(1, w.class(1, 1))
		}, reason.Limits, reason.Shortfall{}},
		{"SCH-201 node limit", func(w *world) {
			w.pool(model.TemplateOptions{Pool: "p"}, model.Limit{Resource: resource.Nodes})
			w.add(1, w.class(1, 1))
		}, reason.NodeLimit, reason.Shortfall{}},
		{"SCH-028 pool without types", func(w *world) {
			w.pool(model.TemplateOptions{Pool: "p", Requirements: requirement.All(requirement.In(label.Zone, "nowhere"))})
			w.add(1, w.class(1, 1))
		}, reason.NoInstanceTypes, reason.Shortfall{}},
		{"SCH-060 contradiction", func(w *world) {
			w.add(1, w.class(1, 1, requirement.All(requirement.In("k", "a"), requirement.In("k", "b"))))
		}, reason.Contradiction, reason.Shortfall{}},
		{"SCH-102 host ports alone", func(w *world) {
			http := hostport.Ports{{IP: "0.0.0.0", Number: 80, Protocol: "TCP"}}
			w.pool(model.TemplateOptions{Pool: "p", DaemonPorts: []hostport.Ports{http, http, http, http}})
			c := w.class(1, 1)
			c.Ports = http
			w.add(1, c)
		}, reason.HostPorts, reason.Shortfall{}},
		{"SCH-102 host ports alone, of the types that would do", func(w *world) {
			http := hostport.Ports{{IP: "0.0.0.0", Number: 80, Protocol: "TCP"}}
			w.pool(model.TemplateOptions{Pool: "p", DaemonPorts: []hostport.Ports{nil, nil, nil, http}})
			c := w.class(9, 1)
			c.Ports = http
			w.add(1, c)
		}, reason.HostPorts, reason.Shortfall{}},
		{"SCH-188 claims that are ignored", func(w *world) {
			w.pool(model.TemplateOptions{Pool: "p"})
			w.node(model.Node{Name: "n", Free: vector(4, 16, 10)}, nil)
			c := w.class(1, 1)
			c.ClaimsIgnored = true
			w.add(1, c)
		}, reason.ClaimsIgnored, reason.Shortfall{}},
		{"a constraint that is not decided yet leaves the pod pending", func(w *world) {
			w.node(model.Node{Name: "n", Free: vector(4, 16, 10)}, nil)
			c := w.class(1, 1)
			c.NotBuilt = "resourceClaims"
			w.add(1, c)
		}, reason.NotBuilt, reason.Shortfall{}},
	} {
		t.Run(tc.why, func(t *testing.T) {
			w := newWorld(t)
			tc.setup(w)
			plan := place.Solve(w.input())
			if len(plan.Unplaced) != 1 || len(plan.Unplaced[0].Why) != 1 {
				t.Fatalf("got %q, %+v", w.outline(plan), plan.Unplaced)
			}
			if r := plan.Unplaced[0].Why[0]; r.Cause != tc.cause || r.Types != tc.types {
				t.Errorf("got cause %d %+v: %s", r.Cause, r.Types, r)
			}
		})
	}
}

const none = -1

// running is which daemon runs on each type.
func running(daemons ...int) []bitset.Set {
	out := make([]bitset.Set, len(daemons))
	for i, d := range daemons {
		if d != none {
			out[i] = out[i].Add(d)
		}
	}
	return out
}

// keeping makes a class whose pods obey a group without being counted by it.
func (w *world) keeping(group int32) *model.Class {
	c := w.obeying(1, requirement.Requirements{}, group)
	c.Topology.Counted = nil
	return c
}
