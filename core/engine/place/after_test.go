// SPDX-License-Identifier: Apache-2.0

package place_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"karpenter.sh/core/engine/attach"
	"karpenter.sh/core/engine/constraint"
	"karpenter.sh/core/engine/hostport"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/engine/place/placetest"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/core/engine/resource"
	"karpenter.sh/core/engine/topology"
)

// first asks about the first pods, without the nodes that they leave.
func (w *world) first(pods int) place.Input {
	in := w.input()
	in.Pods, in.Reservations = w.pods[:pods], place.FallbackReservations
	for i := range in.Pods {
		if from := slices.Index(w.nodes, in.Pods[i].From); from >= 0 {
			in.Without = in.Without.Add(from)
		}
	}
	return in
}

// after carries a plan out, and sees to it that nothing else changes.
func (w *world) after(in place.Input, plan place.Plan) *model.Snapshot {
	w.t.Helper()
	asked, answered := placetest.Fingerprint(in), placetest.Fingerprint(plan)
	out := place.After(in, plan)
	if placetest.Fingerprint(in) != asked || placetest.Fingerprint(plan) != answered {
		w.t.Error("the question or its plan was changed")
	}
	if placetest.Fingerprint(place.After(in, plan)) != placetest.Fingerprint(out) {
		w.t.Error("the same plan led to something else")
	}
	return out
}

// inTurn tells where the pods asked about go, and where the others go then.
func (w *world) inTurn(in place.Input, tell func(*world, place.Plan) []string) string {
	w.t.Helper()
	plan := place.Solve(in)
	then := *w
	then.pods = w.pods[len(in.Pods):]
	next := in
	next.Snapshot, next.Pods = w.after(in, plan), then.pods
	return strings.Join(tell(w, plan), ", ") + " | " + strings.Join(tell(&then, place.Solve(next)), ", ")
}

// leaves has the last pod leave a node, where it is counted.
func (w *world) leaves(node int) {
	n, pod := w.nodes[node], &w.pods[len(w.pods)-1]
	zone, _ := n.Labels.Get(w.v.Key(label.Zone))
	w.bind(pod.Class, n.Name, w.v.ValueName(w.v.Key(label.Zone), zone))
	pod.From = n
}

