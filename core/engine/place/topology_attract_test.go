// SPDX-License-Identifier: Apache-2.0

package place_test

import (
	"slices"
	"strings"
	"testing"

	"karpenter.sh/core/engine/bitset"
	"karpenter.sh/core/engine/hostport"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/core/engine/resource"
	"karpenter.sh/core/engine/taint"
	"karpenter.sh/core/engine/topology"
)

// attracted makes a class whose pods the groups count and that must be with those
// whom the groups demanded count.
func (w *world) attracted(cpu, memory int64, wanted requirement.Requirements, counted, demanded []int32) *model.Class {
	c := w.class(cpu, memory, wanted)
	c.Topology.Counted = counted
	for i := range c.Attempts {
		c.Attempts[i].Strict = c.Attempts[i].Wanted
		c.Attempts[i].Rules, c.Attempts[i].Required = demanded, len(demanded)
	}
	return c
}

// SCH-167: pods that attract each other in zones, the one that leaves its zone
// open always first in line.
func TestAttractionInZones(t *testing.T) {
	anywhere := requirement.Requirements{}
	zonal := func(w *world, counts map[string]int32) []int32 {
		return []int32{w.group(topology.Group{Kind: topology.Affinity, Counts: w.counts(label.Zone, counts)}, label.Zone)}
	}
	for _, tc := range []struct {
		why   string
		setup func(*world)
		want  string
	}{
		{"one has a volume in zone 3", func(w *world) {
			g := zonal(w, nil)
			w.add(2, w.attracted(2, 1, anywhere, g, g))
			w.add(1, w.onVolumes(w.attracted(1, 1, anywhere, g, g), inZone("3")))
		}, "3:3"},
		{"one selects zone 3", func(w *world) {
			g := zonal(w, nil)
			w.add(2, w.attracted(2, 1, anywhere, g, g))
			w.add(1, w.attracted(1, 1, inZone("3"), g, g))
		}, "3:3"},
		{"one needs a type of zone 3", func(w *world) {
			w.pools = nil
			types := w.soldIn("1", "2", "3")
			types[3] = w.inZones(types[3], "3")
			w.pool(model.TemplateOptions{Pool: "default", Catalogue: w.catalogue(types)})
			g := zonal(w, nil)
			w.add(2, w.attracted(2, 1, anywhere, g, g))
			w.add(1, w.attracted(1, 40, anywhere, g, g))
		}, "3:3"},
		{"one has room on an existing node only", func(w *world) {
			w.node(model.Node{Name: "n", Free: vector(8, 32, 10)}, map[string]string{label.Zone: "9"})
			g := zonal(w, map[string]int32{"9": 0})
			w.add(2, w.attracted(2, 1, anywhere, g, g))
			w.add(1, w.attracted(1, 1, inZone("9"), g, g))
		}, "9:3"},
		{"a chain, its last link in zone 3", func(w *world) {
			b, c := zonal(w, nil), zonal(w, nil)
			w.add(1, w.attracted(3, 1, anywhere, c, nil))
			w.add(1, w.attracted(2, 1, anywhere, b, c))
			w.add(1, w.attracted(1, 1, inZone("3"), nil, b))
		}, "3:3"},
		{"a chain with replicas that nobody needs in zone 3", func(w *world) {
			c := zonal(w, nil)
			w.add(4, w.attracted(8, 1, requirement.All(requirement.NotIn(label.Zone, "2")), c, nil))
			w.add(1, w.attracted(1, 1, inZone("3"), nil, c))
		}, "3:3 ?:2"},
		{"more of them are in zone 3 than in zone 2", func(w *world) {
			g := zonal(w, nil)
			w.add(3, w.attracted(2, 1, anywhere, g, g))
			w.add(1, w.attracted(1, 2, inZone("2"), g, g))
			w.add(2, w.attracted(1, 1, inZone("3"), g, g))
		}, "3:5 left:1"},
		{"they all go with pods that run", func(w *world) {
			g := zonal(w, map[string]int32{"1": 1})
			w.add(2, w.attracted(2, 1, anywhere, g, g))
			w.add(1, w.attracted(1, 1, inZone("3"), g, g))
		}, "1:2 left:1"},
		{"one goes with pods that run in either zone, another with it in zone 3", func(w *world) {
			running, g := zonal(w, map[string]int32{"1": 1, "3": 1}), zonal(w, nil)
			w.add(1, w.attracted(2, 1, anywhere, g, running))
			w.add(1, w.attracted(1, 1, inZone("3"), nil, g))
		}, "3:2"},
		{"what cannot be together is not", func(w *world) {
			g := zonal(w, nil)
			w.add(1, w.attracted(2, 1, inZone("1"), g, nil))
			w.add(1, w.attracted(1, 1, inZone("3"), nil, g))
		}, "1:1 left:1"},
		{"one has room on an existing node only, and that is not the first", func(w *world) {
			w.node(model.Node{Name: "m", Free: vector(8, 32, 10)}, map[string]string{label.Zone: "1"})
			w.node(model.Node{Name: "n", Free: vector(8, 32, 10)}, map[string]string{label.Zone: "9"})
			g := zonal(w, map[string]int32{"1": 0, "9": 0})
			w.add(2, w.attracted(2, 1, anywhere, g, g))
			w.add(1, w.attracted(1, 1, inZone("9"), g, g))
		}, "9:3"},
		{"those that find no place there start elsewhere", func(w *world) {
			w.node(model.Node{Name: "n", Free: vector(8, 32, 10)}, map[string]string{label.Zone: "9"})
			g := zonal(w, map[string]int32{"9": 0})
			w.add(1, w.class(8, 1, inZone("9")))
			w.add(1, w.attracted(2, 1, anywhere, g, g))
			w.add(1, w.attracted(1, 1, inZone("9"), nil, g))
		}, "1:1 9:1 left:1"},
		{"each kind goes where it serves its own", func(w *world) {
			one, two := zonal(w, nil), zonal(w, nil)
			w.add(1, w.attracted(4, 1, anywhere, one, one))
			w.add(1, w.attracted(3, 1, inZone("2"), nil, one))
			w.add(2, w.attracted(2, 1, anywhere, two, two))
			w.add(2, w.attracted(1, 1, inZone("3"), nil, two))
		}, "2:2 3:4"},
		{"one needs two that nobody else ties", func(w *world) {
			one, two := zonal(w, nil), zonal(w, nil)
			w.add(1, w.attracted(9, 1, anywhere, one, nil))
			w.add(1, w.attracted(8, 1, anywhere, two, nil))
			w.add(1, w.attracted(1, 1, inZone("3"), nil, slices.Concat(one, two)))
		}, "3:3"},
		{"one of them shares a node with a third", func(w *world) {
			g, host := zonal(w, nil), w.group(topology.Group{Kind: topology.Affinity}, label.Hostname)
			w.add(1, w.attracted(3, 1, anywhere, g, nil))
			w.add(1, w.attracted(2, 1, inZone("3"), []int32{host}, g))
			w.add(1, w.attracted(1, 1, anywhere, nil, []int32{host}))
		}, "3:3"},
		{"one of them is tied in racks to a third", func(w *world) {
			w.pools = nil
			w.pool(model.TemplateOptions{Pool: "p", Catalogue: w.threeZones(), Requirements: requirement.All(requirement.In("rack", "r1", "r2", "r3"))})
			g, rack := zonal(w, nil), w.group(topology.Group{Kind: topology.Affinity}, "rack")
			w.add(1, w.attracted(3, 1, anywhere, append(slices.Clone(g), rack), nil))
			w.add(1, w.attracted(2, 1, inZone("3"), nil, g))
			w.add(1, w.attracted(1, 1, requirement.All(requirement.In("rack", "r2")), nil, []int32{rack}))
		}, "3:3"},
		{"one of them is spread over racks", func(w *world) {
			w.pools = nil
			w.pool(model.TemplateOptions{Pool: "p", Catalogue: w.threeZones(), Requirements: requirement.All(requirement.In("rack", "r1"))})
			g, rack := zonal(w, nil), w.group(topology.Group{Kind: topology.Spread, MaxSkew: 1}, "rack")
			w.add(1, w.attracted(2, 1, anywhere, g, g))
			w.add(1, w.attracted(1, 1, inZone("3"), nil, append([]int32{rack}, g...)))
		}, "3:2"},
		{"the other goes with pods that run in one of two zones", func(w *world) {
			running, g := zonal(w, map[string]int32{"1": 1, "3": 1}), zonal(w, nil)
			w.add(1, w.attracted(2, 1, inZone("2", "3"), g, g))
			w.add(1, w.attracted(1, 1, anywhere, nil, append(running, g...)))
		}, "3:2"},
		{"the other keeps away from pods that run in one of them", func(w *world) {
			g, apart := zonal(w, nil), w.group(topology.Group{Kind: topology.AntiAffinity, Counts: w.counts(label.Zone, map[string]int32{"2": 1})}, label.Zone)
			w.add(1, w.attracted(2, 1, inZone("2", "3"), g, g))
			w.add(1, w.attracted(1, 1, anywhere, nil, append([]int32{apart}, g...)))
		}, "3:2"},
		{"a spread keeps one out of zone 1", func(w *world) {
			g, s := zonal(w, nil), w.group(topology.Group{Kind: topology.Spread, MaxSkew: 1, Counts: w.counts(label.Zone, map[string]int32{"1": 1, "2": 1})}, label.Zone)
			w.add(2, w.attracted(2, 1, anywhere, g, g))
			w.add(1, w.attracted(1, 1, anywhere, append(slices.Clone(g), s), append(slices.Clone(g), s)))
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

// SCH-167: an existing node that takes only one of two kinds is no place to start.
func TestAttractionAvoidsNodesThatTakeOneKind(t *testing.T) {
	hard, port := []taint.Taint{{Key: "dedicated", Effect: taint.NoSchedule}}, hostport.Ports{{IP: "0.0.0.0", Number: 80, Protocol: "TCP"}}
	plain := func(*model.Class) {}
	for _, tc := range []struct {
		why           string
		node          model.Node
		first, second func(*model.Class)
		barred        bool
	}{
		{"it has not enough memory", model.Node{Free: vector(8, 8, 10)}, plain, func(c *model.Class) { c.Requests = vector(1, 9, 1) }, false},
		{"its port is taken", model.Node{Free: vector(8, 32, 10), Ports: port}, plain, func(c *model.Class) { c.Ports = port }, false},
		{"it is tainted", model.Node{Free: vector(8, 32, 10), Taints: hard}, func(c *model.Class) {
			c.Tolerations = taint.Tolerations{{Key: "dedicated"}}
		}, plain, false},
		{"it is closed to it", model.Node{Free: vector(8, 32, 10)}, plain, plain, true},
	} {
		for _, key := range []string{label.Zone, label.Hostname} {
			t.Run(tc.why+", "+key, func(t *testing.T) {
				w := newWorld(t)
				w.pool(model.TemplateOptions{Pool: "p", Catalogue: w.threeZones()})
				n := tc.node
				n.Name = "n"
				w.node(n, map[string]string{label.Zone: "9"})
				g := []int32{w.group(topology.Group{Kind: topology.Affinity, Counts: w.counts(label.Zone, map[string]int32{"9": 0})}, key)}
				first, second := w.attracted(2, 1, requirement.Requirements{}, g, g), w.attracted(1, 1, requirement.Requirements{}, nil, g)
				tc.first(first)
				tc.second(second)
				w.add(1, first)
				w.add(1, second)
				in := w.input()
				if tc.barred {
					in.Closed, in.Barred = bitset.Set{}.Add(0), bitset.Set{}.Add(1)
				}
				plan := place.Solve(in)
				if len(plan.Placements)+len(plan.Unplaced) > 0 || len(plan.Bins) != 1 {
					t.Errorf("got %q", w.outline(plan))
				}
			})
		}
	}
}

// SCH-167: pods that must share a node.
func TestAttractionOnNodes(t *testing.T) {
	anywhere := requirement.Requirements{}
	hosts := func(w *world) []int32 {
		return []int32{w.group(topology.Group{Kind: topology.Affinity}, label.Hostname)}
	}
	for _, tc := range []struct {
		why   string
		setup func(*world)
		want  string
	}{
		{"only the other pool has types for all", func(w *world) {
			w.pool(model.TemplateOptions{Pool: "small", Catalogue: w.catalogue(w.soldIn("1")[:3])})
			w.pool(model.TemplateOptions{Pool: "large", Catalogue: w.catalogue(w.soldIn("1"))})
			g := hosts(w)
			w.add(6, w.attracted(2, 1, anywhere, g, g))
		}, "large: 16-cpu with 6 pods"},
		{"only the other pool is where one can be", func(w *world) {
			w.pool(model.TemplateOptions{Pool: "here", Catalogue: w.catalogue(w.soldIn("1"))})
			w.pool(model.TemplateOptions{Pool: "there", Catalogue: w.catalogue(w.soldIn("3"))})
			g := hosts(w)
			w.add(1, w.attracted(2, 1, anywhere, g, g))
			w.add(1, w.onVolumes(w.attracted(1, 1, anywhere, g, g), inZone("3")))
		}, "there: 4-cpu with 2 pods"},
		{"only the second node has room for all", func(w *world) {
			w.node(model.Node{Name: "a", Free: vector(2, 32, 10)}, nil)
			w.node(model.Node{Name: "b", Free: vector(4, 32, 10)}, nil)
			g := hosts(w)
			w.add(2, w.attracted(2, 1, anywhere, g, g))
		}, "pod-0 on b, pod-1 on b"},
		{"nobody takes their room in between", func(w *world) {
			w.pool(model.TemplateOptions{Pool: "p", Catalogue: w.catalogue(w.soldIn("1"))})
			w.node(model.Node{Name: "a", Free: vector(7, 32, 10)}, nil)
			g := hosts(w)
			w.add(1, w.attracted(4, 1, anywhere, g, g))
			w.add(1, w.class(3, 1))
			w.add(1, w.attracted(1, 1, anywhere, g, g))
		}, "pod-0 on a, pod-2 on a, p: 4-cpu with 1 pods"},
		{"nor do replicas that need nobody", func(w *world) {
			w.pool(model.TemplateOptions{Pool: "p", Catalogue: w.catalogue(w.soldIn("1")[:2])})
			w.node(model.Node{Name: "a", Free: vector(6, 32, 10)}, nil)
			g := hosts(w)
			w.add(2, w.attracted(3, 1, anywhere, g, nil))
			w.add(1, w.attracted(2, 1, anywhere, nil, g))
		}, "pod-0 on a, pod-2 on a, p: 4-cpu with 1 pods"},
		{"they go with pods that run, each in its turn", func(w *world) {
			w.node(model.Node{Name: "a", Free: vector(7, 32, 10)}, nil)
			g := []int32{w.group(topology.Group{Kind: topology.Affinity, Hosts: map[string]int32{"a": 1}}, label.Hostname)}
			w.add(1, w.attracted(4, 1, anywhere, g, g))
			w.add(1, w.class(3, 1))
			w.add(1, w.attracted(1, 1, anywhere, g, g))
		}, "pod-0 on a, pod-1 on a, pod-2 left"},
		{"pods that keep away from each other are not tied", func(w *world) {
			w.node(model.Node{Name: "a", Free: vector(3, 32, 10)}, nil)
			w.node(model.Node{Name: "b", Free: vector(2, 32, 10)}, nil)
			with, apart := hosts(w), []int32{w.group(topology.Group{Kind: topology.AntiAffinity}, label.Hostname)}
			w.add(1, w.attracted(3, 1, anywhere, apart, apart))
			w.add(1, w.class(2, 1))
			w.add(1, w.attracted(1, 1, anywhere, apart, apart))
			w.add(1, w.attracted(9, 1, anywhere, with, with)) // makes the run look for ties
		}, "pod-0 on a, pod-1 on b, pod-2 left, pod-3 left"},
		{"if no node holds all, one of each kind", func(w *world) {
			w.node(model.Node{Name: "a", Free: vector(2, 32, 10)}, nil)
			w.node(model.Node{Name: "b", Free: vector(3, 32, 10)}, nil)
			g := hosts(w)
			w.add(3, w.attracted(2, 1, anywhere, g, g))
			w.add(1, w.attracted(1, 1, anywhere, nil, g))
		}, "pod-0 on b, pod-3 on b, pod-1 left, pod-2 left"},
		{"who may not be the first says nothing of the others", func(w *world) {
			w.node(model.Node{Name: "a", Free: vector(2, 32, 10)}, nil)
			w.node(model.Node{Name: "b", Free: vector(6, 32, 10)}, nil)
			g := hosts(w)
			w.add(1, w.attracted(4, 1, anywhere, nil, g))
			w.add(1, w.attracted(2, 1, anywhere, g, g))
		}, "pod-1 on b, pod-0 on b"},
		{"all that need one, beside one of its replicas", func(w *world) {
			w.node(model.Node{Name: "a", Free: vector(3, 32, 10)}, nil)
			w.node(model.Node{Name: "b", Free: vector(4, 32, 10)}, nil)
			g := hosts(w)
			w.add(5, w.attracted(2, 1, anywhere, g, nil))
			w.add(2, w.attracted(1, 1, anywhere, nil, g))
		}, "pod-0 on b, pod-5 on b, pod-6 on b, pod-1 on a, pod-2 left, pod-3 left, pod-4 left"},
		{"a planned node without room for all is left alone", func(w *world) {
			w.pool(model.TemplateOptions{Pool: "p", Catalogue: w.catalogue(w.soldIn("1")[:2])})
			g := hosts(w)
			w.add(1, w.class(3, 1))
			w.add(2, w.attracted(1, 1, anywhere, g, g))
		}, "p: 4-cpu with 1 pods, p: 2-cpu with 2 pods"},
		{"a pool is passed over that one of them does not tolerate", func(w *world) {
			w.pool(model.TemplateOptions{Pool: "tainted", Taints: []taint.Taint{gpuTaint}})
			w.pool(model.TemplateOptions{Pool: "p"})
			g := hosts(w)
			c := w.attracted(2, 1, anywhere, g, g)
			c.Tolerations = taint.Tolerations{{Key: "gpu", Operator: taint.TolerateExists}}
			w.add(1, c)
			w.add(1, w.attracted(1, 1, anywhere, nil, g))
		}, "p: 4-cpu with 2 pods"},
		{"or whose limits leave only types that are too small for all", func(w *world) {
			w.pool(model.TemplateOptions{Pool: "limited"}, model.Limit{Resource: resource.CPU, Amount: 2000})
			w.pool(model.TemplateOptions{Pool: "p"})
			g := hosts(w)
			w.add(2, w.attracted(2, 1, anywhere, g, g))
		}, "p: 4-cpu with 2 pods"},
		{"or where daemons take the port of one", func(w *world) {
			port := hostport.Ports{{IP: "0.0.0.0", Number: 80, Protocol: "TCP"}}
			w.pool(model.TemplateOptions{Pool: "taken", DaemonPorts: []hostport.Ports{port, port, port, port}})
			w.pool(model.TemplateOptions{Pool: "p"})
			g := hosts(w)
			w.add(1, w.attracted(2, 1, anywhere, g, g))
			c := w.attracted(1, 1, anywhere, nil, g)
			c.Ports = port
			w.add(1, c)
		}, "p: 4-cpu with 2 pods"},
		{"as many as fit, if no node holds all", func(w *world) {
			w.pool(model.TemplateOptions{Pool: "p", Catalogue: w.catalogue(w.soldIn("1")[:2])})
			g := hosts(w)
			w.add(3, w.attracted(2, 1, anywhere, g, g))
		}, "p: 4-cpu with 2 pods, pod-2 left"},
	} {
		t.Run(tc.why, func(t *testing.T) {
			w := newWorld(t)
			tc.setup(w)
			if got := strings.Join(w.outline(place.Solve(w.input())), ", "); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}
