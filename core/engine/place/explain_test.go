// SPDX-License-Identifier: Apache-2.0

package place_test

import (
	"testing"

	"karpenter.sh/core/engine/attach"
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

// SCH-135: what keeps a pod from an existing node, by kind of check.
func TestExplain(t *testing.T) {
	web := hostport.Port{IP: "0.0.0.0", Number: 80, Protocol: "TCP"}
	nothing := func(*world, *model.Class, *model.Node) {}
	for _, tc := range []struct {
		why string
		// change is made to the class of the pod, which asks for one CPU and 1 GiB,
		// and to the node, which has four times that and is in zone b.
		change func(*world, *model.Class, *model.Node)
		ask    func(*place.Input)
		want   string
	}{
		{why: "nothing", change: nothing},
		{why: "a resource", want: `node "n": cpu 500m left; the pod needs 1`, change: func(_ *world, _ *model.Class, n *model.Node) {
			n.Free[resource.CPU] = 500
		}},
		{why: "two resources", want: `node "n": cpu 500m, pods 0 left; the pod needs cpu 1, pods 1`, change: func(_ *world, _ *model.Class, n *model.Node) {
			n.Free[resource.CPU], n.Free[resource.Pods] = 500, 0
		}},
		{why: "a resource that the node does not have", want: `node "n": ephemeral-storage 0 left; the pod needs 1Gi`, change: func(_ *world, c *model.Class, _ *model.Node) {
			c.Requests = c.Requests.Set(resource.EphemeralStorage, gi)
		}},
		{why: "SCH-044: a resource of which there is less than none", want: `node "n": ephemeral-storage -1024 left; the pod needs 0`, change: func(_ *world, _ *model.Class, n *model.Node) {
			n.Free = n.Free.Set(resource.EphemeralStorage, -1024)
		}},
		{why: "SCH-100: host ports", want: `node "n": host ports are taken: 80/TCP, 10.0.0.1:53/UDP`, change: func(_ *world, c *model.Class, n *model.Node) {
			dns := hostport.Port{IP: "10.0.0.1", Number: 53, Protocol: "UDP"}
			c.Ports = hostport.Ports{web, {IP: "0.0.0.0", Number: 81, Protocol: "TCP"}, dns}
			n.Ports = hostport.Ports{dns, web}
		}},
		{why: "SCH-090: taints", want: `node "n": taints are not tolerated: a=b:NoSchedule, c:NoExecute`, change: func(_ *world, c *model.Class, n *model.Node) {
			c.Tolerations = taint.Tolerations{{Key: "fine", Operator: taint.TolerateExists}}
			n.Taints = []taint.Taint{{Key: "a", Value: "b", Effect: taint.NoSchedule}, {Key: "fine", Effect: taint.NoSchedule}, {Key: "c", Effect: taint.NoExecute}}
		}},
		{why: "SCH-183: a taint that would rather keep pods away does not", change: func(_ *world, _ *model.Class, n *model.Node) {
			n.Taints = []taint.Taint{{Key: "a", Effect: taint.PreferNoSchedule}}
		}},
		{why: "SCH-183: preferences keep no pod away", change: func(w *world, c *model.Class, _ *model.Node) {
			c.Attempts[0].Wanted = w.v.Compile(inZone("c"))
		}},
		{why: "labels", want: `node "n": label team is not set; the pod wants In [red], label topology.kubernetes.io/zone is b; the pod wants In [a c]`,
			change: func(w *world, c *model.Class, _ *model.Node) {
				w.want(c, requirement.In("team", "red"), inZones("a", "c"))
			}},
		{why: "the hostname", want: `node "n": label kubernetes.io/hostname is host; the pod wants NotIn [host]`,
			change: func(w *world, c *model.Class, _ *model.Node) { w.want(c, requirement.NotIn(label.Hostname, "host")) }},
		{why: "SCH-060: a contradiction", want: `node "n": the pod's own requirements on label "topology.kubernetes.io/zone" exclude each other`,
			change: func(w *world, c *model.Class, _ *model.Node) { w.want(c, inZones()) }},
		{why: "OR-ed terms, of which one comes nearer", want: `node "n": taints are not tolerated: a:NoSchedule`, change: func(w *world, c *model.Class, n *model.Node) {
			n.Taints = []taint.Taint{{Key: "a", Effect: taint.NoSchedule}}
			*c = *w.class(1, 1, inZone("a"), inZone("b"), inZone("c"))
		}},
		{why: "SCH-089: claims", want: `node "n": attaches 1 more volume(s) of driver "d"; the pod needs 2`, change: func(w *world, _ *model.Class, n *model.Node) {
			n.Attached, n.AttachLimits = attached("a", "b"), attach.Limits{"d": 3}
			w.claim(0, "a", "c", "e")
		}},
		{why: "claims that are there", change: func(w *world, _ *model.Class, n *model.Node) {
			n.Attached, n.AttachLimits = attached("a", "b"), attach.Limits{"d": 1}
			w.claim(0, "a", "b")
		}},
		{why: "SCH-086: volumes in other places", want: `node "n": the volumes of the pod cannot be on it: label topology.kubernetes.io/zone is b; they want In [a], or ` +
			`label kubernetes.io/hostname is host; they want In [other]`, change: func(w *world, c *model.Class, _ *model.Node) { w.onVolumes(c, inZone("a"), onHost("other")) }},
		{why: "volumes in this place, too", change: func(w *world, c *model.Class, _ *model.Node) { w.onVolumes(c, inZone("a"), onHost("host")) }},
		{why: "SCH-085: volumes that exclude each other", want: "no node can have all volumes of the pod, their topologies exclude each other: x, y", change: func(w *world, c *model.Class, _ *model.Node) {
			c.VolumeConflict = true
			w.claim(0, "x", "y")
		}},
		{why: "SCH-188: claims of DRA", want: "the pod has resourceClaims, and requests of Dynamic Resource Allocation (DRA) are ignored (--ignore-dra-requests)",
			change: func(_ *world, c *model.Class, _ *model.Node) { c.ClaimsIgnored = true }},
		{why: "SCH-153: a spread over zones", want: `node "n": not allowed by topology spread on key "topology.kubernetes.io/zone" (counts = {a: 0, b: 1}, pod domains = any, node domains = In [b])`,
			change: func(w *world, c *model.Class, _ *model.Node) {
				w.rule(c, topology.Group{Kind: topology.Spread, MaxSkew: 1, Counts: w.counts(label.Zone, map[string]int32{"a": 0, "b": 1})}, label.Zone)
			}},
		{why: "SCH-142: a zone where a node could be launched", want: `node "n": not allowed by topology spread on key "topology.kubernetes.io/zone" (counts = {a: 0, b: 1}, pod domains = any, node domains = In [b])`,
			change: func(w *world, c *model.Class, _ *model.Node) {
				w.pool(model.TemplateOptions{Pool: "p"})
				w.rule(c, topology.Group{Kind: topology.Spread, MaxSkew: 1, Counts: w.counts(label.Zone, map[string]int32{"b": 1})}, label.Zone)
			}},
		{why: "SCH-086: a zone where the pod's volumes cannot be", change: func(w *world, c *model.Class, _ *model.Node) {
			w.pool(model.TemplateOptions{Pool: "p"})
			w.rule(w.onVolumes(c, inZone("b")), topology.Group{Kind: topology.Spread, MaxSkew: 1, Counts: w.counts(label.Zone, map[string]int32{"b": 1})}, label.Zone)
		}},
		{why: "a spread over a label that the node does not have", want: `node "n": not allowed by topology spread on key "rack" (counts = {}, pod domains = any, node domains = DoesNotExist)`,
			change: func(w *world, c *model.Class, _ *model.Node) {
				w.rule(c, topology.Group{Kind: topology.Spread, MaxSkew: 1}, "rack")
			}},
		{why: "SCH-155: a spread over nodes", want: `node "n": not allowed by topology spread on key "kubernetes.io/hostname" (counts = {n: 2}, pod domains = any, node domains = In [host])`,
			change: func(w *world, c *model.Class, _ *model.Node) {
				w.rule(c, topology.Group{Kind: topology.Spread, MaxSkew: 2, Hosts: map[string]int32{"n": 2, "m": 1}}, label.Hostname)
			}},
		{why: "SCH-160: affinity to pods elsewhere", want: `node "n": not allowed by pod affinity on key "topology.kubernetes.io/zone" (counts = {a: 1}, pod domains = any, node domains = In [b])`,
			change: func(w *world, c *model.Class, _ *model.Node) {
				w.rule(c, topology.Group{Kind: topology.Affinity, Counts: w.counts(label.Zone, map[string]int32{"a": 1})}, label.Zone)
			}},
		{why: "affinity to nobody, before all other rules", want: `node "n": no pod matches its required affinity app=missing`, change: func(w *world, c *model.Class, _ *model.Node) {
			w.rule(c, topology.Group{Kind: topology.AntiAffinity, Counts: w.counts(label.Zone, map[string]int32{"b": 1})}, label.Zone)
			w.rule(c, topology.Group{Kind: topology.Affinity, Selector: selector("app=missing")}, label.Zone)
			c.Topology.Counted = nil
		}},
		{why: "SCH-162: anti-affinity, and that of others", want: `node "n": not allowed by anti-affinity of other pods on key "kubernetes.io/hostname" (counts = {n: 1}, pod domains = any, node domains = In [host]), and ` +
			`not allowed by pod anti-affinity on key "topology.kubernetes.io/zone" (counts = {b: 1}, pod domains = any, node domains = In [b])`,
			change: func(w *world, c *model.Class, _ *model.Node) {
				w.rule(c, topology.Group{Kind: topology.AntiAffinity, Counts: w.counts(label.Zone, map[string]int32{"b": 1})}, label.Zone)
				c.Topology.Repelling = []int32{w.group(topology.Group{Kind: topology.Inverse, Hosts: map[string]int32{"n": 1}}, label.Hostname)}
			}},
		{why: "DIS-062: a node that takes none of the pods that would move", want: `node "n": takes none of these pods for now`, change: nothing,
			ask: func(in *place.Input) { in.Closed, in.Barred = setOf(0), setOf(0) }},
		{why: "but takes others", change: nothing, ask: func(in *place.Input) { in.Closed, in.Barred = setOf(0), setOf(1) }},
		{why: "a node that would go itself", want: `node "n": left out as a target`, change: nothing, ask: func(in *place.Input) { in.Without = setOf(0) }},
		{why: "DIS-063: a node that is not initialized, and a pod that need not move", want: `node "n": not initialized, and the pod need not move`, change: nothing,
			ask: func(in *place.Input) { in.Moved = setOf(0) }},
		{why: "a pod that need not move, and a node that is initialized", change: func(_ *world, _ *model.Class, n *model.Node) { n.Initialized = true },
			ask: func(in *place.Input) { in.Moved = setOf(0) }},
		{why: "all that is in the way is told", want: `node "n": cpu 0 left; the pod needs 1, and label topology.kubernetes.io/zone is b; the pod wants In [a], and taints are not tolerated: a:NoSchedule`,
			change: func(w *world, c *model.Class, n *model.Node) {
				n.Free[resource.CPU], n.Taints = 0, []taint.Taint{{Key: "a", Effect: taint.NoSchedule}}
				w.want(c, inZones("a"))
			}},
	} {
		t.Run(tc.why, func(t *testing.T) {
			w := newWorld(t)
			c := w.class(1, 1)
			w.add(1, c)
			w.node(model.Node{Name: "n", Hostname: "host", Free: vector(4, 4, 10)}, map[string]string{label.Zone: "b"})
			tc.change(w, c, w.nodes[0])
			in := w.input()
			if tc.ask != nil {
				tc.ask(&in)
			}
			got := place.Explain(in, 0, 0)
			if text := got.String(); text != tc.want && (len(got) > 0 || tc.want != "") {
				t.Errorf("got  %s\nwant %s", text, tc.want)
			}
			if taken := len(place.Solve(in).Placements) == 1; taken != (len(got) == 0) {
				t.Errorf("taken: %v, although %s", taken, got)
			}
		})
	}
}

// want has all attempts of a class want labels.
func (w *world) want(c *model.Class, wanted ...requirement.Requirement) {
	for i := range c.Attempts {
		c.Attempts[i].Plain = requirement.All(wanted...)
		c.Attempts[i].Wanted = w.v.Compile(c.Attempts[i].Plain)
	}
}

func inZones(zones ...string) requirement.Requirement { return requirement.In(label.Zone, zones...) }

// rule has a class obey a new group that counts its pods.
func (w *world) rule(c *model.Class, g topology.Group, key string) {
	index := w.group(g, key)
	c.Topology.Counted = append(c.Topology.Counted, index)
	for i := range c.Attempts {
		c.Attempts[i].Rules = append(c.Attempts[i].Rules, index)
		c.Attempts[i].Required++
	}
}

// SCH-135: a node takes a pod exactly if nothing is in the way.
func TestExplainAgreesWithPlans(t *testing.T) {
	taken, refused := 0, 0
	for seed := range int64(300) {
		w, _ := occupied(t, seed, int(seed%6))
		in := w.input()
		for pod := range w.pods {
			for node := range w.nodes {
				one := w.input()
				one.Pods = w.pods[pod : pod+1]
				one.Without = bitset.Full(len(w.nodes))
				one.Without.Remove(node)
				why, takes := place.Explain(in, pod, node), len(place.Solve(one).Placements) == 1
				if takes != (len(why) == 0) {
					t.Errorf("seed %d, pod %d, node %s: taken %v, explained %s", seed, pod, w.nodes[node].Name, takes, why)
				}
				if takes {
					taken++
				} else {
					refused++
				}
			}
		}
	}
	if taken < 300 || refused < 300 {
		t.Errorf("%d taken and %d refused prove little", taken, refused)
	}
}
