// SPDX-License-Identifier: Apache-2.0

package disrupt_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"karpenter.sh/core/engine/disrupt"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/requirement"
)

func onDemand(price float64) offer { return offer{label.OnDemand, price} }
func spot(price float64) offer     { return offer{label.Spot, price} }

// onlyNode is a site with one node that may go, for 4 $/h, and a pod of 2 CPU.
func onlyNode(t *testing.T, capacityType string) *site {
	s := newSite(t)
	s.node("n", 4, capacityType, 0, 2)
	s.crowd(4)
	return s
}

// crowd adds a node of this price that stays, with so many pods that to move one of
// others costs little.
func (s *site) crowd(price float64) {
	s.node("crowd", price, label.OnDemand, 0, slices.Repeat([]int64{1}, 40)...)
	s.known[len(s.known)-1].Consolidatable = false
}

func TestOneNode(t *testing.T) {
	// many are types that cost from 0.1 $/h upwards as spot.
	many := func(s *site, n int) (types []model.Type) {
		for i := range n {
			types = append(types, s.itype(fmt.Sprintf("t%02d", i), 2, spot(0.1*float64(i+1)), onDemand(9)))
		}
		return types
	}
	m := disrupt.Consolidation{SpotToSpot: true}
	for _, test := range []struct {
		why  string
		node string // its capacity type
		site func(*site)
		want string
	}{
		{"DIS-076 room on another node", label.OnDemand, func(s *site) {
			s.sells([]model.Type{s.itype("x", 2, onDemand(1))})
			s.node("roomy", 0, label.OnDemand, 4)
		}, "delete"},
		{"DIS-076 whose price does not matter", label.OnDemand, func(s *site) {
			s.known[0].Price = 0
			s.sells([]model.Type{s.itype("x", 2, onDemand(1))})
			s.node("roomy", 0, label.OnDemand, 4)
		}, "delete"},
		{"DIS-076 no place at all", label.OnDemand, func(s *site) { s.sells([]model.Type{s.itype("x", 1, onDemand(1))}) }, "pods would have no place"},
		{"DIS-064 a pod that waits anyway may stay waiting", label.OnDemand, func(s *site) {
			s.sells([]model.Type{s.itype("x", 2, onDemand(1))})
			s.waiting = []model.Pod{s.pod("huge", 50)}
		}, "replace by [x] on-demand"},
		{"DIS-065 nor does a machine for it count", label.OnDemand, func(s *site) {
			s.sells([]model.Type{s.itype("x", 2, onDemand(1))})
			s.waiting = []model.Pod{s.pod("waits", 2)}
		}, "replace by [x] on-demand"},
		{"DIS-059 marked for deletion meanwhile", label.OnDemand, func(s *site) { s.marked = []string{"n"} }, "the node is being deleted"},
		{"DIS-077 what costs less", label.OnDemand, func(s *site) {
			s.sells([]model.Type{s.itype("dear", 2, onDemand(5)), s.itype("same", 2, onDemand(4)), s.itype("less", 2, onDemand(2.5)), s.itype("least", 2, onDemand(2))})
		}, "replace by [least less] on-demand"},
		{"DIS-081 never at the same price", label.OnDemand, func(s *site) { s.sells([]model.Type{s.itype("same", 2, onDemand(4))}) }, "nothing in its place would cost less"},
		{"DIS-077 the worst of the capacity type that is tried first counts", label.OnDemand, func(s *site) {
			s.sells([]model.Type{s.itype("x", 2, spot(1), spot(4.5), onDemand(3)), s.itype("y", 2, spot(2), onDemand(9))})
		}, "replace by [y] spot"},
		{"DIS-079 pinned to spot if there is any, without the types that have none", label.OnDemand, func(s *site) {
			s.sells([]model.Type{s.itype("both", 2, spot(2), onDemand(3)), s.itype("one", 2, onDemand(1))})
		}, "replace by [both] spot"},
		{"DIS-079 pinned to on-demand if there is none", label.OnDemand, func(s *site) {
			s.sells([]model.Type{s.itype("one", 2, onDemand(1))}, requirement.In(label.CapacityType, label.Spot, label.OnDemand))
		}, "replace by [one] on-demand"},
		{"DIS-078 minValues after the price", label.OnDemand, func(s *site) {
			s.sells([]model.Type{s.itype("a", 2, onDemand(1)), s.itype("b", 2, onDemand(9))},
				requirement.Exists(label.InstanceType).WithMinValues(2))
		}, "the instance types that cost less are too few for minValues"},
		{"DIS-085 the cheaper half of the types", label.Spot, func(s *site) { s.sells(many(s, 5)) }, "replace by [t00 t01 t02] spot"},
		{"DIS-085 fifteen of them at most", label.Spot, func(s *site) { s.sells(many(s, 40)) },
			"replace by [t00 t01 t02 t03 t04 t05 t06 t07 t08 t09 t10 t11 t12 t13 t14] spot"},
		{"DIS-085, DIS-086 less than half of the types cost less", label.Spot, func(s *site) {
			s.known[0].Price = 0.5
			s.sells(many(s, 9))
		}, "too few spot types cost less"},
		{"DIS-085 as many as minValues asks for", label.Spot, func(s *site) {
			s.sells(many(s, 9), requirement.Exists(label.InstanceType).WithMinValues(6))
		}, "replace by [t00 t01 t02 t03 t04 t05] spot"},
		{"DIS-171 what is saved must make up for the move", label.OnDemand, func(s *site) {
			s.sells([]model.Type{s.itype("x", 2, onDemand(3.6))})
		}, "what would be saved does not make up for moving the pods soon enough"},
		{"DIS-171 all the more if the pods were moved of late", label.OnDemand, func(s *site) {
			s.known[0].Pods[0].Moved = true
			s.sells([]model.Type{s.itype("x", 2, onDemand(3.3))})
		}, "what would be saved does not make up for moving the pods soon enough"},
		{"DIS-172 as many pods of a workload as may be", label.OnDemand, func(s *site) {
			s.known[0].Pods[0].Workload = "web"
			s.evictable = map[string]int{"web": 0}
		}, "pods of a workload were moved as often as may be within an hour"},
		{"DIS-083 spot by on-demand is an ordinary replacement", label.Spot, func(s *site) {
			s.sells([]model.Type{s.itype("x", 2, onDemand(1))}, requirement.In(label.CapacityType, label.OnDemand))
		}, "replace by [x] on-demand"},
		{"DIS-083 on-demand by spot too", label.OnDemand, func(s *site) { s.sells(many(s, 1)) }, "replace by [t00] spot"},
		{"DIS-075 type not found", label.OnDemand, func(s *site) { s.known[0].TypeKnown = false }, "the instance type of the node is not found"},
		{"DIS-075 no capacity type", "", func(*site) {}, "the node lacks the label karpenter.sh/capacity-type"},
		{"DIS-075 no zone", label.OnDemand, func(s *site) { s.known[0].Zone = "" }, "the node lacks the label topology.kubernetes.io/zone"},
		{"DIS-075 empty is for emptiness", label.OnDemand, func(s *site) { s.known[0].Pods = nil }, "the node is empty"},
		{"DIS-075 not quiet", label.OnDemand, func(s *site) { s.known[0].Consolidatable = false }, "the node is not consolidatable yet"},
	} {
		t.Run(test.why, func(t *testing.T) {
			s := onlyNode(t, test.node)
			s.sells([]model.Type{s.itype("x", 2, onDemand(1))})
			test.site(s)
			if got := outcome(m.Decide(s.state()), "n"); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// DIS-084: without the gate spot is not replaced by spot; deleting is not affected.
func TestSpotToSpotOff(t *testing.T) {
	s := onlyNode(t, label.Spot)
	s.sells([]model.Type{s.itype("x", 2, spot(1))})
	if got := outcome(disrupt.Consolidation{}.Decide(s.state()), "n"); !strings.HasPrefix(got, "spot nodes are not replaced") {
		t.Errorf("got %q", got)
	}
	s.node("roomy", 0, label.Spot, 4)
	if got := outcome(disrupt.Consolidation{}.Decide(s.state()), "n"); got != "delete" {
		t.Errorf("got %q", got)
	}
}

// DIS-075: rows that concern the pool.
func TestPoolsThatDoNotConsolidate(t *testing.T) {
	for _, test := range []struct {
		change func(*disrupt.Pool)
		want   disrupt.Cause
	}{
		{func(p *disrupt.Pool) { p.Static = true }, disrupt.StaticPool},
		{func(p *disrupt.Pool) { p.NeverConsolidates = true }, disrupt.ConsolidationOff},
		{func(p *disrupt.Pool) { p.OnlyWhenEmpty = true }, disrupt.OnlyWhenEmpty},
		{func(p *disrupt.Pool) { p.Budget.Limit = 0 }, disrupt.OverBudget}, // DIS-054
	} {
		s := onlyNode(t, label.OnDemand)
		s.sells([]model.Type{s.itype("x", 2, onDemand(1))})
		in := s.state()
		p := in.Pools["p"]
		test.change(&p)
		in.Pools["p"] = p
		d := disrupt.Consolidation{}.Decide(in)
		if got := causes(d.Refusals)["n"]; got != test.want || len(d.Commands) != 0 {
			t.Errorf("cause is %q, want %q", got, test.want)
		}
	}
}

// DIS-087 to DIS-089, DIS-091, DIS-094, DIS-160: all that can go together does, each command without counting on the room
// that another uses.
func TestManyCommands(t *testing.T) {
	for _, test := range []struct {
		why  string
		site func(*site)
		want []string
	}{
		{"room for two of three", func(s *site) {
			s.sells([]model.Type{s.itype("same", 4, onDemand(4))})
			s.node("a", 4, label.OnDemand, 0, 2)
			s.node("b", 4, label.OnDemand, 0, 2)
			s.node("c", 4, label.OnDemand, 0, 2)
			s.node("roomy", 0, label.OnDemand, 4)
		}, []string{"[a]", "[b]"}},
		{"a node that receives pods stays", func(s *site) {
			s.sells([]model.Type{s.itype("same", 4, onDemand(4))})
			s.node("a", 4, label.OnDemand, 2, 2)
			s.node("b", 4, label.OnDemand, 2, 2)
		}, []string{"[a]"}},
		{"deleting comes before replacing", func(s *site) {
			s.sells([]model.Type{s.itype("small", 2, onDemand(1))})
			s.node("dear", 9, label.OnDemand, 0, 2)
			s.node("cheap", 4, label.OnDemand, 2, 2)
		}, []string{"[dear]"}},
		{"each by its own machine", func(s *site) {
			s.sells([]model.Type{s.itype("small", 2, onDemand(1))})
			s.node("b", 4, label.OnDemand, 0, 2)
			s.node("a", 4, label.OnDemand, 0, 2)
		}, []string{"[a] small", "[b] small"}},
		{"one large by two small", func(s *site) {
			s.sells([]model.Type{s.itype("small", 2, onDemand(1)), s.itype("large", 8, onDemand(8))})
			s.node("a", 8, label.OnDemand, 0, 2, 2)
		}, []string{"[a] small small"}},
		{"three by two", func(s *site) {
			s.sells([]model.Type{s.itype("six", 6, onDemand(6))})
			for _, name := range []string{"a", "b", "c"} {
				s.node(name, 6, label.OnDemand, 0, 3, 1)
			}
			s.crowd(6)
		}, []string{"[a b c] six six"}},
		{"nodes that are used well stay", func(s *site) {
			s.sells([]model.Type{s.itype("six", 6, onDemand(6))})
			for _, name := range []string{"a", "b", "c"} {
				s.node(name, 6, label.OnDemand, 0, 4, 2)
			}
		}, nil},
	} {
		t.Run(test.why, func(t *testing.T) {
			s := newSite(t)
			test.site(s)
			d := disrupt.Consolidation{}.Decide(s.state())
			if got := all(d); !slices.Equal(got, test.want) {
				t.Errorf("got %v, want %v; refused %v", got, test.want, causes(d.Refusals))
			}
			total := len(d.Refusals)
			for _, c := range d.Commands {
				total += len(c.Nodes)
			}
			if total != len(s.known) {
				t.Errorf("of %d nodes %d are accounted for", len(s.known), total)
			}
			var left []string
			for _, v := range (disrupt.Consolidation{}).Validate(s.state(), d.Commands) {
				if len(v.Dropped) > 0 {
					t.Errorf("dropped %v from an unchanged state", causes(v.Dropped))
				}
				left = append(left, all(disrupt.Decision{Commands: []disrupt.Command{v.Left}})...)
			}
			if !slices.Equal(left, test.want) {
				t.Errorf("validated to %v, want %v", left, test.want)
			}
		})
	}
}

// DIS-054, DIS-160: commands together stay within the budget.
func TestBudgetOfManyCommands(t *testing.T) {
	s := newSite(t)
	s.sells([]model.Type{s.itype("small", 2, onDemand(1))})
	for _, name := range []string{"a", "b", "c"} {
		s.node(name, 4, label.OnDemand, 0, 2)
	}
	in := s.state()
	p := pool()
	p.Budget.Limit = 2
	in.Pools["p"] = p
	d := disrupt.Consolidation{}.Decide(in)
	if got := all(d); !slices.Equal(got, []string{"[a] small", "[b] small"}) || causes(d.Refusals)["c"] != disrupt.OverBudget {
		t.Errorf("got %v, refused %v", got, causes(d.Refusals))
	}
}

// DIS-082: the machine may be another pool's, whatever that pool's policy.
func TestReplacementOfAnotherPool(t *testing.T) {
	s := onlyNode(t, label.OnDemand)
	s.known[0].Pool = "q"
	s.sells([]model.Type{s.itype("x", 2, onDemand(1))})
	in := s.state()
	p := pool()
	p.NeverConsolidates = true
	in.Pools = map[string]disrupt.Pool{"p": p, "q": pool()}
	d := disrupt.Consolidation{}.Decide(in)
	if len(d.Commands) != 1 || len(d.Commands[0].Replacements) != 1 || d.Commands[0].Replacements[0].Pool != "p" {
		t.Errorf("%+v, refused %v", d.Commands, causes(d.Refusals))
	}
}

// DIS-080: reserved capacity is worth its price, whatever it replaces.
func TestReservedReplacement(t *testing.T) {
	for _, from := range []string{label.Spot, label.OnDemand, label.Reserved} {
		s := onlyNode(t, from)
		s.sells([]model.Type{s.itype("x", 2, offer{label.Reserved, 1}, onDemand(9))})
		m := disrupt.Consolidation{}
		if got := outcome(m.Decide(s.state()), "n"); !strings.HasPrefix(got, "replace by [x]") {
			t.Errorf("%s by reserved: %s", from, got)
		}
	}
}

// DIS-088: where most pods have room elsewhere, only the others need a machine.
func TestSmallMachineForWhatIsLeft(t *testing.T) {
	s := newSite(t)
	s.sells([]model.Type{s.itype("big", 8, onDemand(1)), s.itype("small", 1, onDemand(0.15))})
	s.node("a", 1, label.OnDemand, 0, 1, 1, 1, 1, 1, 1, 1, 1)
	s.node("b", 1, label.OnDemand, 7, 1)
	s.known[1].Consolidatable = false
	if d := (disrupt.Consolidation{}).Decide(s.state()); !slices.Equal(all(d), []string{"[a] small"}) {
		t.Errorf("got %v, refused %v", all(d), causes(d.Refusals))
	}
}

// DIS-175: an empty node that is about to go stays if that is cheaper than what its place would
// be taken by, and only then.
func TestSpareNodes(t *testing.T) {
	for _, test := range []struct {
		why   string
		price float64 // of the spare node
		want  []string
	}{
		{"cheaper than the node and than a machine", 0.5, []string{"[n]"}},
		{"as cheap as a machine, which would have to be launched", 1, []string{"[n]"}},
		{"a machine costs less", 2, []string{"[n] x"}},
		{"no cheaper than the node", 4, []string{"[n] x"}},
	} {
		s := onlyNode(t, label.OnDemand)
		s.sells([]model.Type{s.itype("x", 2, onDemand(1))})
		s.node("spare", test.price, label.OnDemand, 4)
		s.known[2].Held = true
		in := s.state()
		in.Spare = map[int]float64{2: test.price}
		d := disrupt.Consolidation{}.Decide(in)
		if got := all(d); !slices.Equal(got, test.want) {
			t.Errorf("%s: got %v, refused %v", test.why, got, causes(d.Refusals))
		} else if want := 4 - min(test.price, 1); math.Abs(d.Commands[0].Saving-want) > 1e-9 {
			t.Errorf("%s: saves %f, want %f", test.why, d.Commands[0].Saving, want)
		}
	}
}

// DIS-175: where there is room on nodes that stay anyway, a spare node still goes,
// whatever it costs.
func TestSpareNodesThatNobodyNeeds(t *testing.T) {
	s := onlyNode(t, label.OnDemand)
	s.sells([]model.Type{s.itype("x", 2, onDemand(1))})
	s.node("spare", 0, label.OnDemand, 4)
	s.node("roomy", 4, label.OnDemand, 4)
	s.known[2].Held, s.known[3].Consolidatable = true, false
	in := s.state()
	in.Spare = map[int]float64{2: 0}
	d := disrupt.Consolidation{}.Decide(in)
	if len(d.Commands) != 1 || !slices.Equal(d.Commands[0].Destinations, []int{3}) {
		t.Fatalf("%+v", d.Commands)
	}
	left := disrupt.Consolidation{}.Validate(in, d.Commands)[0].Left
	if !slices.Equal(left.Destinations, []int{3}) {
		t.Errorf("validated to go to %v", left.Destinations)
	}
}

// DIS-056: a set of nodes goes within the budget or not at all.
func TestBudgetOfASet(t *testing.T) {
	s := newSite(t)
	s.sells([]model.Type{s.itype("six", 6, onDemand(6))})
	for _, name := range []string{"a", "b", "c"} {
		s.node(name, 6, label.OnDemand, 0, 3, 1)
	}
	s.crowd(6)
	if d := (disrupt.Consolidation{}).Decide(s.state()); len(d.Commands) != 1 {
		t.Errorf("without a budget: took %v", all(d))
	}
	in := s.state()
	p := pool()
	p.Budget.Limit = 2
	in.Pools["p"] = p
	if d := (disrupt.Consolidation{}).Decide(in); len(d.Commands) != 0 {
		t.Errorf("took %v", all(d))
	}
}

// DIS-085: between spot nodes a tenth must be saved at least.
func TestSpotSavesATenth(t *testing.T) {
	s := newSite(t)
	s.sells([]model.Type{s.itype("x", 2, spot(3.65))})
	s.node("n", 4, label.Spot, 0, 2)
	for i := range s.known[0].Pods {
		s.known[0].Pods[i].EvictionCost = 0.0001 // to move it is next to nothing
	}
	for i := range 20 { // and the pool is large
		s.node(fmt.Sprint("full", i), 4, label.Spot, 0, slices.Repeat([]int64{1}, 20)...)
		s.known[i+1].Consolidatable = false
	}
	m := disrupt.Consolidation{SpotToSpot: true}
	if d := m.Decide(s.state()); len(d.Commands) != 0 {
		t.Errorf("took %v", all(d))
	}
	s.sells([]model.Type{s.itype("x", 2, spot(3.3))})
	if d := m.Decide(s.state()); len(d.Commands) != 1 {
		t.Errorf("refused %v", causes(d.Refusals)["n"])
	}
}

// DIS-171: what a command costs is to move its pods and to pay twice for a while.
func TestPayback(t *testing.T) {
	s := newSite(t)
	s.sells([]model.Type{s.itype("x", 2, onDemand(1.5))})
	s.node("a", 4, label.OnDemand, 0, 2)
	c := disrupt.Consolidation{}.Decide(s.state()).Commands[0]
	// To move it is 10 minutes of 4 $/h, two machines for 3 minutes is 0.075 $, which
	// 2.5 $/h pay in less than 18 minutes.
	if want := 17*time.Minute + 48*time.Second; c.Payback.Round(time.Second) != want || c.Saving != 2.5 || c.Cost != 2 {
		t.Errorf("pays back in %v, want %v; saves %v for %v", c.Payback, want, c.Saving, c.Cost)
	}
}

// DIS-126
func TestConsolidationConfirms(t *testing.T) {
	n := emptyNode("n")
	n.Held, n.Leaving, n.Pods = true, true, []disrupt.Pod{ordinaryPod()}
	if r, refused := (disrupt.Consolidation{}).Confirm(n, now); refused {
		t.Errorf("an ordinary pod: %v", r)
	}
	n.Pods[0].Protection = protection("true")
	if r, refused := (disrupt.Consolidation{}).Confirm(n, now); !refused || r.Cause != disrupt.PodProtected {
		t.Errorf("a protected pod: %v", r)
	}
}

// DIS-103
func TestConsolidationValidates(t *testing.T) {
	m := disrupt.Consolidation{}
	base := func(prices ...float64) *site {
		s := onlyNode(t, label.OnDemand)
		var types []model.Type
		for i, price := range prices {
			types = append(types, s.itype(string(rune('a'+i)), 2, onDemand(price)))
		}
		s.sells(types)
		return s
	}
	for _, test := range []struct {
		why   string
		after func() *site
		want  disrupt.Cause // zero: it stands
	}{
		{"nothing changed", func() *site { return base(1, 2, 9) }, 0},
		{"more types cost less", func() *site { return base(1, 2, 3) }, 0},
		{"all types cost more than the node", func() *site { return base(5, 9) }, disrupt.NothingCheaper},
		{"another pod needs a machine of its own", func() *site { s := base(1, 2); s.waiting = []model.Pod{s.pod("w", 2)}; return s }, 0},
		{"two machines are needed", func() *site {
			s := base(1, 2)
			s.sells([]model.Type{s.itype("a", 1, onDemand(1))})
			s.pods["n"] = []model.Pod{s.pod("x", 1), s.pod("y", 1)}
			return s
		}, disrupt.OtherReplacements},
		{"pods have no place", func() *site {
			s := base(1, 2)
			s.sells([]model.Type{s.itype("a", 1, onDemand(1))})
			return s
		}, disrupt.PodsHomeless},
		{"pods are expected", func() *site { s := base(1, 2); s.known[0].Nominated = true; return s }, disrupt.Nominated},
		{"the node is gone", func() *site { s := base(1, 2); s.known = nil; return s }, disrupt.Gone},
	} {
		t.Run(test.why, func(t *testing.T) {
			c := m.Decide(base(1, 2, 9).state()).Commands[0]
			v := m.Validate(test.after().state(), []disrupt.Command{c})[0]
			left, dropped := v.Left, v.Dropped
			if test.want == 0 {
				if len(dropped) != 0 || !slices.Equal(left.Nodes, []string{"n"}) || left.Replacements[0].Types[0] != "a" || left.Saving != 3 {
					t.Errorf("left %+v, dropped %v", left, dropped)
				}
				return
			}
			if len(left.Nodes) != 0 || causes(dropped)["n"] != test.want {
				t.Errorf("left %v, dropped %v, want %q", left.Nodes, dropped, test.want)
			}
		})
	}
	t.Run("the budget is used up", func(t *testing.T) {
		c := m.Decide(base(1, 2).state()).Commands[0]
		fresh := base(1, 2).state()
		p := pool()
		p.Budget.Limit = 0
		fresh.Pools["p"] = p
		if v := m.Validate(fresh, []disrupt.Command{c})[0]; len(v.Left.Nodes) != 0 || causes(v.Dropped)["n"] != disrupt.OverBudget {
			t.Errorf("left %v, dropped %v", v.Left, v.Dropped)
		}
	})
}
