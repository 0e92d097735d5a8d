// SPDX-License-Identifier: Apache-2.0

package disrupt_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"karpenter.sh/core/engine/disrupt"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/model"
)

// drifts has a node of a site drift some minutes after others.
func (s *site) drifts(node string, minutes int) {
	for i := range s.known {
		if s.known[i].Name == node {
			s.known[i].Drifted, s.known[i].DriftedSince = true, now.Add(time.Duration(minutes)*time.Minute)
		}
	}
}

func TestDrift(t *testing.T) {
	for _, test := range []struct {
		why     string
		site    func(*site)
		want    []string
		refused map[string]disrupt.Cause
	}{
		{"DIS-108 at any price", func(s *site) {
			s.node("a", 1, label.OnDemand, 0, 2)
			s.drifts("a", 0)
		}, []string{"[a] dear"}, nil},
		{"DIS-108 quiet or not, whatever the policy", func(s *site) {
			s.node("a", 1, label.OnDemand, 0, 2)
			s.known[0].Consolidatable = false
			s.drifts("a", 0)
		}, []string{"[a] dear"}, nil},
		{"DIS-108 nodes that have not drifted stay", func(s *site) { s.node("a", 1, label.OnDemand, 0, 2) }, nil,
			map[string]disrupt.Cause{"a": disrupt.NotDrifted}},
		{"DIS-048 without pods first, then by age", func(s *site) {
			for i, name := range []string{"young", "old", "empty"} {
				var pods []int64
				if name != "empty" {
					pods = []int64{2}
				}
				s.node(name, 1, label.OnDemand, 0, pods...)
				s.drifts(name, -i)
			}
			s.drifts("empty", 5)
		}, []string{"[empty]", "[old] dear", "[young] dear"}, nil},
		{"DIS-109 one whose pods have no place does not keep others", func(s *site) {
			s.node("huge", 1, label.OnDemand, 0, 50)
			s.node("a", 1, label.OnDemand, 0, 2)
			s.drifts("huge", 0)
			s.drifts("a", 1)
		}, []string{"[a] dear"}, map[string]disrupt.Cause{"huge": disrupt.PodsStranded}},
		{"DIS-109 several machines for one", func(s *site) {
			s.node("a", 1, label.OnDemand, 0, 3, 3)
			s.drifts("a", 0)
		}, []string{"[a] dear dear"}, nil},
		{"DIS-110 room is used once", func(s *site) {
			s.node("a", 1, label.OnDemand, 0, 3)
			s.node("b", 1, label.OnDemand, 0, 3)
			s.node("roomy", 0, label.OnDemand, 3)
			s.drifts("a", 0)
			s.drifts("b", 1)
		}, []string{"[a]", "[b] dear"}, map[string]disrupt.Cause{"roomy": disrupt.NotDrifted}},
		{"DIS-109 pods do not move to a node that goes", func(s *site) {
			s.node("a", 1, label.OnDemand, 0, 3)
			s.node("b", 1, label.OnDemand, 3, 1)
			s.drifts("a", 0)
			s.drifts("b", 1)
		}, []string{"[a]"}, map[string]disrupt.Cause{"b": disrupt.AnotherFirst}},
		{"DIS-113 a pool whose commands fail", func(s *site) {
			s.node("a", 1, label.OnDemand, 0, 2)
			s.drifts("a", 0)
			s.rests = true
		}, nil, map[string]disrupt.Cause{"a": disrupt.PoolRests}},
		{"a static pool", func(s *site) {
			s.node("a", 1, label.OnDemand, 0, 2)
			s.drifts("a", 0)
			s.static = true
		}, nil, map[string]disrupt.Cause{"a": disrupt.StaticPool}},
	} {
		t.Run(test.why, func(t *testing.T) {
			s := newSite(t)
			s.sells([]model.Type{s.itype("dear", 4, onDemand(9))})
			test.site(s)
			in := s.state()
			p := in.Pools["p"]
			p.Rests, p.Static = s.rests, s.static
			in.Pools["p"] = p
			d := disrupt.Drift{}.Decide(in)
			refused := causes(d.Refusals)
			if len(refused) == 0 {
				refused = nil
			}
			if got := all(d); !slices.Equal(got, test.want) || !maps.Equal(refused, test.refused) {
				t.Errorf("got %v, refused %v", got, refused)
			}
			for i, v := range (disrupt.Drift{}).Validate(in, d.Commands) {
				if !slices.Equal(v.Left.Nodes, d.Commands[i].Nodes) {
					t.Errorf("validated to %v, want %v", v.Left.Nodes, d.Commands[i].Nodes)
				}
			}
		})
	}
}

// DIS-054, DIS-110: as many as the budget leaves.
func TestBudgetOfDrift(t *testing.T) {
	s := newSite(t)
	s.sells([]model.Type{s.itype("dear", 4, onDemand(9))})
	for i, name := range []string{"a", "b", "c"} {
		s.node(name, 1, label.OnDemand, 0, 2)
		s.drifts(name, i)
	}
	in := s.state()
	p := pool()
	p.Budget.Limit = 2
	in.Pools["p"] = p
	d := disrupt.Drift{}.Decide(in)
	if got := d.Nodes(); !slices.Equal(got, []string{"a", "b"}) || causes(d.Refusals)["c"] != disrupt.OverBudget || d.Eligible != 3 {
		t.Errorf("took %v of %d, refused %v", got, d.Eligible, causes(d.Refusals))
	}
}

// DIS-039, DIS-111, DIS-126: pods have no say where the drain is bounded.
func TestDriftDespitePods(t *testing.T) {
	n := emptyNode("n")
	n.Pods = []disrupt.Pod{ordinaryPod()}
	n.Pods[0].Protection = protection("true")
	if r, refused := (disrupt.Drift{}).Confirm(n, now); !refused || r.Cause != disrupt.PodProtected {
		t.Errorf("a protected pod: %v", r)
	}
	n.BoundedDrain = true
	if r, refused := (disrupt.Drift{}).Confirm(n, now); refused {
		t.Errorf("with a termination grace period: %v", r)
	}
}
