// SPDX-License-Identifier: Apache-2.0

package disrupt_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"karpenter.sh/core/engine/disrupt"
)

// generated returns a world with a few pools and up to forty nodes, in which
// every fact about a node is the wrong one now and then.
func generated(seed uint64) disrupt.State {
	r := rand.New(rand.NewPCG(seed, 1))
	rarely := func() bool { return r.IntN(12) == 0 }
	s := disrupt.State{Now: now, Pools: map[string]disrupt.Pool{}}
	for i := range r.IntN(41) {
		n := emptyNode(fmt.Sprint("n", i))
		n.Pool = []string{"a", "b", "c", "d", "none", ""}[r.IntN(6)]
		n.Held, n.Claimed, n.Exists, n.Initialized = rarely(), !rarely(), !rarely(), !rarely()
		n.Ready, n.Leaving, n.Nominated, n.Protected = !rarely(), rarely(), rarely(), rarely()
		n.InstanceTerminating, n.Consolidatable, n.BoundedDrain = rarely(), !rarely(), rarely()
		n.Price, n.Created = float64(r.IntN(4)), now.Add(-time.Duration(r.IntN(5))*time.Hour)
		n.ExpireAfter, n.Expires = 6*time.Hour, r.IntN(2) == 0
		if rarely() {
			n.BufferPods = 1
		}
		for range max(0, r.IntN(5)-2) {
			p := disrupt.Pod{Active: !rarely(), Reschedulable: rarely(), EvictionCost: float64(r.IntN(4) - 1)}
			if rarely() {
				p.Protection = protection([]string{"true", "2h", "x"}[r.IntN(3)])
			}
			if rarely() {
				p.Blocking = []string{"pdb"}
			}
			n.Pods = append(n.Pods, p)
		}
		s.Nodes = append(s.Nodes, n)
	}
	for _, name := range []string{"a", "b", "c", "d"} {
		s.Pools[name] = disrupt.Pool{
			Managed: !rarely(), Static: rarely(), NeverConsolidates: rarely(), Types: disrupt.Types(r.IntN(3)),
			Budget: disrupt.Budget{Usage: disrupt.Count(s.Nodes)[name], Limit: r.IntN(8)},
		}
	}
	return s
}

const worlds = 3000

// mayGo says in the plainest way whether emptiness may take a node.
func mayGo(s disrupt.State, n disrupt.Node) bool {
	p, known := s.Pools[n.Pool]
	if n.Held || !n.Claimed || !n.Exists || !n.Initialized || n.Leaving || n.Nominated || n.Protected ||
		!n.Consolidatable || n.BufferPods > 0 || n.Pool == "" || !known || !p.Managed || p.Static || p.NeverConsolidates {
		return false
	}
	for _, pod := range n.Pods {
		if pod.Active && pod.Protection.Active(pod.Started, s.Now) || len(pod.Blocking) > 0 ||
			pod.Reschedulable && pod.EvictionCost > 0 {
			return false
		}
	}
	return true
}

func TestNeverABlockedNodeAndNeverOverBudget(t *testing.T) {
	for seed := range uint64(worlds) {
		s := generated(seed)
		d := disrupt.Emptiness{}.Decide(s)
		went := map[string]bool{}
		for _, id := range taken(d) {
			if went[id] {
				t.Fatalf("seed %d: %s goes twice", seed, id)
			}
			went[id] = true
		}
		byPool, free := map[string]int{}, map[string]int{}
		for _, n := range s.Nodes {
			if went[n.ID] && !mayGo(s, n) { // DIS-029, DIS-071
				t.Fatalf("seed %d: %s must not go: %+v", seed, n.ID, n)
			}
			if went[n.ID] {
				byPool[n.Pool]++
			}
			if mayGo(s, n) {
				free[n.Pool]++
			}
		}
		for name, p := range s.Pools { // DIS-050, DIS-054, DIS-056
			if want := min(free[name], max(0, p.Budget.Limit-p.Budget.Disrupting-p.Budget.Promised)); byPool[name] != want {
				t.Fatalf("seed %d: %d of pool %s go, want %d", seed, byPool[name], name, want)
			}
		}
	}
}

// Each node is either taken or refused, once.
func TestEveryNodeIsAccountedFor(t *testing.T) {
	for seed := range uint64(worlds) {
		s := generated(seed)
		d := disrupt.Emptiness{}.Decide(s)
		got := taken(d)
		for _, r := range d.Refusals {
			got = append(got, r.Node)
		}
		want := make([]string, len(s.Nodes))
		for i, n := range s.Nodes {
			want[i] = n.ID
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Fatalf("seed %d: accounted for %v, want %v", seed, got, want)
		}
	}
}

// DIS-169
func TestOrderOfTheListDoesNotMatter(t *testing.T) {
	for seed := range uint64(worlds) {
		s := generated(seed)
		want := taken(disrupt.Emptiness{}.Decide(s))
		r := rand.New(rand.NewPCG(seed, 2))
		r.Shuffle(len(s.Nodes), func(i, j int) { s.Nodes[i], s.Nodes[j] = s.Nodes[j], s.Nodes[i] })
		if got := taken(disrupt.Emptiness{}.Decide(s)); !slices.Equal(got, want) {
			t.Fatalf("seed %d: took %v, and %v from the same list in another order", seed, want, got)
		}
	}
}

// A state that does not change but by what is decided leads to a finite number
// of commands and then none; deciding again over an unchanged state confirms the
// command (DIS-074), and a state is never changed by deciding.
func TestDecisionsEnd(t *testing.T) {
	m := disrupt.Emptiness{}
	for seed := range uint64(worlds) {
		s := generated(seed)
		most := len(s.Nodes)
		for round := 0; ; round++ {
			if round > most {
				t.Fatalf("seed %d: still deciding after %d rounds", seed, round)
			}
			before := slices.Clone(s.Nodes)
			d := m.Decide(s)
			if len(d.Commands) == 0 {
				break
			}
			v := m.Validate(s, d.Commands)[0]
			if !slices.Equal(v.Left.Nodes, d.Commands[0].Nodes) || len(v.Dropped) != 0 {
				t.Fatalf("seed %d: validated to %v, dropped %v", seed, v.Left.Nodes, v.Dropped)
			}
			for i := range before {
				if before[i].ID != s.Nodes[i].ID {
					t.Fatalf("seed %d: the list of nodes was reordered", seed)
				}
			}
			s = without(s, v.Left.Nodes)
		}
	}
}

// without is the state after the nodes of a command have gone.
func without(s disrupt.State, ids []string) disrupt.State {
	s.Nodes = slices.DeleteFunc(slices.Clone(s.Nodes), func(n disrupt.Node) bool { return slices.Contains(ids, n.ID) })
	pools := map[string]disrupt.Pool{}
	for name, p := range s.Pools {
		p.Budget.Usage = disrupt.Count(s.Nodes)[name]
		pools[name] = p
	}
	s.Pools = pools
	return s
}
