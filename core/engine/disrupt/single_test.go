// SPDX-License-Identifier: Apache-2.0

package disrupt_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"karpenter.sh/core/engine/disrupt"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/requirement"
)

func onDemand(price float64) offer { return offer{label.OnDemand, price} }
func spot(price float64) offer     { return offer{label.Spot, price} }

// onlyNode is a site with one node, for 4 $/h, and a pod of 2 CPU.
func onlyNode(t *testing.T, capacityType string) *site {
	s := newSite(t)
	s.node("n", 4, capacityType, 0, 2)
	return s
}

func TestSingleNode(t *testing.T) {
	// many are types that cost from 0.1 $/h upwards as spot.
	many := func(s *site, n int) (types []model.Type) {
		for i := range n {
			types = append(types, s.itype(fmt.Sprintf("t%02d", i), 2, spot(0.1*float64(i+1)), onDemand(9)))
		}
		return types
	}
	m := disrupt.SingleNode{Consolidation: disrupt.Consolidation{SpotToSpot: true}}
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
		{"DIS-065 but a machine for it counts", label.OnDemand, func(s *site) {
			s.sells([]model.Type{s.itype("x", 2, onDemand(1))})
			s.waiting = []model.Pod{s.pod("waits", 2)}
		}, "more than one machine would be needed in its place"},
		{"DIS-059 marked for deletion meanwhile", label.OnDemand, func(s *site) { s.marked = []string{"n"} }, "the node is being deleted"},
		{"DIS-077 what costs less", label.OnDemand, func(s *site) {
			s.sells([]model.Type{s.itype("dear", 2, onDemand(5)), s.itype("same", 2, onDemand(4)), s.itype("less", 2, onDemand(3)), s.itype("least", 2, onDemand(2))})
		}, "replace by [least less] on-demand"},
		{"DIS-081 never at the same price", label.OnDemand, func(s *site) { s.sells([]model.Type{s.itype("same", 2, onDemand(4))}) }, "no machine in its place would cost less"},
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
		{"DIS-085 fifteen cheaper spot types", label.Spot, func(s *site) { s.sells(many(s, 20)) },
			"replace by [t00 t01 t02 t03 t04 t05 t06 t07 t08 t09 t10 t11 t12 t13 t14] spot"},
		{"DIS-085 exactly fifteen", label.Spot, func(s *site) { s.sells(many(s, 15)) },
			"replace by [t00 t01 t02 t03 t04 t05 t06 t07 t08 t09 t10 t11 t12 t13 t14] spot"},
		{"DIS-085 fourteen", label.Spot, func(s *site) { s.sells(many(s, 14)) }, "too few spot types cost less"},
		{"DIS-085, DIS-086 those that cost as much do not count", label.Spot, func(s *site) {
			s.known[0].Price = 1.45
			s.sells(many(s, 20))
		}, "too few spot types cost less"},
		{"DIS-085 as many as minValues asks for", label.Spot, func(s *site) {
			s.sells(many(s, 20), requirement.Exists(label.InstanceType).WithMinValues(17))
		}, "replace by [t00 t01 t02 t03 t04 t05 t06 t07 t08 t09 t10 t11 t12 t13 t14 t15 t16] spot"},
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
	if got := outcome(disrupt.SingleNode{}.Decide(s.state()), "n"); !strings.HasPrefix(got, "spot nodes are not replaced") {
		t.Errorf("got %q", got)
	}
	s.node("roomy", 0, label.Spot, 4)
	if got := outcome(disrupt.SingleNode{}.Decide(s.state()), "n"); got != "delete" {
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
		d := disrupt.SingleNode{}.Decide(in)
		if got := causes(d.Refusals)["n"]; got != test.want || len(d.Commands) != 0 {
			t.Errorf("cause is %q, want %q", got, test.want)
		}
	}
}

