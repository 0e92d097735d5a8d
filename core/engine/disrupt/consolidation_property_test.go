// SPDX-License-Identifier: Apache-2.0

package disrupt_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"karpenter.sh/core/engine/disrupt"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/model"
)

// random is a site of up to 30 nodes, some with room, of types whose price is by size
// or a little more.
func random(t *testing.T, seed uint64) *site {
	r := rand.New(rand.NewPCG(seed, 3))
	s := newSite(t)
	var types []model.Type
	for _, cpu := range []int64{2, 4, 8, 16} {
		price := float64(cpu) * (1 + 0.2*r.Float64())
		types = append(types, s.itype(fmt.Sprintf("t%d", cpu), cpu, spot(price*0.4), onDemand(price)))
	}
	s.sells(types)
	s.evictable = map[string]int{"web": r.IntN(20), "api": 100}
	for i := range 2 + r.IntN(29) {
		cpu := []int64{2, 4, 8, 16}[r.IntN(4)]
		var pods []int64
		free := cpu
		for free > 0 && r.IntN(5) > 0 {
			pod := 1 + r.Int64N(min(free, 4))
			free -= pod
			pods = append(pods, pod)
		}
		capacityType, price := label.OnDemand, float64(cpu)*(1+0.3*r.Float64())
		if r.IntN(3) == 0 {
			capacityType, price = label.Spot, price*0.4
		}
		s.node(fmt.Sprintf("n%02d", i), price, capacityType, free, pods...)
		for j := range s.known[i].Pods {
			p := &s.known[i].Pods[j]
			p.Workload, p.Moved = []string{"web", "api", ""}[r.IntN(3)], r.IntN(8) == 0
		}
	}
	return s
}

// DIS-160, DIS-165, DIS-169, DIS-171, DIS-172: whatever the state, commands get in nobody's way,
// pay, and are the same however the nodes are listed; validation confirms them all.
func TestCommandsOfConsolidation(t *testing.T) {
	several := 0
	for seed := range uint64(400) {
		m := disrupt.Consolidation{SpotToSpot: true}
		s := random(t, seed)
		in := s.state()
		p := pool()
		p.Budget.Limit = int(seed % 12)
		in.Pools["p"] = p
		d := m.Decide(in)

		went, moved := map[string]bool{}, map[string]int{}
		for _, c := range d.Commands {
			if len(c.Nodes) > 1 || len(c.Replacements) > 1 {
				several++
			}
			for _, id := range c.Nodes {
				if went[id] {
					t.Fatalf("seed %d: %s goes twice", seed, id)
				}
				went[id] = true
				for _, n := range s.known {
					for _, pod := range n.Pods {
						if n.ID == id {
							moved[pod.Workload]++
						}
					}
				}
			}
			if c.Saving <= 0 || c.Payback > 45*time.Minute {
				t.Fatalf("seed %d: %v saves %f, pays back in %v", seed, c.Nodes, c.Saving, c.Payback)
			}
		}
		for _, c := range d.Commands {
			for _, to := range c.Destinations {
				if went[s.nodes[to].Name] {
					t.Fatalf("seed %d: pods go to %s, which goes", seed, s.nodes[to].Name)
				}
			}
		}
		if len(went) > p.Budget.Limit || moved["web"] > s.evictable["web"] {
			t.Fatalf("seed %d: %d nodes go, the budget is %d; %d pods of web move, %d may", seed, len(went), p.Budget.Limit, moved["web"], s.evictable["web"])
		}
		for i, v := range m.Validate(in, d.Commands) {
			if len(v.Dropped) > 0 || !reflect.DeepEqual(v.Left.Nodes, d.Commands[i].Nodes) {
				t.Fatalf("seed %d: %v is validated to %v, dropped %v", seed, d.Commands[i].Nodes, v.Left.Nodes, causes(v.Dropped))
			}
		}
		r := rand.New(rand.NewPCG(seed, 4))
		in.Nodes = slices.Clone(in.Nodes)
		r.Shuffle(len(in.Nodes), func(i, j int) { in.Nodes[i], in.Nodes[j] = in.Nodes[j], in.Nodes[i] })
		m.Workers = 4
		if again := m.Decide(in); !slices.Equal(all(again), all(d)) {
			t.Fatalf("seed %d: %v, and %v from the same list in another order", seed, all(d), all(again))
		}
	}
	if several == 0 {
		t.Error("no command is about several nodes")
	}
}
