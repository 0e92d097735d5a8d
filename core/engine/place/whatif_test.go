// SPDX-License-Identifier: Apache-2.0

package place_test

import (
	"fmt"
	"math/rand"
	"slices"
	"sync"
	"testing"

	"karpenter.sh/core/engine/bitset"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/core/engine/topology"
)

// occupied is a world of nodes with bound pods under rules. Without is left out
// of it: neither the node nor its pods are there.
func occupied(t *testing.T, seed int64, without int) (w *world, leaving []model.Pod) {
	rnd := rand.New(rand.NewSource(seed))
	w = newWorld(t)
	w.pool(model.TemplateOptions{Pool: "p"})
	kinds := []topology.Group{
		{Kind: topology.Spread, MaxSkew: 1}, {Kind: topology.AntiAffinity}, {Kind: topology.Affinity}, {Kind: topology.Inverse},
	}
	var classes []*model.Class
	for i, key := range []string{label.Zone, label.Hostname} {
		for _, g := range kinds {
			g.Seed = uint64(len(w.groups))
			w.group(g, key)
		}
		first := int32(len(kinds) * i)
		for kind := range int32(3) {
			c := w.obeying(1, requirement.Requirements{}, first+kind)
			if kind == 1 {
				c.Topology.Owned, c.Topology.Repelling = []int32{first + 3}, []int32{first + 3}
			}
			classes = append(classes, c)
		}
	}
	classes = append(classes, w.class(1, 1), w.class(2, 1))
	for i := range 6 {
		zone := []string{"a", "b"}[rnd.Intn(2)]
		free := int64(rnd.Intn(4))
		bound := make([]*model.Class, rnd.Intn(4))
		for j := range bound {
			bound[j] = classes[rnd.Intn(len(classes))]
		}
		if i == without {
			w.add(len(bound), classes[0])
			for j := range bound {
				w.pods[j].Class = bound[j]
			}
			continue
		}
		name := fmt.Sprintf("n%d", i)
		w.node(model.Node{Name: name, Free: vector(free, 4*free, 100)}, map[string]string{label.Zone: zone, label.Hostname: name})
		for _, c := range bound {
			w.bind(c, name, zone)
		}
	}
	return w, w.pods
}

// bind counts a pod of the class on a node.
func (w *world) bind(c *model.Class, node, zone string) {
	for _, g := range slices.Concat(c.Topology.Counted, c.Topology.Owned) {
		group := w.groups[g]
		if group.Hostname {
			if group.Hosts == nil {
				group.Hosts = map[string]int32{}
			}
			group.Hosts[node]++
			continue
		}
		for d, n := range w.counts(label.Zone, map[string]int32{zone: 1}) {
			if group.Counts == nil {
				group.Counts = w.counts(label.Zone, nil)
			}
			group.Counts[d] += n
		}
	}
}

// named is a plan in words that do not depend on the indexes of nodes.
func (w *world) named(p place.Plan) string {
	var out []string
	for _, pl := range p.Placements {
		out = append(out, fmt.Sprintf("%d on %s", pl.Pod, w.nodes[pl.Node].Name))
	}
	for _, b := range p.Bins {
		out = append(out, fmt.Sprintf("%v on a new node, %v", b.Pods, w.v.Decompile(b.Requirements)))
	}
	for _, u := range p.Unplaced {
		out = append(out, fmt.Sprintf("%d left: %v", u.Pod, u.Why))
	}
	return fmt.Sprint(out)
}

// TestWithoutNode, SCH-166: leaving a node out of a shared snapshot gives the
// plan that a snapshot gives in which the node never was.
func TestWithoutNode(t *testing.T) {
	moved := 0
	for seed := range int64(300) {
		const gone = 2
		fresh, pods := occupied(t, seed, gone)
		want := fresh.named(place.Solve(fresh.input()))

		shared, _ := occupied(t, seed, -1)
		in := shared.input()
		in.Without = bitset.New(len(shared.nodes)).Add(gone)
		for _, p := range pods {
			p.From = shared.nodes[gone]
			in.Pods = append(in.Pods, p)
		}
		moved += len(pods)
		if got := shared.named(place.Solve(in)); got != want {
			t.Errorf("seed %d: got %s\nwant %s", seed, got, want)
		}
	}
	if moved < 300 {
		t.Errorf("%d pods prove little", moved)
	}
}

// TestWhatIfsInParallel: questions to one snapshot do not disturb each other.
func TestWhatIfsInParallel(t *testing.T) {
	w, _ := occupied(t, 7, -1)
	w.add(8, w.class(1, 1, requirement.All(requirement.In(label.Zone, "b"))))
	in := w.input()
	in.Snapshot.Index = model.NewIndex(w.nodes)
	want := make([]string, len(w.nodes))
	for i := range want {
		in.Without = bitset.New(len(w.nodes)).Add(i)
		want[i] = w.named(place.Solve(in))
	}
	for _, workers := range []int{2, 8} {
		var wg sync.WaitGroup
		for worker := range workers {
			wg.Go(func() {
				for i := range want {
					i = (i + worker) % len(want)
					own := in
					own.Without = bitset.New(len(w.nodes)).Add(i)
					if got := w.named(place.Solve(own)); got != want[i] {
						t.Errorf("%d workers, without node %d: got %s\nwant %s", workers, i, got, want[i])
					}
				}
			})
		}
		wg.Wait()
	}
}

// SCH-271: what disruption asks differs in what it says it does, and in nothing
// else: without reservations and moved pods its plans are those of provisioning.
func TestOneEntryForEveryQuestion(t *testing.T) {
	for seed := range int64(100) {
		w := randomWorld(t, seed)
		for _, zone := range []string{"a", "b"} {
			w.node(model.Node{Name: "n" + zone, Free: vector(6, 24, 10), Initialized: true}, map[string]string{label.Zone: zone})
		}
		in := w.input()
		want := w.named(place.Solve(in))
		in.Reservations = place.FallbackReservations
		in.Closed = bitset.New(1).Add(0) // to pods that nobody moves
		if got := w.named(place.Solve(in)); got != want {
			t.Errorf("seed %d: got %s\nwant %s", seed, got, want)
		}
	}
}
