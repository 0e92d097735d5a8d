// SPDX-License-Identifier: Apache-2.0

package place_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"karpenter.sh/core/engine/attach"
	"karpenter.sh/core/engine/bitset"
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

// town is a generated cluster whose snapshot can be made for any places of its pods.
type town struct {
	*world
	rand  *rand.Rand
	homes []model.Node // without pods
	folk  []model.Pod  // those that run and, behind them, some that wait
	at    []int        // node of each that runs
}

func newTown(t *testing.T, seed uint64) *town {
	c := &town{world: newWorld(t), rand: rand.New(rand.NewPCG(seed, 1))}
	c.pool(model.TemplateOptions{Pool: "p"}, model.Limit{Resource: resource.CPU, Amount: 64_000})
	for _, key := range []string{label.Zone, label.Hostname} {
		for _, g := range []topology.Group{
			{Kind: topology.Spread, MaxSkew: 1 + int32(c.rand.IntN(2)), HonorTaints: c.rand.IntN(2) == 0},
			{Kind: topology.Affinity}, {Kind: topology.AntiAffinity}, {Kind: topology.Inverse},
		} {
			g.Seed = uint64(len(c.groups))
			c.group(g, key)
		}
	}
	for i := range 8 {
		n := model.Node{Name: fmt.Sprint("n", i), Free: vector(int64(4+c.rand.IntN(5)), 64, 8), Initialized: true}
		n.AttachLimits = attach.Limits{"d": 3}
		if c.rand.IntN(4) == 0 {
			n.Taints = []taint.Taint{{Key: "dedicated", Effect: taint.NoSchedule}}
		}
		n.Labels = c.v.CompileLabels(map[string]string{label.Zone: []string{"a", "b"}[i%2]}, func(string) bool { return false })
		c.homes = append(c.homes, n)
	}
	classes := c.classes()
	for i := range 20 {
		c.add(1, classes[c.rand.IntN(len(classes))])
		if c.rand.IntN(3) == 0 {
			c.claim(i, fmt.Sprint(c.rand.IntN(9)))
		}
	}
	c.folk = c.world.pods
	for range 16 {
		c.at = append(c.at, c.rand.IntN(len(c.homes)))
	}
	return c
}

// classes are pods with a rule, a port or nothing special.
func (c *town) classes() []*model.Class {
	var out []*model.Class
	for g := range c.groups {
		var wanted requirement.Requirements
		if c.rand.IntN(3) == 0 {
			wanted = inZone([]string{"a", "b"}[c.rand.IntN(2)])
		}
		class := c.class(1, 1, wanted)
		switch {
		case c.groups[g].Kind == topology.Inverse:
			class.Topology.Owned, class.Topology.Repelling = []int32{int32(g)}, []int32{int32(g)}
		case c.rand.IntN(2) == 0:
			class = demanding(c.obeying(1, wanted, int32(g)))
		default:
			class.Topology.Counted = []int32{int32(g)}
		}
		if c.rand.IntN(2) == 0 {
			class.Tolerations = taint.Tolerations{{Key: "dedicated", Operator: taint.TolerateExists}}
		}
		out = append(out, class)
	}
	server := c.class(1, 1)
	server.Ports = hostport.Ports{{IP: "0.0.0.0", Number: 80, Protocol: "TCP"}}
	return append(out, server, c.class(1, 1), c.class(2, 1))
}

// snapshot is the town with its pods in these places, and without one node.
func (c *town) snapshot(at []int, gone int) *model.Snapshot {
	s := c.input().Snapshot
	s.Groups = nil
	for _, g := range c.groups {
		fresh := *g
		fresh.Counts, fresh.Hosts = nil, map[string]int32{}
		if !g.Hostname {
			fresh.Counts, fresh.Hosts = c.counts(label.Zone, map[string]int32{"a": 0, "b": 0}), nil
		}
		s.Groups = append(s.Groups, &fresh)
	}
	for i := range c.homes {
		n := c.homes[i]
		n.Free, n.Attached = n.Free.Clone(), attach.Usage{}
		for pod, node := range at {
			if node == i {
				c.stand(s.Groups, &n, &c.folk[pod])
			}
		}
		if i != gone {
			s.Nodes = append(s.Nodes, &n)
		}
	}
	return s
}

// stand puts a pod on a node and counts it there.
func (c *town) stand(groups []*topology.Group, n *model.Node, pod *model.Pod) {
	n.Free = n.Free.Sub(pod.Class.Requests)
	n.Ports = append(n.Ports, pod.Class.Ports...)
	n.Attached.Add(pod.Attachments)
	zone, _ := n.Labels.Get(c.v.Key(label.Zone))
	for _, i := range slices.Concat(pod.Class.Topology.Counted, pod.Class.Topology.Owned) {
		switch g := groups[i]; {
		case g.HonorTaints && len(n.Taints) > 0:
		case g.Hostname:
			g.Hosts[n.Name]++
		default:
			g.Counts[zone]++
		}
	}
}

// leaving are the pods on a node, by index.
func (c *town) leaving(at []int, node int) (out []int) {
	for pod, i := range at {
		if i == node {
			out = append(out, pod)
		}
	}
	return out
}

