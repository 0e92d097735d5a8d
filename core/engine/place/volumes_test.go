// SPDX-License-Identifier: Apache-2.0

package place_test

import (
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"testing"

	"karpenter.sh/core/engine/attach"
	"karpenter.sh/core/engine/constraint"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/engine/reason"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/core/engine/topology"
)

// onVolumes gives a class volumes that can be reached under any alternative.
func (w *world) onVolumes(c *model.Class, alternatives ...requirement.Requirements) *model.Class {
	for _, rs := range alternatives {
		c.Volumes = append(c.Volumes, w.v.Compile(rs))
	}
	return c
}

func onHost(names ...string) requirement.Requirements {
	return requirement.All(requirement.In(label.Hostname, names...))
}

// SCH-086, SCH-072: volumes restrict where pods go, and nothing else.
func TestVolumeTopology(t *testing.T) {
	zonal := func(w *world, counts map[string]int32, change ...func(*topology.Group)) int32 {
		g := topology.Group{Kind: topology.Spread, MaxSkew: 1, Counts: w.counts(label.Zone, counts)}
		for _, f := range change {
			f(&g)
		}
		return w.group(g, label.Zone)
	}
	anywhere := requirement.Requirements{}
	for _, tc := range []struct {
		why   string
		setup func(*world)
		want  string
	}{
		{"SCH-290 an unsupported term or on-demand, volume in zone 3", func(w *world) {
			w.add(1, w.onVolumes(w.class(1, 1, requirement.All(requirement.In("example.com/x", "unsupported")), requirement.All(requirement.In(label.CapacityType, label.OnDemand))), inZone("3")))
		}, "3:1"},
		{"SCH-086 alternatives are tried in order", func(w *world) {
			w.add(1, w.onVolumes(w.class(1, 1), inZone("9"), inZone("2"), inZone("1")))
		}, "2:1"},
		{"SCH-086 they apply to every node-affinity term", func(w *world) {
			w.add(1, w.onVolumes(w.class(1, 1, inZone("1"), inZone("2")), inZone("2"), inZone("3")))
		}, "2:1"},
		{"SCH-086 they are never relaxed", func(w *world) {
			w.add(1, w.onVolumes(w.class(1, 1), inZone("9")))
		}, "left:1"},
		{"SCH-058 an existing node must carry the label", func(w *world) {
			w.node(model.Node{Name: "nowhere", Free: vector(8, 32, 10)}, nil)
			w.node(model.Node{Name: "there", Free: vector(8, 32, 10)}, map[string]string{label.Zone: "2"})
			w.add(1, w.onVolumes(w.class(1, 1), inZone("2")))
		}, "2:1"},
		{"an existing node of any alternative comes before a new one of the first", func(w *world) {
			w.node(model.Node{Name: "there", Free: vector(8, 32, 10)}, map[string]string{label.Zone: "2"})
			w.add(1, w.onVolumes(w.class(1, 1), inZone("1"), inZone("2")))
		}, "2:1"},
		{"a volume in zone 1 still sees the counts of all zones: minDomains is met", func(w *world) {
			g := zonal(w, map[string]int32{"1": 1, "2": 1, "3": 1}, func(g *topology.Group) { g.MinDomains = 3 })
			w.add(1, w.onVolumes(w.obeying(1, anywhere, g), inZone("1")))
		}, "1:1"},
		{"and so is the skew violated, if others are empty", func(w *world) {
			w.add(1, w.onVolumes(w.obeying(1, anywhere, zonal(w, map[string]int32{"1": 1, "2": 0})), inZone("1")))
		}, "left:1"},
		{"but zones without nodes, where the volume cannot be, keep no pod waiting", func(w *world) {
			w.add(2, w.onVolumes(w.obeying(1, anywhere, zonal(w, map[string]int32{"1": 1})), inZone("1")))
		}, "1:2"},
		{"pods without volumes fill these zones first", func(w *world) {
			g := zonal(w, nil)
			w.add(2, w.onVolumes(w.obeying(2, anywhere, g), inZone("1")))
			w.add(4, w.obeying(1, inZone("2", "3"), g))
		}, "1:2 2:2 3:2"},
		{"a spread within the zones of one alternative", func(w *world) {
			w.add(4, w.onVolumes(w.obeying(1, anywhere, zonal(w, map[string]int32{"3": 0})), inZone("1", "2")))
		}, "1:1 2:1 left:2"},
		{"a spread over several alternatives", func(w *world) {
			w.add(4, w.onVolumes(w.obeying(1, anywhere, zonal(w, nil)), inZone("1"), inZone("2")))
		}, "1:2 2:2"},
		{"SCH-160 affinity starts where the volume is", func(w *world) {
			w.add(3, w.onVolumes(w.obeying(1, anywhere, w.group(topology.Group{Kind: topology.Affinity}, label.Zone)), inZone("3")))
		}, "3:3"},
		{"SCH-160 affinity to pods elsewhere cannot be met", func(w *world) {
			g := w.group(topology.Group{Kind: topology.Affinity, Counts: w.counts(label.Zone, map[string]int32{"2": 1})}, label.Zone)
			w.add(1, w.onVolumes(w.obeying(1, anywhere, g), inZone("3")))
		}, "left:1"},
		{"SCH-160 affinity takes the alternative that it admits", func(w *world) {
			g := w.group(topology.Group{Kind: topology.Affinity, Counts: w.counts(label.Zone, map[string]int32{"2": 1})}, label.Zone)
			w.add(1, w.onVolumes(w.obeying(1, anywhere, g), inZone("3"), inZone("2")))
		}, "2:1"},
		{"SCH-165 a volume decides the zone, so anti-affinity leaves the others", func(w *world) {
			g := w.group(topology.Group{Kind: topology.AntiAffinity}, label.Zone)
			w.add(1, w.onVolumes(w.obeying(1, anywhere, g), inZone("1")))
			w.add(1, w.onVolumes(w.obeying(1, anywhere, g), inZone("3")))
		}, "1:1 3:1"},
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

// SCH-290: the term that holds beside the volume is in force too.
func TestVolumeBesideTerm(t *testing.T) {
	w := newWorld(t)
	w.pool(model.TemplateOptions{Pool: "default"})
	w.add(1, w.onVolumes(w.class(1, 1, requirement.All(requirement.In("example.com/x", "no")), requirement.All(requirement.In(label.CapacityType, label.OnDemand))), inZone("b")))
	plan := place.Solve(w.input())
	if len(plan.Bins) != 1 {
		t.Fatalf("got %q", w.outline(plan))
	}
	if got, want := w.v.Decompile(plan.Bins[0].Requirements).String(), "karpenter.sh/capacity-type In [on-demand], karpenter.sh/nodepool In [default], topology.kubernetes.io/zone In [b]"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// SCH-084: a volume of one host keeps its pod there.
func TestVolumeOfAHost(t *testing.T) {
	others := requirement.All(requirement.NotIn(label.Hostname, "host-a"))
	for _, tc := range []struct {
		why     string
		volumes requirement.Requirements
		want    []string
	}{
		{"SCH-084 on that host only", onHost("host-b"), []string{"pod-0 on b", "pod-1 left"}},
		{"SCH-084 never on a new node", onHost("host-c"), []string{"pod-0 left", "pod-1 left"}},
		{"SCH-131 by the label, not by the name", onHost("b"), []string{"pod-0 left", "pod-1 left"}},
		{"on any other, be it new", others, []string{"pod-0 on b", "default: 2-cpu with 1 pods"}},
		{"with other labels", onHost("host-b").Intersect(inZone("nowhere")), []string{"pod-0 left", "pod-1 left"}},
	} {
		t.Run(tc.why, func(t *testing.T) {
			w := newWorld(t)
			w.pool(model.TemplateOptions{Pool: "default"})
			w.node(model.Node{Name: "a", Hostname: "host-a", Free: vector(1, 32, 10)}, nil)
			w.node(model.Node{Name: "b", Hostname: "host-b", Free: vector(1, 32, 10)}, nil)
			w.add(2, w.onVolumes(w.class(1, 1), tc.volumes))
			if got := w.outline(place.Solve(w.input())); !slices.Equal(got, tc.want) {
				t.Errorf("got  %q\nwant %q", got, tc.want)
			}
		})
	}
}

// claim gives the i-th pod claims of driver d.
func (w *world) claim(i int, names ...string) {
	for _, n := range names {
		w.pods[i].Attachments = append(w.pods[i].Attachments, attach.Attachment{Driver: "d", Claim: n})
	}
}

func attached(claims ...string) attach.Usage {
	u := attach.Usage{}
	for _, c := range claims {
		u.Add([]attach.Attachment{{Driver: "d", Claim: c}})
	}
	return u
}

// SCH-089, SCH-133: what nodes can attach.
func TestAttachLimits(t *testing.T) {
	two := attach.Limits{"d": 2}
	for _, tc := range []struct {
		why   string
		setup func(*world)
		want  []string
	}{
		{"no more than the limit, and what a run attaches counts", func(w *world) {
			w.node(model.Node{Name: "n", Free: vector(8, 32, 10), AttachLimits: two}, nil)
			w.add(3, w.class(1, 1))
			for i := range 3 {
				w.claim(i, fmt.Sprint(i))
			}
		}, []string{"pod-0 on n", "pod-1 on n", "default: 2-cpu with 1 pods"}},
		{"the claims of bound pods count", func(w *world) {
			w.node(model.Node{Name: "n", Free: vector(8, 32, 10), AttachLimits: two, Attached: attached("x")}, nil)
			w.add(2, w.class(1, 1))
			w.claim(0, "0")
			w.claim(1, "1")
		}, []string{"pod-0 on n", "default: 2-cpu with 1 pods"}},
		{"all claims of a pod count", func(w *world) {
			w.node(model.Node{Name: "n", Free: vector(8, 32, 10), AttachLimits: two}, nil)
			w.add(1, w.class(1, 1))
			w.claim(0, "1", "2", "3")
		}, []string{"default: 2-cpu with 1 pods"}},
		{"a claim that pods share counts once", func(w *world) {
			w.node(model.Node{Name: "n", Free: vector(8, 32, 10), AttachLimits: attach.Limits{"d": 1}}, nil)
			w.add(3, w.class(1, 1))
			for i := range 3 {
				w.claim(i, "shared")
			}
		}, []string{"pod-0 on n", "pod-1 on n", "pod-2 on n"}},
		{"a node that refused one pod of a class takes another whose claim is there", func(w *world) {
			w.node(model.Node{Name: "n", Free: vector(2, 32, 10), AttachLimits: attach.Limits{"d": 1}, Attached: attached("shared")}, nil)
			w.add(4, w.class(1, 1))
			w.claim(0, "own")
			for i := 1; i < 4; i++ {
				w.claim(i, "shared")
			}
		}, []string{"pod-1 on n", "pod-2 on n", "default: 2-cpu with 2 pods"}},
		{"no limit, no count", func(w *world) {
			w.node(model.Node{Name: "n", Free: vector(8, 32, 10), AttachLimits: attach.Limits{"other": 0}, Attached: attached("x")}, nil)
			w.add(1, w.class(1, 1))
			w.claim(0, "1", "2")
		}, []string{"pod-0 on n"}},
		{"none for a node that is planned", func(w *world) {
			w.add(3, w.class(1, 1))
			for i := range 3 {
				w.claim(i, fmt.Sprint(i))
			}
		}, []string{"default: 4-cpu with 3 pods"}},
	} {
		t.Run(tc.why, func(t *testing.T) {
			w := newWorld(t)
			w.pool(model.TemplateOptions{Pool: "default"})
			tc.setup(w)
			first := w.outline(place.Solve(w.input()))
			if !slices.Equal(first, tc.want) {
				t.Errorf("got  %q\nwant %q", first, tc.want)
			}
			if again := w.outline(place.Solve(w.input())); !slices.Equal(first, again) {
				t.Errorf("a run changed the snapshot: then %q", again)
			}
		})
	}
}

// SCH-089: over random claims no node attaches too much, and no pod is passed
// over that a node could have taken.
func TestAttachLimitsHold(t *testing.T) {
	for seed := range int64(200) {
		r := rand.New(rand.NewSource(seed))
		w := newWorld(t)
		for i := range 4 {
			w.node(model.Node{
				Name: fmt.Sprintf("n%d", i), Free: vector(int64(1+r.Intn(6)), 32, 10),
				AttachLimits: attach.Limits{"d": r.Intn(4)}, Attached: attached(fmt.Sprint(r.Intn(6))),
			}, nil)
		}
		w.add(12, w.class(1, 1))
		for i := range w.pods {
			for range r.Intn(3) {
				w.claim(i, fmt.Sprint(r.Intn(6)))
			}
		}
		w.checkAttachments(seed, place.Solve(w.input()))
	}
}

func (w *world) checkAttachments(seed int64, plan place.Plan) {
	used, pods := make([]attach.Usage, len(w.nodes)), make([]int64, len(w.nodes))
	for i, n := range w.nodes {
		used[i] = n.Attached.With(nil)
	}
	for _, p := range plan.Placements {
		n := w.nodes[p.Node]
		if driver, exceeded := n.AttachLimits.Exceeded(used[p.Node], w.pods[p.Pod].Attachments); exceeded {
			w.t.Errorf("seed %d: %s attaches too much of %s", seed, n.Name, driver)
		}
		used[p.Node].Add(w.pods[p.Pod].Attachments)
		pods[p.Node]++
	}
	for _, u := range plan.Unplaced {
		for i, n := range w.nodes {
			_, exceeded := n.AttachLimits.Exceeded(used[i], w.pods[u.Pod].Attachments)
			if !exceeded && n.Free[0] >= (pods[i]+1)*1000 {
				w.t.Errorf("seed %d: %s was not placed on %s", seed, w.pods[u.Pod], n.Name)
			}
		}
	}
}

// SCH-085: pods of one class are told of their own claims.
func TestVolumeConflict(t *testing.T) {
	w := newWorld(t)
	w.pool(model.TemplateOptions{Pool: "default"})
	w.node(model.Node{Name: "n", Free: vector(8, 32, 10)}, nil)
	c := w.class(1, 1)
	c.VolumeConflict = true
	w.add(2, c)
	w.claim(0, "ns/a", "ns/b")
	w.claim(1, "ns/c", "ns/d")
	plan := place.Solve(w.input())
	if got := w.outline(plan); !slices.Equal(got, []string{"pod-0 left", "pod-1 left"}) {
		t.Fatalf("got %q", got)
	}
	for i, want := range [][]string{{"ns/a", "ns/b"}, {"ns/c", "ns/d"}} {
		why := plan.Unplaced[i].Why
		if len(why) != 1 || why[0].Cause != reason.VolumeConflict || !slices.Equal(why[0].Claims, want) {
			t.Errorf("pod %d: got %+v", i, why)
		}
	}
}

// SCH-223, SCH-224: a pod that its volumes keep from a pool is told so.
func TestVolumeReasons(t *testing.T) {
	zones := func(w *world, rs requirement.Requirements) {
		w.pool(model.TemplateOptions{Pool: "p", Catalogue: w.threeZones(), Requirements: rs})
	}
	for _, tc := range []struct {
		why   string
		setup func(*world)
		cause reason.Cause
		text  string // part of it
	}{
		{"the pool is elsewhere", func(w *world) {
			zones(w, inZone("1", "2"))
			w.add(1, w.onVolumes(w.class(1, 1), inZone("3")))
		}, reason.Volumes, "key topology.kubernetes.io/zone, In [3] not in In [1 2]"},
		{"the pod itself is elsewhere", func(w *world) {
			zones(w, inZone("1", "2"))
			w.add(1, w.onVolumes(w.class(1, 1, inZone("1")), inZone("2")))
		}, reason.Volumes, "key topology.kubernetes.io/zone, In [2] not in In [1]"},
		{"the pool does not know the label", func(w *world) {
			zones(w, requirement.Requirements{})
			w.add(1, w.onVolumes(w.class(1, 1), requirement.All(requirement.In("csi.example.com/rack", "r"))))
		}, reason.Volumes, `label "csi.example.com/rack" does not have known values`},
		{"every alternative is named", func(w *world) {
			zones(w, inZone("1"))
			w.add(1, w.onVolumes(w.class(1, 1), inZone("2"), inZone("3")))
		}, reason.Volumes, "In [2] not in In [1], key topology.kubernetes.io/zone, In [3] not in In [1]"},
		{"no instance type is sold there", func(w *world) {
			zones(w, requirement.Requirements{})
			w.add(1, w.onVolumes(w.class(1, 1), inZone("9")))
		}, reason.Volumes, "no offering in zone 9; offered: 1, 2, 3"},
		{"what is too large anyway is too large", func(w *world) {
			zones(w, requirement.Requirements{})
			w.add(1, w.onVolumes(w.class(100, 1), inZone("1")))
		}, reason.Types, "no instance type is large enough: the pod needs cpu 100; the largest leaves "},
		{"a topology rule leaves other domains", func(w *world) {
			zones(w, requirement.Requirements{})
			g := w.group(topology.Group{Kind: topology.Spread, MaxSkew: 1, Counts: w.counts(label.Zone, map[string]int32{"1": 1, "2": 0})}, label.Zone)
			w.add(1, w.onVolumes(w.obeying(1, requirement.Requirements{}, g), inZone("1")))
		}, reason.Topology, "counts = {1: 1, 2: 0}, pod domains = any, node domains = In [1 2 3], volume domains = In [1])"},
	} {
		t.Run(tc.why, func(t *testing.T) {
			w := newWorld(t)
			tc.setup(w)
			plan := place.Solve(w.input())
			if len(plan.Unplaced) != 1 || len(plan.Unplaced[0].Why) != 1 {
				t.Fatalf("got %q, %+v", w.outline(plan), plan.Unplaced)
			}
			if r := plan.Unplaced[0].Why[0]; r.Cause != tc.cause || !strings.Contains(r.String(), tc.text) {
				t.Errorf("got cause %d: %s", r.Cause, r)
			}
		})
	}
}

// SCH-086, SCH-266: a cheaper mix of machines leaves pods where their volumes are.
func TestRepackKeepsVolumes(t *testing.T) {
	cheaper := 0
	for seed := range int64(100) {
		r := rand.New(rand.NewSource(seed))
		w := newWorld(t)
		w.pool(model.TemplateOptions{Pool: "p"})
		for range 2 + r.Intn(5) {
			c := w.class(int64(1+r.Intn(4)), int64(1+r.Intn(20)))
			for _, zone := range []string{"a", "b"}[:r.Intn(3)] {
				w.onVolumes(c, inZone(zone))
			}
			w.add(1+r.Intn(8), c)
		}
		before, after := place.Solve(w.input()), w.repacked()
		if usd(after) < usd(before) {
			cheaper++
		}
		for _, b := range after.Bins {
			for _, pod := range b.Pods {
				if volumes := w.pods[pod].Class.Volumes; volumes != nil && !slices.ContainsFunc(volumes, func(alternative constraint.Sets) bool {
					return w.v.Conjunction(b.Requirements, alternative).Equal(b.Requirements)
				}) {
					t.Errorf("seed %d: %s may come up elsewhere than its volumes", seed, w.pods[pod])
				}
			}
		}
	}
	if cheaper < 10 {
		t.Errorf("only %d of 100 worlds got cheaper: they prove little", cheaper)
	}
}
