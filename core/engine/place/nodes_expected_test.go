// SPDX-License-Identifier: Apache-2.0

package place_test

import (
	"slices"
	"testing"

	"karpenter.sh/core/engine/attach"
	"karpenter.sh/core/engine/bitset"
	"karpenter.sh/core/engine/hostport"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/core/engine/taint"
	"karpenter.sh/core/engine/topology"
)

// ready adds a node of 4 CPU in a zone.
func (w *world) ready(name, zone string, change ...func(*model.Node)) {
	n := model.Node{Name: name, Hostname: name, Initialized: true, Free: vector(4, 16, 10)}
	for _, c := range change {
		c(&n)
	}
	w.node(n, map[string]string{label.Zone: zone})
}

func expecting(nodes ...int) map[int]place.Expectation {
	out := map[int]place.Expectation{}
	for pod, node := range nodes {
		if node >= 0 {
			out[pod] = place.Expectation{Node: node}
		}
	}
	return out
}

// SCH-310
func TestExpectedPods(t *testing.T) {
	for _, test := range []struct {
		why   string
		setup func(*world) map[int]place.Expectation
		want  []string
	}{
		{"they go where they are expected, although another node comes first", func(w *world) map[int]place.Expectation {
			w.ready("a", "a")
			w.ready("b", "b")
			w.add(2, w.class(1, 1))
			return expecting(1, 1)
		}, []string{"pod-0 on b", "pod-1 on b"}},
		{"larger pods do not take their room", func(w *world) map[int]place.Expectation {
			w.ready("a", "a")
			w.add(2, w.class(2, 1))
			w.add(1, w.class(3, 1))
			return expecting(0, 0)
		}, []string{"pod-0 on a", "pod-1 on a", "p: 4-cpu with 1 pods"}},
		{"what no longer fits goes elsewhere", func(w *world) map[int]place.Expectation {
			w.ready("a", "a")
			w.add(2, w.class(3, 1))
			return expecting(0, 0)
		}, []string{"pod-0 on a", "p: 4-cpu with 1 pods"}},
		{"a node that no longer admits them does not get them", func(w *world) map[int]place.Expectation {
			w.ready("a", "a", func(n *model.Node) { n.Taints = []taint.Taint{{Key: "k", Effect: "NoSchedule"}} })
			w.ready("b", "b")
			w.add(1, w.class(1, 1))
			w.add(1, w.class(1, 1, inZone("a")))
			return expecting(0, 1)
		}, []string{"pod-0 on b", "p: 2-cpu with 1 pods"}},
		{"ports count", func(w *world) map[int]place.Expectation {
			w.ready("a", "a")
			w.ready("b", "b")
			c := w.class(1, 1)
			c.Ports = hostport.Ports{{IP: "0.0.0.0", Number: 80, Protocol: "TCP"}}
			w.add(2, c)
			return expecting(0, 0)
		}, []string{"pod-0 on a", "pod-1 on b"}},
		{"claims count", func(w *world) map[int]place.Expectation {
			limited := func(n *model.Node) { n.AttachLimits = attach.Limits{"d": 1} }
			w.ready("a", "a", limited)
			w.ready("b", "b", limited)
			w.add(2, w.class(1, 1))
			for i := range w.pods {
				w.pods[i].Attachments = []attach.Attachment{{Driver: "d", Claim: w.pods[i].Name}}
			}
			return expecting(0, 0)
		}, []string{"pod-0 on a", "pod-1 on b"}},
		{"a spread holds once all are there, whatever the order", func(w *world) map[int]place.Expectation {
			w.ready("a", "a")
			w.ready("b", "b")
			g := w.group(topology.Group{Kind: topology.Spread, MaxSkew: 1, Counts: w.counts(label.Zone, map[string]int32{"a": 0, "b": 0})}, label.Zone)
			w.add(4, demanding(w.obeying(1, requirement.Requirements{}, g)))
			return expecting(0, 0, 1, 1)
		}, []string{"pod-0 on a", "pod-1 on a", "pod-2 on b", "pod-3 on b"}},
		{"those that would break a spread go where it holds", func(w *world) map[int]place.Expectation {
			w.ready("a", "a")
			w.ready("b", "b")
			g := w.group(topology.Group{Kind: topology.Spread, MaxSkew: 1, Counts: w.counts(label.Zone, map[string]int32{"a": 0, "b": 0})}, label.Zone)
			w.add(4, demanding(w.obeying(1, requirement.Requirements{}, g)))
			return expecting(0, 0, 0, 0)
		}, []string{"pod-3 on a", "pod-0 on b", "pod-1 on b", "pod-2 on a"}},
		{"what goes elsewhere leaves its room and its claim", func(w *world) map[int]place.Expectation {
			w.ready("a", "a", func(n *model.Node) { n.AttachLimits = attach.Limits{"d": 2} })
			w.ready("b", "b")
			g := w.group(topology.Group{Kind: topology.AntiAffinity, Counts: w.counts(label.Zone, map[string]int32{"a": 0, "b": 0})}, label.Zone)
			apart := demanding(w.obeying(2, requirement.Requirements{}, g))
			w.add(2, apart)
			w.add(1, w.class(2, 1, inZone("a")))
			for i := range w.pods {
				w.pods[i].Attachments = []attach.Attachment{{Driver: "d", Claim: w.pods[i].Name}}
			}
			return expecting(0, 0)
		}, []string{"pod-1 on a", "pod-0 on b", "pod-2 on a"}},
		{"nobody may join a node against a rule on nodes", func(w *world) map[int]place.Expectation {
			w.ready("a", "a")
			w.ready("b", "b")
			g := w.group(topology.Group{Kind: topology.AntiAffinity}, label.Hostname)
			w.add(2, demanding(w.obeying(1, requirement.Requirements{}, g)))
			return expecting(0, 0)
		}, []string{"pod-1 on a", "pod-0 on b"}},
		{"others keep out of the domains that expected pods claim", func(w *world) map[int]place.Expectation {
			w.ready("a", "a")
			w.ready("b", "b")
			g := w.group(topology.Group{Kind: topology.AntiAffinity, Counts: w.counts(label.Zone, map[string]int32{"a": 0, "b": 0})}, label.Zone)
			w.add(2, demanding(w.obeying(1, requirement.Requirements{}, g)))
			return expecting(-1, 0)
		}, []string{"pod-1 on a", "pod-0 on b"}},
		{"only there is nowhere else, and not left over", func(w *world) map[int]place.Expectation {
			w.ready("a", "a")
			w.add(2, w.class(3, 1))
			return map[int]place.Expectation{0: {Node: 0, Only: true}, 1: {Node: 0, Only: true}}
		}, []string{"pod-0 on a"}},
	} {
		t.Run(test.why, func(t *testing.T) {
			w := newWorld(t)
			w.pool(model.TemplateOptions{Pool: "p"})
			expected := test.setup(w)
			in := w.input()
			in.Expected = expected
			if got := w.outline(place.Solve(in)); !slices.Equal(got, test.want) {
				t.Errorf("plan is %q, want %q", got, test.want)
			}
		})
	}
}

