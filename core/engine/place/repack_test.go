// SPDX-License-Identifier: Apache-2.0

package place_test

import (
	"fmt"
	"math"
	"math/rand"
	"slices"
	"testing"

	"karpenter.sh/core/engine/bitset"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/core/engine/resource"
	"karpenter.sh/core/engine/topology"
)

// repacked solves with the search for a cheaper mix.
func (w *world) repacked() place.Plan {
	in := w.input()
	in.Repack = place.RepackSteps
	return place.Solve(in)
}

func usd(p place.Plan) (sum float64) {
	for _, b := range p.Bins {
		sum += b.Price
	}
	return math.Round(sum*1000) / 1000
}

func TestRepack(t *testing.T) {
	inZoneA := requirement.All(requirement.In(label.Zone, "a"))
	for _, c := range []struct {
		why   string
		build func(*world)
		want  []string
	}{
		{"pods that need CPU go together with pods that need memory", func(w *world) {
			w.pool(model.TemplateOptions{Pool: "p"})
			w.add(4, w.class(4, 1))
			w.add(4, w.class(1, 24))
		}, []string{"p: 16-cpu with 3 pods", "p: 16-cpu with 5 pods"}},
		{"nodes that must be apart share what fills them up", func(w *world) {
			w.pool(model.TemplateOptions{Pool: "p"})
			apart := w.group(topology.Group{Kind: topology.AntiAffinity}, label.Hostname)
			w.add(4, w.obeying(1, requirement.Requirements{}, apart))
			w.add(4, w.class(1, 1))
		}, []string{"p: 2-cpu with 2 pods", "p: 2-cpu with 2 pods", "p: 2-cpu with 2 pods", "p: 2-cpu with 2 pods"}},
		{"pods that select a zone fill up with pods that do not care", func(w *world) {
			w.pool(model.TemplateOptions{Pool: "p"})
			w.add(4, w.class(4, 1, inZoneA))
			w.add(4, w.class(1, 24))
		}, []string{"p: 16-cpu with 3 pods", "p: 16-cpu with 5 pods"}},
		{"pods bound to a type come first, and fill up with pods that are not, which came first in the queue", func(w *world) {
			w.pool(model.TemplateOptions{Pool: "p"})
			w.add(2, w.class(2, 1))
			w.add(2, w.class(1, 9, requirement.All(requirement.In(label.InstanceType, "4-cpu"))))
		}, []string{"p: 4-cpu with 2 pods", "p: 4-cpu with 2 pods"}},
		{"pods that a daemon is in the way of stay on the types without it", func(w *world) {
			w.pool(model.TemplateOptions{Pool: "p", Daemons: running(0, 0, none, 0)})
			away := w.group(topology.Group{Kind: topology.AntiAffinity, Daemons: bitset.Set{}.Add(0)}, label.Hostname)
			w.add(1, w.keeping(away))
			w.add(1, w.class(1, 1))
		}, []string{"p: 8-cpu with 2 pods"}},
		{"limits that the new mix would exceed keep the plan as it was", func(w *world) {
			w.pool(model.TemplateOptions{Pool: "p"}, model.Limit{Resource: resource.Nodes, Amount: 1})
			w.add(2, w.class(4, 1))
			w.add(2, w.class(1, 1))
		}, []string{"p: 16-cpu with 4 pods"}},
		{"what exists is used first all the same", func(w *world) {
			w.pool(model.TemplateOptions{Pool: "p"})
			w.node(model.Node{Name: "n", Free: vector(4, 8, 10)}, nil)
			w.add(1, w.class(4, 1))
			w.add(1, w.class(1, 1))
		}, []string{"pod-0 on n", "p: 2-cpu with 1 pods"}},
	} {
		t.Run(c.why, func(t *testing.T) {
			w := newWorld(t)
			c.build(w)
			if got := w.outline(w.repacked()); !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

// TestRepackKeepsPromises, SCH-266: in worlds of all kinds of rules the search leaves
// unplaced what was unplaced, costs no more, keeps every pod once, within the
// room of the types, and keeps what the rules ask for.
func TestRepackKeepsPromises(t *testing.T) {
	cheaper := 0
	for seed := range int64(400) {
		w := randomWorld(t, seed)
		before, after := place.Solve(w.input()), w.repacked()
		if usd(after) > usd(before) {
			t.Errorf("seed %d: $%v, was $%v", seed, usd(after), usd(before))
		}
		if usd(after) < usd(before) {
			cheaper++
		}
		if len(before.Unplaced) != len(after.Unplaced) {
			t.Errorf("seed %d: %d pods left, were %d", seed, len(after.Unplaced), len(before.Unplaced))
		}
		w.checkPods(seed, after)
		w.checkRules(seed, before, after)
		if again := w.repacked(); fmt.Sprint(again) != fmt.Sprint(after) {
			t.Errorf("seed %d: a second run differs", seed)
		}
	}
	if cheaper < 50 {
		t.Errorf("only %d of 400 worlds got cheaper: they prove little", cheaper)
	}
}

// Groups of randomWorld, by index.
const (
	spreadZone = iota
	apartZone
	togetherZone
	spreadHost
	apartHost
	groups
	// The inverse groups of apartZone and apartHost.
	repelZone = iota - 1
	repelHost
)

func randomWorld(t *testing.T, seed int64) *world {
	rnd := rand.New(rand.NewSource(seed))
	w := newWorld(t)
	w.pool(model.TemplateOptions{Pool: "p"})
	w.group(topology.Group{Kind: topology.Spread, MaxSkew: 1}, label.Zone)
	w.group(topology.Group{Kind: topology.AntiAffinity}, label.Zone)
	w.group(topology.Group{Kind: topology.Affinity}, label.Zone)
	w.group(topology.Group{Kind: topology.Spread, MaxSkew: 2}, label.Hostname)
	w.group(topology.Group{Kind: topology.AntiAffinity}, label.Hostname)
	w.group(topology.Group{Kind: topology.Inverse}, label.Zone)
	w.group(topology.Group{Kind: topology.Inverse}, label.Hostname)
	inverse := map[int32][]int32{apartZone: {repelZone}, apartHost: {repelHost}}
	for range 2 + rnd.Intn(6) {
		var wanted requirement.Requirements
		if rnd.Intn(3) == 0 {
			wanted = requirement.All(requirement.In(label.Zone, []string{"a", "b"}[rnd.Intn(2)]))
		}
		var c *model.Class
		if g := rnd.Intn(2 * groups); g < groups {
			c = w.obeying(int64(1+rnd.Intn(4)), wanted, int32(g))
			c.Topology.Owned, c.Topology.Repelling = inverse[int32(g)], inverse[int32(g)]
			if rnd.Intn(3) == 0 { // keeps away from others than its own
				c.Topology.Counted, c.Topology.Repelling = nil, nil
			}
		} else {
			c = w.class(int64(1+rnd.Intn(4)), int64(1+rnd.Intn(20)), wanted)
			if rnd.Intn(3) == 0 { // counted by somebody else's rule
				g := int32(rnd.Intn(groups))
				c.Topology.Counted, c.Topology.Repelling = []int32{g}, inverse[g]
			}
		}
		w.add(1+rnd.Intn(8), c)
	}
	return w
}

func (w *world) checkPods(seed int64, p place.Plan) {
	seen := map[int]bool{}
	for _, u := range p.Unplaced {
		seen[u.Pod] = true
	}
	for _, b := range p.Bins {
		var used resource.Vector
		for _, pod := range b.Pods {
			if seen[pod] {
				w.t.Errorf("seed %d: pod %d has two places", seed, pod)
			}
			seen[pod] = true
			used = used.Add(w.pods[pod].Class.Requests)
		}
		for _, i := range b.Types {
			if !used.FitsIn(w.pools[b.Pool].Catalogue.Type(i).Capacity) {
				w.t.Errorf("seed %d: %v does not fit type %d", seed, used, i)
			}
		}
		if !used.Equal(b.Requests) {
			w.t.Errorf("seed %d: requests %v, want %v", seed, b.Requests, used)
		}
	}
	if len(seen) != len(w.pods) {
		w.t.Errorf("seed %d: %d pods of %d", seed, len(seen), len(w.pods))
	}
}

// checkRules counts the pods of each rule anew.
func (w *world) checkRules(seed int64, before, after place.Plan) {
	if was, is := w.zones(before, spreadZone), w.zones(after, spreadZone); w.obeyed(spreadZone) && fmt.Sprint(was) != fmt.Sprint(is) {
		w.t.Errorf("seed %d: spread %v, was %v", seed, is, was)
	}
	together := w.zones(after, togetherZone)
	for _, b := range after.Bins {
		for _, zone := range w.domains(b) {
			if w.owners(b, togetherZone) > 0 && together[zone] == 0 {
				w.t.Errorf("seed %d: a pod without its companions in zone %s", seed, zone)
			}
		}
		if n := w.both(b, spreadHost); n > 2 {
			w.t.Errorf("seed %d: %d pods of a spread on one node", seed, n)
		}
		if n := w.others(b, apartHost); n > 0 {
			w.t.Errorf("seed %d: %d pods on one node that must be apart", seed, n)
		}
	}
	for i, b := range after.Bins {
		for _, o := range after.Bins[i+1:] {
			if w.owners(b, apartZone) > 0 && w.members(o, apartZone) > 0 && overlap(w.domains(b), w.domains(o)) {
				w.t.Errorf("seed %d: pods that must be apart may share a zone", seed)
			}
		}
	}
}

func (w *world) obeyed(group int32) bool {
	return slices.ContainsFunc(w.pods, func(p model.Pod) bool { return slices.Contains(p.Class.Attempts[0].Rules, group) })
}

func (w *world) members(b place.Bin, group int32) (n int) {
	for _, pod := range b.Pods {
		if slices.Contains(w.pods[pod].Class.Topology.Counted, group) {
			n++
		}
	}
	return n
}

func (w *world) owners(b place.Bin, group int32) (n int) {
	for _, pod := range b.Pods {
		if slices.Contains(w.pods[pod].Class.Attempts[0].Rules, group) {
			n++
		}
	}
	return n
}

// both counts the owners that are members, too.
func (w *world) both(b place.Bin, group int32) (n int) {
	for _, pod := range b.Pods {
		c := w.pods[pod].Class
		if slices.Contains(c.Topology.Counted, group) && slices.Contains(c.Attempts[0].Rules, group) {
			n++
		}
	}
	return n
}

// others counts the pairs of an owner and another member on a node.
func (w *world) others(b place.Bin, group int32) (n int) {
	for _, owner := range b.Pods {
		for _, member := range b.Pods {
			if owner != member && slices.Contains(w.pods[owner].Class.Attempts[0].Rules, group) &&
				slices.Contains(w.pods[member].Class.Topology.Counted, group) {
				n++
			}
		}
	}
	return n
}

// domains are the zones that a bin may end up in.
func (w *world) domains(b place.Bin) []string {
	var out []string
	for _, zone := range []string{"a", "b"} {
		if s, ok := b.Requirements.Get(w.v.Key(label.Zone)); !ok || w.v.Has(w.v.Key(label.Zone), s, w.v.Value(w.v.Key(label.Zone), zone)) {
			out = append(out, zone)
		}
	}
	return out
}

func overlap(a, b []string) bool {
	return slices.ContainsFunc(a, func(zone string) bool { return slices.Contains(b, zone) })
}

// zones counts the members of a group that are in one zone for certain.
func (w *world) zones(p place.Plan, group int32) map[string]int {
	out := map[string]int{}
	for _, b := range p.Bins {
		if d := w.domains(b); len(d) == 1 && w.members(b, group) > 0 {
			out[d[0]] += w.members(b, group)
		}
	}
	return out
}

// TestRepackOfManyShapes, SCH-266: where hardly two pods are alike, nodes still
// hold no more than fits and cost less than first fit.
func TestRepackOfManyShapes(t *testing.T) {
	rnd := rand.New(rand.NewSource(1))
	w := newWorld(t)
	w.pool(model.TemplateOptions{Pool: "p"})
	for range 600 {
		c := w.class(1, 1)
		c.Requests = resource.Vector{resource.CPU: int64(200 + rnd.Intn(2000)), resource.Memory: int64(1+rnd.Intn(8000)) << 20, resource.Pods: 1}
		w.add(1+rnd.Intn(2), c)
	}
	before, after := place.Solve(w.input()), w.repacked()
	w.checkPods(1, after)
	if usd(after) > 0.95*usd(before) {
		t.Errorf("$%v, by first fit $%v", usd(after), usd(before))
	}
}
