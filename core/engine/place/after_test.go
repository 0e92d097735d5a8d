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
	"karpenter.sh/core/engine/taint"
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

// counted is what a group counts, by domain or by host.
func (w *world) counted(g *topology.Group) string {
	var out []string
	for d, n := range g.Counts {
		out = append(out, fmt.Sprintf("%s:%d", w.v.ValueName(g.Key, d), n))
	}
	for name, n := range g.Hosts {
		out = append(out, fmt.Sprintf("%s:%d", name, n))
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

// kinds are those of groups; decided ones count pods only where that is known.
var kinds = []struct {
	name    string
	kind    topology.Kind
	decided bool
}{
	{"spread", topology.Spread, true}, {"affinity", topology.Affinity, true},
	{"anti-affinity", topology.AntiAffinity, false}, {"inverse", topology.Inverse, false},
}

// member makes a class whose pods a group counts, whatever its kind.
func (w *world) member(cpu int64, wanted requirement.Requirements, group int32) *model.Class {
	c := w.class(cpu, 1, wanted)
	if w.groups[group].Kind == topology.Inverse {
		c.Topology.Owned = []int32{group}
	} else {
		c.Topology.Counted = []int32{group}
	}
	return c
}

// DIS-160, SCH-165, SCH-166: pods count where they went and no longer where they
// were; on new nodes as far as it is known where those will be.
func TestAfterCounts(t *testing.T) {
	anywhere := requirement.Requirements{}
	for _, tc := range []struct {
		why, key string
		setup    func(w *world, group int32)
		want     string
		possible string // if groups that are not decided count otherwise
	}{
		{"on a node", label.Zone, func(w *world, g int32) {
			w.ready("n", "a")
			w.add(2, w.member(2, anywhere, g))
		}, "a:2", ""},
		{"on the host", label.Hostname, func(w *world, g int32) {
			w.ready("n", "a")
			w.add(2, w.member(2, anywhere, g))
		}, "n:2", ""},
		{"from zone to zone", label.Zone, func(w *world, g int32) {
			w.ready("m", "a")
			w.ready("n", "b")
			w.add(1, w.member(2, anywhere, g))
			w.leaves(0)
		}, "a:0 b:1", ""},
		{"from host to host", label.Hostname, func(w *world, g int32) {
			w.ready("m", "a")
			w.ready("n", "b")
			w.add(1, w.member(2, anywhere, g))
			w.leaves(0)
		}, "m:0 n:1", ""},
		{"beside those that stay", label.Zone, func(w *world, g int32) {
			w.ready("m", "a")
			w.ready("n", "b")
			c := w.member(2, anywhere, g)
			w.bind(c, "m", "a")
			w.bind(c, "n", "b")
			w.add(1, c)
			w.leaves(0)
		}, "a:1 b:2", ""},
		{"a new node in the only zone that its pods want", label.Zone, func(w *world, g int32) {
			w.pool(model.TemplateOptions{Pool: "p"})
			w.add(2, w.member(2, inZone("b"), g))
		}, "b:2", ""},
		{"a new node that may come up in two zones", label.Zone, func(w *world, g int32) {
			w.pool(model.TemplateOptions{Pool: "p"})
			w.add(2, w.member(2, anywhere, g))
		}, "", "a:2 b:2"},
		{"a new node of types that are sold in one zone", label.Zone, func(w *world, g int32) {
			types := w.sizes()
			types[3] = w.inZones(types[3], "b")
			w.pool(model.TemplateOptions{Pool: "p", Catalogue: w.catalogue(types)})
			w.add(1, w.member(9, anywhere, g))
		}, "b:1", "a:1 b:1"},
		{"from a node to a new one", label.Zone, func(w *world, g int32) {
			w.ready("m", "a")
			w.pool(model.TemplateOptions{Pool: "p"})
			w.add(1, w.member(2, inZone("b"), g))
			w.leaves(0)
		}, "a:0 b:1", ""},
		{"the host of a new node has no name yet", label.Hostname, func(w *world, g int32) {
			w.ready("m", "a")
			w.pool(model.TemplateOptions{Pool: "p"})
			w.add(2, w.member(2, inZone("b"), g))
			w.leaves(0)
		}, "m:0 new nodes:2", ""},
	} {
		for _, k := range kinds {
			t.Run(tc.why+", "+k.name, func(t *testing.T) {
				w := newWorld(t)
				g := w.group(topology.Group{Kind: k.kind, MaxSkew: 9}, tc.key)
				tc.setup(w, g)
				want := tc.want
				if !k.decided && tc.possible != "" {
					want = tc.possible
				}
				in := w.first(len(w.pods))
				if got := w.counted(w.after(in, place.Solve(in)).Groups[g]); got != want {
					t.Errorf("got %q, want %q", got, want)
				}
			})
		}
	}
}

// DIS-160, SCH-151: a spread counts no pods on nodes that it does not look at, and
// takes none off that it did not count.
func TestAfterCountsWhereARuleLooks(t *testing.T) {
	hard := []taint.Taint{{Key: "dedicated", Effect: taint.NoSchedule}}
	tainted := func(n *model.Node) { n.Taints = hard }
	honoring := func(_ *world, g *topology.Group) { g.HonorTaints = true }
	amd64 := func(w *world, g *topology.Group) {
		g.Terms = []constraint.Sets{w.v.Compile(requirement.All(requirement.In(label.Arch, "amd64")))}
	}
	racks := func(w *world, g *topology.Group) { g.Beside = []constraint.Key{w.v.Key("rack")} }
	for _, tc := range []struct {
		why    string
		filter func(*world, *topology.Group)
		setup  func(*world, *model.Class)
		want   string
	}{
		{"a tainted node", honoring, func(w *world, c *model.Class) {
			w.ready("n", "a", tainted)
			w.add(1, c)
		}, ""},
		{"from a tainted node", honoring, func(w *world, c *model.Class) {
			w.ready("m", "a", tainted)
			w.ready("n", "b")
			w.add(1, c)
			w.pods[0].From = w.nodes[0]
		}, "b:1"},
		{"new nodes of a tainted pool", honoring, func(w *world, c *model.Class) {
			w.pool(model.TemplateOptions{Pool: "p", Taints: hard})
			w.add(1, c)
		}, ""},
		{"a node that its terms exclude", amd64, func(w *world, c *model.Class) {
			w.ready("n", "a")
			w.add(1, c)
		}, ""},
		{"a new node that they may exclude", amd64, func(w *world, c *model.Class) {
			w.pool(model.TemplateOptions{Pool: "p", Requirements: inZone("a")})
			w.add(1, c)
		}, ""},
		{"one that they admit", amd64, func(w *world, c *model.Class) {
			w.pool(model.TemplateOptions{Pool: "p", Requirements: inZone("a").With(requirement.In(label.Arch, "amd64"))})
			w.add(1, c)
		}, "a:1"},
		{"new nodes without the label of another rule", racks, func(w *world, c *model.Class) {
			w.pool(model.TemplateOptions{Pool: "p", Requirements: inZone("a")})
			w.add(1, c)
		}, ""},
	} {
		t.Run(tc.why, func(t *testing.T) {
			w := newWorld(t)
			g := w.group(topology.Group{Kind: topology.Spread, MaxSkew: 9}, label.Zone)
			tc.filter(w, w.groups[g])
			c := w.member(1, requirement.Requirements{}, g)
			c.Tolerations = taint.Tolerations{{Key: "dedicated", Operator: taint.TolerateExists}}
			tc.setup(w, c)
			in := w.first(len(w.pods))
			plan := place.Solve(in)
			if len(plan.Unplaced) > 0 {
				t.Fatalf("got %q", w.outline(plan))
			}
			if got := w.counted(w.after(in, plan).Groups[g]); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

// DIS-160: rules see the pods of plans that are carried out.
func TestAfterRulesHold(t *testing.T) {
	anywhere := requirement.Requirements{}
	repelled := func(w *world, inverse int32) *model.Class {
		c := w.class(1, 1)
		c.Topology.Repelling = []int32{inverse}
		return c
	}
	for _, tc := range []struct {
		why   string
		kind  topology.Kind
		key   string
		setup func(w *world, group int32)
		want  string
	}{
		{"SCH-153 a spread goes on evenly", topology.Spread, label.Zone, func(w *world, g int32) {
			w.ready("a", "a")
			w.ready("b", "b")
			w.groups[g].Counts = w.counts(label.Zone, map[string]int32{"a": 0, "b": 0})
			w.add(1, w.member(1, inZone("a"), g))
			w.add(1, w.obeying(1, anywhere, g))
		}, "pod-0 on a | pod-1 on b"},
		{"SCH-155 on hosts as well", topology.Spread, label.Hostname, func(w *world, g int32) {
			w.ready("a", "a")
			w.ready("b", "b")
			w.add(3, w.obeying(1, anywhere, g))
		}, "pod-0 on a | pod-1 on b, pod-2 left"},
		{"SCH-160 who needs company follows", topology.Affinity, label.Zone, func(w *world, g int32) {
			w.ready("a", "a")
			w.ready("b", "b")
			w.add(1, w.member(1, inZone("b"), g))
			w.add(1, w.keeping(g))
		}, "pod-0 on b | pod-1 on b"},
		{"SCH-160 but not to where it was", topology.Affinity, label.Zone, func(w *world, g int32) {
			w.ready("a1", "a")
			w.ready("a2", "a")
			w.ready("b", "b")
			w.add(1, w.member(1, inZone("b"), g))
			w.leaves(0)
			w.add(1, w.keeping(g))
		}, "pod-0 on b | pod-1 on b"},
		{"SCH-160 nobody starts anew while the first one waits for its node", topology.Affinity, label.Hostname, func(w *world, g int32) {
			w.ready("n", "a")
			w.pool(model.TemplateOptions{Pool: "p"})
			w.add(1, demanding(w.obeying(5, anywhere, g)))
			w.add(1, demanding(w.obeying(1, anywhere, g)))
		}, "p: 8-cpu with 1 pods | pod-1 left"},
		{"SCH-162 who keeps away does, from all zones where a new node may be", topology.AntiAffinity, label.Zone, func(w *world, g int32) {
			w.ready("n", "a")
			w.pool(model.TemplateOptions{Pool: "p"})
			w.add(1, w.member(5, anywhere, g))
			w.add(1, w.keeping(g))
		}, "p: 8-cpu with 1 pods | pod-1 left"},
		{"SCH-162 but not from other new nodes", topology.AntiAffinity, label.Hostname, func(w *world, g int32) {
			w.pool(model.TemplateOptions{Pool: "p"})
			w.add(2, w.obeying(1, anywhere, g))
		}, "p: 2-cpu with 1 pods | p: 2-cpu with 1 pods"},
		{"SCH-163 and is kept away from", topology.Inverse, label.Zone, func(w *world, g int32) {
			w.ready("a", "a")
			w.ready("b", "b")
			w.add(1, w.member(1, inZone("a"), g))
			w.add(1, repelled(w, g))
		}, "pod-0 on a | pod-1 on b"},
		{"SCH-163 not where it was", topology.Inverse, label.Zone, func(w *world, g int32) {
			w.ready("a1", "a")
			w.ready("a2", "a")
			w.ready("b", "b")
			w.add(1, w.member(1, inZone("b"), g))
			w.leaves(0)
			w.add(1, repelled(w, g))
		}, "pod-0 on b | pod-1 on a2"},
	} {
		t.Run(tc.why, func(t *testing.T) {
			w := newWorld(t)
			tc.setup(w, w.group(topology.Group{Kind: tc.kind, MaxSkew: 1}, tc.key))
			if got := w.inTurn(w.first(1), (*world).outline); got != tc.want {
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
	w.poolOf("p", w.sold("small", 4, reservation{"r", "a", 2}))
	w.pools[0].Remaining = model.Limits{{Resource: resource.CPU, Amount: 100_000}}
	for _, name := range []string{"a", "b"} {
		w.ready(name, name, func(n *model.Node) {
			n.Free = append(make(resource.Vector, 0, 9), vector(2, 8, 9)...)
			n.Ports = make(hostport.Ports, 0, 9)
			n.AttachLimits, n.Attached = attach.Limits{"d": 9}, attached("was")
		})
	}
	held := make([]constraint.Label, 0, 9)
	var asked []place.Input
	for i, wanted := range []requirement.Requirements{inZone("a"), inZone("b")} {
		zone, host := w.group(topology.Group{}, label.Zone), w.group(topology.Group{}, label.Hostname)
		c := w.counting(2, wanted, zone, host)
		c.Ports = hostport.Ports{{IP: "0.0.0.0", Number: int32(80 + i), Protocol: "TCP"}}
		w.add(1, c)
		w.claim(2*i, fmt.Sprint(i))
		w.bind(c, "a", "a")
		w.add(1, w.counting(3, inZone("a"), zone, host))
	}
	for i := range 2 {
		in := w.input()
		in.Snapshot.Held, in.Pods = held, w.pods[2*i:2*i+2]
		asked = append(asked, in)
	}
	first := w.after(asked[0], place.Solve(asked[0]))
	was := placetest.Fingerprint(first)
	second := w.after(asked[1], place.Solve(asked[1]))
	if placetest.Fingerprint(first) != was {
		t.Error("one future changed another")
	}
	if first.Nodes[1] != w.nodes[1] || second.Nodes[0] != w.nodes[0] {
		t.Error("nodes that took nothing were copied")
	}
	if first.Groups[2] != w.groups[2] || second.Groups[0] != w.groups[0] {
		t.Error("groups that count none of the pods were copied")
	}
	if first.Nodes[0] == w.nodes[0] || first.Groups[0] == w.groups[0] || len(first.Held)+len(second.Held) != 2 {
		t.Error("nothing changed")
	}
}