// ask asks about pods of one node, which goes, and about others that wait.
func (c *town) ask(s *model.Snapshot, without bitset.Set, node int, leaving, waiting []int) place.Input {
	in := place.Input{Snapshot: s, Without: without.Clone()}
	from := slices.IndexFunc(s.Nodes, func(n *model.Node) bool { return n.Name == c.homes[node].Name })
	in.Without = in.Without.Add(from)
	for _, i := range leaving {
		pod := c.folk[i]
		pod.From = s.Nodes[from]
		in.Pods = append(in.Pods, pod)
	}
	for _, i := range waiting {
		in.Pods = append(in.Pods, c.folk[i])
	}
	return in
}

// tell is an answer in words that do not depend on indexes of nodes.
func (c *town) tell(in place.Input) string {
	plan := place.Solve(in)
	var out []string
	for _, p := range plan.Placements {
		out = append(out, in.Pods[p.Pod].Name+" on "+in.Snapshot.Nodes[p.Node].Name)
	}
	for _, b := range plan.Bins {
		out = append(out, fmt.Sprintf("%v on a new node of %s, %v", b.Pods, in.Snapshot.Pools[b.Pool].Pool, c.v.Decompile(b.Requirements)))
	}
	for _, u := range plan.Unplaced {
		out = append(out, in.Pods[u.Pod].Name+" left")
	}
	return strings.Join(out, "\n")
}

// DIS-160, SCH-166: once a plan is carried out, the next question has the answer that
// it has where the pods were there from the start.
func TestAfterIsAsIfThePodsStoodThere(t *testing.T) {
	carried, matters, onward := 0, 0, 0
	for seed := range uint64(600) {
		c := newTown(t, seed)
		gone, next := c.rand.IntN(8), c.rand.IntN(8)
		if gone == next {
			continue
		}
		now := c.snapshot(c.at, -1)
		in := c.ask(now, nil, gone, c.leaving(c.at, gone), []int{16, 17})
		plan := place.Solve(in)
		if len(plan.Bins)+len(plan.Unplaced) > 0 {
			continue
		}
		carried++
		at := append(slices.Clone(c.at), -1, -1)
		for _, p := range plan.Placements {
			pod := slices.IndexFunc(c.folk, func(f model.Pod) bool { return f.UID == in.Pods[p.Pod].UID })
			at[pod] = p.Node
		}
		leaving, waiting := c.leaving(at, next), []int{18, 19}
		if len(leaving) > len(c.leaving(c.at, next)) {
			onward++
		}
		got := c.tell(c.ask(c.after(in, plan), in.Without, next, leaving, waiting))
		if want := c.tell(c.ask(c.snapshot(at, gone), nil, next, leaving, waiting)); got != want {
			t.Fatalf("seed %d: after %v\ngot  %s\nwant %s", seed, plan.Placements, got, want)
		}
		if got != c.tell(c.ask(now, in.Without, next, leaving, waiting)) {
			matters++
		}
	}
	if carried < 300 || matters < 200 || onward < 50 {
		t.Errorf("the towns are too dull: %d plans carried out, %d of them mattered, %d moved pods that move again", carried, matters, onward)
	}
}

// DIS-160, SCH-202, SCH-212: two plans in turn break no rule that one plan must not,
// limits and reservations among them.
func TestAfterInTurnAsAtOnce(t *testing.T) {
	launched := 0
	for seed := range uint64(500) {
		m := newMarket(t, seed)
		for i := range m.rand.IntN(3) {
			m.ready(fmt.Sprint("n", i), "a")
		}
		for i := range m.pools {
			if m.rand.IntN(2) == 0 {
				m.pools[i].Remaining = append(m.pools[i].Remaining, model.Limit{Resource: resource.Nodes, Amount: int64(m.rand.IntN(5))})
			}
		}
		all := m.input()
		all.Reservations = place.ReservationMode(seed % 2)
		one, two := all, all
		half := m.rand.IntN(len(m.pods))
		one.Pods, two.Pods = m.pods[:half], m.pods[half:]
		first := place.Solve(one)
		two.Snapshot = m.after(one, first)
		second := place.Solve(two)
		if len(first.Bins) > 0 && len(second.Bins) > 0 {
			launched++
		}
		if err := placetest.Check(all, joined(first, second, half)); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
	if launched < 200 {
		t.Errorf("the worlds are too dull: both plans launch nodes %d times", launched)
	}
}

// joined is two plans as one; the pods of the second come behind so many.
func joined(a, b place.Plan, pods int) place.Plan {
	out := place.Plan{
		Placements: slices.Clone(a.Placements), Bins: slices.Clone(a.Bins),
		Unplaced: slices.Clone(a.Unplaced), Deferred: slices.Clone(a.Deferred),
	}
	for _, p := range b.Placements {
		out.Placements = append(out.Placements, place.Placement{Pod: p.Pod + pods, Node: p.Node})
	}
	for _, bin := range b.Bins {
		bin.Pods = slices.Clone(bin.Pods)
		for i := range bin.Pods {
			bin.Pods[i] += pods
		}
		out.Bins = append(out.Bins, bin)
	}
	for _, u := range b.Unplaced {
		out.Unplaced = append(out.Unplaced, place.Unplaced{Pod: u.Pod + pods})
	}
	for _, pod := range b.Deferred {
		out.Deferred = append(out.Deferred, pod+pods)
	}
	return out
}