// DIS-046, DIS-093: pools take turns, each with its best node first.
func TestTurns(t *testing.T) {
	s := newSite(t)
	s.sells([]model.Type{s.itype("small", 1, onDemand(1))}) // so that every node is looked at, in vain
	for i, name := range []string{"a1", "a2", "b1", "b2", "c1"} {
		s.node(name, 2+float64(i), label.OnDemand, 0, 2)
		s.known[i].Pool = name[:1]
	}
	in := s.state()
	in.Pools = map[string]disrupt.Pool{"a": pool(), "b": pool(), "c": pool()}
	for turn, want := range [][]string{{"a2", "b2", "c1", "a1", "b1"}, {"b2", "c1", "a2", "b1", "a1"}, {"c1", "a2", "b2", "a1", "b1"}} {
		var got []string
		for _, r := range (disrupt.SingleNode{Turn: turn}).Decide(in).Refusals {
			got = append(got, r.Node)
		}
		if !slices.Equal(got, want) {
			t.Errorf("turn %d: %v, want %v", turn, got, want)
		}
	}
}

// DIS-094: the first that can go does, the others wait.
func TestOneNodeAtATime(t *testing.T) {
	s := newSite(t)
	s.sells([]model.Type{s.itype("x", 2, onDemand(1))})
	s.node("huge", 9, label.OnDemand, 0, 50)
	s.node("b", 3, label.OnDemand, 0, 2)
	s.node("a", 3, label.OnDemand, 0, 2)
	d := disrupt.SingleNode{}.Decide(s.state())
	if got := taken(d); !slices.Equal(got, []string{"a"}) || d.Commands[0].Saving != 2 || d.Commands[0].Cost != 2 || d.Commands[0].Divisible {
		t.Errorf("took %v: %+v", got, d.Commands)
	}
	want := map[string]disrupt.Cause{"huge": disrupt.PodsHomeless, "b": disrupt.AnotherFirst}
	if got := causes(d.Refusals); !maps.Equal(got, want) || d.Eligible != 3 {
		t.Errorf("refused %v of %d", got, d.Eligible)
	}
}

// DIS-126
func TestSingleNodeConfirms(t *testing.T) {
	n := emptyNode("n")
	n.Held, n.Leaving, n.Pods = true, true, []disrupt.Pod{ordinaryPod()}
	if r, refused := (disrupt.SingleNode{}).Confirm(n, now); refused {
		t.Errorf("an ordinary pod: %v", r)
	}
	n.Pods[0].Protection = protection("true")
	if r, refused := (disrupt.SingleNode{}).Confirm(n, now); !refused || r.Cause != disrupt.PodProtected {
		t.Errorf("a protected pod: %v", r)
	}
}

// DIS-103, DIS-104
func TestSingleNodeValidates(t *testing.T) {
	m := disrupt.SingleNode{}
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
		{"a type costs more than the node", func() *site { return base(1, 5, 9) }, disrupt.OtherReplacements},
		{"a type is not sold any more", func() *site { return base(1) }, disrupt.OtherReplacements},
		{"the pods fit elsewhere", func() *site { s := base(1, 2); s.node("roomy", 0, label.OnDemand, 4); return s }, disrupt.OtherReplacements},
		{"another machine is needed", func() *site { s := base(1, 2); s.waiting = []model.Pod{s.pod("w", 2)}; return s }, disrupt.OtherReplacements},
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
			left, dropped := m.Validate(test.after().state(), c)
			if test.want == 0 {
				if len(dropped) != 0 || !slices.Equal(left.Nodes, []string{"n"}) || !slices.Equal(left.Replacements[0].Types, []string{"a", "b"}) || left.Saving != 3 {
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
		if left, dropped := m.Validate(fresh, c); len(left.Nodes) != 0 || causes(dropped)["n"] != disrupt.OverBudget {
			t.Errorf("left %v, dropped %v", left.Nodes, dropped)
		}
	})
}