// DIS-160, SCH-133: what pods took of a node, others find taken.
func TestAfterOnNodes(t *testing.T) {
	port := func(c *model.Class, numbers ...int32) *model.Class {
		for _, n := range numbers {
			c.Ports = append(c.Ports, hostport.Port{IP: "0.0.0.0", Number: n, Protocol: "TCP"})
		}
		return c
	}
	for _, tc := range []struct {
		why   string
		first int
		setup func(*world)
		want  string
	}{
		{"their requests", 1, func(w *world) {
			w.ready("n", "a")
			w.add(1, w.class(3, 1))
			w.add(1, w.class(2, 1))
			w.add(1, w.class(1, 1))
		}, "pod-0 on n | pod-2 on n, pod-1 left"},
		{"those of all of them", 2, func(w *world) {
			w.ready("n", "a", func(n *model.Node) { n.Free = vector(4, 16, 3) })
			w.add(4, w.class(1, 1))
		}, "pod-0 on n, pod-1 on n | pod-2 on n, pod-3 left"},
		{"SCH-101 their ports, beside those of pods that were there", 2, func(w *world) {
			w.ready("n", "a", func(n *model.Node) { n.Ports = port(&model.Class{}, 81).Ports })
			w.add(1, port(w.class(1, 1), 80))
			w.add(1, port(w.class(1, 1), 82))
			for _, taken := range []int32{80, 81, 82} {
				w.add(1, port(w.class(1, 1), taken))
			}
			w.add(1, port(w.class(1, 1), 83))
		}, "pod-0 on n, pod-1 on n | pod-5 on n, pod-2 left, pod-3 left, pod-4 left"},
		{"SCH-089 their claims, beside those of pods that were there", 1, func(w *world) {
			w.ready("n", "a", func(n *model.Node) { n.AttachLimits, n.Attached = attach.Limits{"d": 2}, attached("was") })
			w.add(4, w.class(1, 1))
			for i, claim := range []string{"came", "new", "came", "was"} {
				w.claim(i, claim)
			}
		}, "pod-0 on n | pod-2 on n, pod-3 on n, pod-1 left"},
		{"SCH-089 claims that were there still are, whatever came", 1, func(w *world) {
			w.ready("n", "a", func(n *model.Node) { n.AttachLimits, n.Attached = attach.Limits{"d": 1}, attached("was") })
			w.add(3, w.class(1, 1))
			w.claim(1, "new")
			w.claim(2, "was")
		}, "pod-0 on n | pod-2 on n, pod-1 left"},
		{"the node that they left is none to go to", 1, func(w *world) {
			w.ready("m", "a")
			w.ready("n", "a")
			w.add(1, w.class(3, 1))
			w.leaves(0)
			w.add(1, w.class(2, 1))
			w.add(1, w.class(1, 1))
		}, "pod-0 on n | pod-2 on n, pod-1 left"},
		{"a new node is none either", 1, func(w *world) {
			w.pool(model.TemplateOptions{Pool: "p"})
			w.add(2, w.class(1, 1))
		}, "p: 2-cpu with 1 pods | p: 2-cpu with 1 pods"},
		{"who found no place takes none", 2, func(w *world) {
			w.ready("n", "a")
			w.add(1, w.class(5, 1))
			w.add(2, w.class(2, 1))
		}, "pod-1 on n, pod-0 left | pod-2 on n"},
	} {
		t.Run(tc.why, func(t *testing.T) {
			w := newWorld(t)
			tc.setup(w)
			if got := w.inTurn(w.first(tc.first), (*world).outline); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

// DIS-160, SCH-202: new nodes count against the limits of their pool.
func TestAfterCharges(t *testing.T) {
	for _, tc := range []struct {
		why       string
		limits    []model.Limit
		remaining string
		want      string
	}{
		{"with the largest of their types", []model.Limit{{Resource: resource.CPU, Amount: 20_000}, {Resource: resource.Memory, Amount: 99 * gi}},
			"[{0 4000} {1 37580963840}]", "p: 4-cpu with 1 pods | p: 4-cpu with 1 pods, pod-2 left"},
		{"those that were within the limits", []model.Limit{{Resource: resource.CPU, Amount: 9000}},
			"[{0 1000}]", "p: 4-cpu with 1 pods | pod-1 left, pod-2 left"},
		{"in number", []model.Limit{{Resource: resource.Nodes, Amount: 2}},
			"[{4 1}]", "p: 4-cpu with 1 pods | p: 4-cpu with 1 pods, pod-2 left"},
		{"that has any", nil, "[]", "p: 4-cpu with 1 pods | p: 4-cpu with 1 pods, p: 4-cpu with 1 pods"},
	} {
		t.Run(tc.why, func(t *testing.T) {
			w := newWorld(t)
			w.pool(model.TemplateOptions{Pool: "p"}, tc.limits...)
			w.pool(model.TemplateOptions{Pool: "other"}, model.Limit{Resource: resource.CPU, Amount: 1000})
			w.add(3, w.obeying(3, requirement.Requirements{}, w.group(topology.Group{Kind: topology.AntiAffinity}, label.Hostname)))
			in := w.first(1)
			pools := w.after(in, place.Solve(in)).Pools
			if got := fmt.Sprint(pools[0].Remaining); got != tc.remaining {
				t.Errorf("remaining %s, want %s", got, tc.remaining)
			}
			if got := fmt.Sprint(pools[1].Remaining); got != "[{0 1000}]" {
				t.Errorf("another pool was charged: %s", got)
			}
			if got := w.inTurn(w.first(1), (*world).outline); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

// DIS-160, SCH-212: new nodes hold the reservations that they may be bought from.
func TestAfterHolds(t *testing.T) {
	for _, tc := range []struct {
		why   string
		held  []string
		setup func(*world)
		want  string
		holds string
	}{
		{"one unit", nil, func(w *world) {
			w.poolOf("p", w.sold("small", 4, reservation{"r", "a", 2}))
			w.add(3, w.class(3, 1))
		}, "p: small through r with 1 pods | p: small through r with 1 pods, p: small on demand with 1 pods", "r"},
		{"of each", nil, func(w *world) {
			w.poolOf("p", w.sold("small", 4, reservation{"r", "a", 1}, reservation{"s", "b", 1}), w.sold("large", 5, reservation{"r", "a", 1}))
			w.add(2, w.class(3, 1))
		}, "p: small through r+s with 1 pods | p: small on demand with 1 pods", "r s"},
		{"but of those alone", nil, func(w *world) {
			w.poolOf("p", w.sold("small", 4, reservation{"r", "a", 1}, reservation{"s", "b", 1}))
			w.add(1, w.class(3, 1, inZone("a")))
			w.add(1, w.class(3, 1))
		}, "p: small through r with 1 pods | p: small through s with 1 pods", "r"},
		{"none on demand", nil, func(w *world) {
			w.poolOf("p", w.sold("small", 4, reservation{"r", "a", 1}))
			w.add(1, w.class(3, 1, inZone("b")))
			w.add(1, w.class(3, 1))
		}, "p: small on demand with 1 pods | p: small through r with 1 pods", ""},
		{"nor where what is on sale excludes it", nil, func(w *world) {
			small := w.sold("small", 4, reservation{"r", "a", 1})
			for i := range small.Groups[0].Offerings[:2] {
				o := &small.Groups[0].Offerings[i]
				o.Requirements = w.v.Conjunction(o.Requirements, w.v.Compile(requirement.All(requirement.NotIn(reservationID, "r"))))
			}
			w.poolOf("p", small)
			w.add(1, w.class(3, 1, inZone("b")))
			w.add(1, w.class(3, 1))
		}, "p: small on demand with 1 pods | p: small through r with 1 pods", ""},
		{"beside those of other launches", []string{"r"}, func(w *world) {
			w.poolOf("p", w.sold("small", 4, reservation{"r", "a", 2}))
			w.add(2, w.class(3, 1))
		}, "p: small through r with 1 pods | p: small on demand with 1 pods", "r r"},
		{"which remain where nothing is launched", []string{"r"}, func(w *world) {
			w.poolOf("p", w.sold("small", 4, reservation{"r", "a", 1}))
			w.ready("n", "a")
			w.add(2, w.class(3, 1))
		}, "pod-0 on n | p: small on demand with 1 pods", "r"},
		{"or nothing is reserved", []string{"r"}, func(w *world) {
			w.poolOf("p", w.sold("small", 4))
			w.add(2, w.class(3, 1))
		}, "p: small on demand with 1 pods | p: small on demand with 1 pods", "r"},
	} {
		t.Run(tc.why, func(t *testing.T) {
			w := newWorld(t)
			tc.setup(w)
			in, key := w.first(1), w.v.Key(reservationID)
			for _, id := range tc.held {
				in.Snapshot.Held = append(in.Snapshot.Held, constraint.Label{Key: key, Value: w.v.Value(key, id)})
			}
			var holds []string
			for _, id := range w.after(in, place.Solve(in)).Held {
				holds = append(holds, w.v.ValueName(id.Key, id.Value))
			}
			if got := strings.Join(holds, " "); got != tc.holds {
				t.Errorf("holds %q, want %q", got, tc.holds)
			}
			if got := w.inTurn(in, (*world).bought); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

// SCH-215: in strict mode, pods wait for what becomes of the units.
func TestAfterDefers(t *testing.T) {
	w := newWorld(t)
	w.poolOf("p", w.sold("small", 4, reservation{"r", "a", 1}))
	w.add(1, w.class(3, 1))
	in := w.input()
	in.Snapshot = w.after(in, place.Solve(in))
	if got := w.bought(place.Solve(in)); !slices.Equal(got, []string{"pod-0 deferred"}) {
		t.Errorf("got %q", got)
	}
}

// DIS-160, SCH-265: what may become of one snapshot shares what did not change, and
// nothing else.
func TestAfterSharesWhatDidNotChange(t *testing.T) {
	w := newWorld(t)
	w.poolOf("p", w.sold("small", 4, reservation{"r", "a", 2}, reservation{"s", "b", 2}))
	w.pools[0].Remaining = model.Limits{{Resource: resource.CPU, Amount: 100_000}}
	for _, name := range []string{"taken", "spared"} {
		w.ready(name, "a", func(n *model.Node) {
			n.Free = append(make(resource.Vector, 0, 9), vector(2, 8, 9)...)
			n.Ports = make(hostport.Ports, 0, 9)
			n.AttachLimits, n.Attached = attach.Limits{"d": 9}, attached("was")
		})
	}
	held := make([]constraint.Label, 0, 9)
	var futures []*model.Snapshot
	var were []uint64
	for i, zone := range []string{"a", "b"} { // of the new node
		inZones, onHosts := w.group(topology.Group{}, label.Zone), w.group(topology.Group{}, label.Hostname)
		stays, goes := w.counting(2, inZone("a"), inZones, onHosts), w.counting(3, inZone(zone), inZones, onHosts)
		stays.Ports = hostport.Ports{{IP: "0.0.0.0", Number: int32(80 + i), Protocol: "TCP"}}
		w.bind(stays, "taken", "a")
		w.add(1, stays)
		w.claim(2*i, fmt.Sprint(i))
		w.add(1, goes)
	}
	for i := range 2 {
		in := w.input()
		in.Snapshot.Held, in.Pods = held, w.pods[2*i:2*i+2]
		s := w.after(in, place.Solve(in))
		futures, were = append(futures, s), append(were, placetest.Fingerprint(s))
	}
	for i, s := range futures {
		if placetest.Fingerprint(s) != were[i] {
			t.Errorf("future %d was changed by another", i)
		}
		if s.Nodes[1] != w.nodes[1] || s.Groups[2-2*i] != w.groups[2-2*i] || s.Groups[3-2*i] != w.groups[3-2*i] {
			t.Errorf("future %d copies what did not change", i)
		}
		if s.Nodes[0] == w.nodes[0] || s.Groups[2*i] == w.groups[2*i] || s.Groups[2*i+1] == w.groups[2*i+1] || len(s.Held) != 1 {
			t.Errorf("future %d is as it was", i)
		}
	}
}