// SCH-310: closed nodes are closed to barred pods that are expected there.
func TestExpectedOnAClosedNode(t *testing.T) {
	w := newWorld(t)
	w.pool(model.TemplateOptions{Pool: "p"})
	w.ready("a", "a")
	w.ready("b", "b")
	w.add(1, w.class(1, 1))
	in := w.input()
	in.Expected, in.Closed, in.Barred = expecting(0), bitset.Set(nil).Add(0), bitset.Set(nil).Add(0)
	if got := w.outline(place.Solve(in)); !slices.Equal(got, []string{"pod-0 on b"}) {
		t.Errorf("plan is %q", got)
	}
}

// SCH-158, SCH-310: no node is opened in a domain that would upset a spread of
// expected pods.
func TestExpectedPodsRelyOnTheirDomains(t *testing.T) {
	w := newWorld(t)
	w.pool(model.TemplateOptions{Pool: "default", Requirements: inZone("a")})
	w.pool(model.TemplateOptions{Pool: "other"})
	w.node(model.Node{Name: "a", Hostname: "a", Initialized: true, Free: vector(4, 16, 10)}, map[string]string{label.Zone: "a", label.NodePool: "default"})
	g := w.group(topology.Group{Kind: topology.Spread, MaxSkew: 1, Counts: w.counts(label.Zone, map[string]int32{"a": 0})}, label.Zone)
	w.add(2, demanding(w.obeying(1, requirement.All(requirement.In(label.NodePool, "default")), g)))
	w.add(1, w.class(8, 1, requirement.All(requirement.In(label.NodePool, "other"))))
	in := w.input()
	in.Expected = expecting(0, 0)
	plan := place.Solve(in)
	if got := w.outline(plan); !slices.Equal(got, []string{"pod-0 on a", "pod-1 on a", "other: 8-cpu with 1 pods"}) {
		t.Fatalf("plan is %q", got)
	}
	zone := w.v.Key(label.Zone)
	if zones, narrowed := plan.Bins[0].Requirements.Get(zone); !narrowed || w.v.Has(zone, zones, w.v.Value(zone, "b")) {
		t.Error("the new node may come up in zone b")
	}
}
