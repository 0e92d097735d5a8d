// SPDX-License-Identifier: Apache-2.0

package disrupt_test

import (
	"slices"
	"testing"
	"time"

	"karpenter.sh/core/engine/disrupt"
)

func TestEligibility(t *testing.T) {
	full := func(n *disrupt.Node) { n.Pods = []disrupt.Pod{ordinaryPod()} }
	for _, test := range []struct {
		why  string
		node func(*disrupt.Node)
		pool func(*disrupt.Pool)
		want disrupt.Cause // zero: taken
	}{
		{why: "DIS-071 an empty, quiet node"},
		{why: "DIS-071 static pool", pool: func(p *disrupt.Pool) { p.Static = true }, want: disrupt.StaticPool},
		{why: "DIS-071 consolidateAfter Never", pool: func(p *disrupt.Pool) { p.NeverConsolidates = true }, want: disrupt.ConsolidationOff},
		{why: "DIS-071 room of a capacity buffer", node: func(n *disrupt.Node) { n.BufferPods = 1 }, want: disrupt.BufferPods},
		{why: "DIS-071 pods", node: full, want: disrupt.NotEmpty},
		{why: "DIS-071 not quiet", node: func(n *disrupt.Node) { n.Consolidatable = false }, want: disrupt.NotQuiet},
		{why: "DIS-071 buffer pods are told of before pods", node: func(n *disrupt.Node) { full(n); n.BufferPods = 1 }, want: disrupt.BufferPods},
		{why: "DIS-073 pods that nobody would miss", node: func(n *disrupt.Node) {
			p := ordinaryPod()
			p.EvictionCost = -1
			n.Pods = []disrupt.Pod{p}
		}},
	} {
		t.Run(test.why, func(t *testing.T) {
			n, p := emptyNode("n"), pool()
			if test.node != nil {
				test.node(&n)
			}
			if test.pool != nil {
				test.pool(&p)
			}
			s := state(n)
			s.Pools["p"] = p
			d := disrupt.Emptiness{}.Decide(s)
			if got := causes(d.Refusals)["n"]; got != test.want {
				t.Errorf("cause is %q, want %q", got, test.want)
			}
			if wantTaken := test.want == 0; (len(taken(d)) == 1) != wantTaken {
				t.Errorf("took %v", taken(d))
			}
		})
	}
}

// DIS-072
func TestOneCommandForAllPools(t *testing.T) {
	other := emptyNode("b")
	other.Pool = "q"
	s := state(emptyNode("a"), other)
	s.Pools["q"] = pool()
	d := disrupt.Emptiness{}.Decide(s)
	if len(d.Commands) != 1 || !slices.Equal(d.Commands[0].Nodes, []string{"a", "b"}) {
		t.Errorf("commands are %v", d.Commands)
	}
	if k := d.Commands[0].Kind; k.Reason != disrupt.Empty || k.Type != "empty" {
		t.Errorf("kind is %v", k)
	}
}

// DIS-102
func TestEmptinessWaits(t *testing.T) {
	if wait := (disrupt.Emptiness{}).Kind().Wait; wait != 15*time.Second {
		t.Errorf("waits %v", wait)
	}
}

// DIS-046
func TestOrder(t *testing.T) {
	node := func(id string, price float64, age time.Duration) disrupt.Node {
		n := emptyNode(id)
		n.Price, n.Created = price, now.Add(-age)
		n.Expires, n.ExpireAfter = true, 10*time.Hour
		return n
	}
	named := func(name string, n disrupt.Node) disrupt.Node { n.Name = name; return n }
	immortal := node("immortal", 1, 9*time.Hour)
	immortal.Expires = false
	s := state(
		named("z", node("a", 1, time.Hour)), named("y", node("b", 1, time.Hour)), node("old", 1, 5*time.Hour), immortal,
		node("overdue", 1, 20*time.Hour), node("dear", 2, time.Hour), node("unknown", 0, 9*time.Hour),
	)
	want := []string{"dear", "overdue", "old", "b", "a", "immortal", "unknown"}
	if got := taken(disrupt.Emptiness{}.Decide(s)); !slices.Equal(got, want) {
		t.Errorf("order is %v, want %v", got, want)
	}
	slices.Reverse(s.Nodes)
	if got := taken(disrupt.Emptiness{}.Decide(s)); !slices.Equal(got, want) { // DIS-169
		t.Errorf("order of the reversed list is %v, want %v", got, want)
	}
}

// DIS-047
func TestRemainingLife(t *testing.T) {
	for _, test := range []struct {
		why     string
		after   time.Duration
		expires bool
		age     time.Duration
		want    float64
	}{
		{"never expires", 0, false, time.Hour, 1},
		{"half over", 2 * time.Hour, true, time.Hour, 0.5},
		{"overdue", time.Hour, true, 2 * time.Hour, 0},
		{"no lifetime at all", 0, true, time.Minute, 0},
		{"created in the future of this clock", time.Hour, true, -time.Minute, 1},
	} {
		n := disrupt.Node{Created: now.Add(-test.age), ExpireAfter: test.after, Expires: test.expires}
		if got := n.RemainingLife(now); got != test.want {
			t.Errorf("%s: %v, want %v", test.why, got, test.want)
		}
	}
}

// DIS-074
func TestValidate(t *testing.T) {
	m := disrupt.Emptiness{}
	before := state(emptyNode("busy"), emptyNode("expected"), emptyNode("gone"), emptyNode("late"), emptyNode("stays"))
	c := m.Decide(before).Commands[0]

	busy, expected := emptyNode("busy"), emptyNode("expected")
	busy.Pods = []disrupt.Pod{ordinaryPod()}
	expected.Nominated = true
	after := state(busy, expected, emptyNode("late"), emptyNode("new"), emptyNode("stays"))
	p := pool()
	p.Budget.Limit = 1
	after.Pools["p"] = p

	v := m.Validate(after, []disrupt.Command{c})[0]
	left, dropped := v.Left, v.Dropped
	if !slices.Equal(left.Nodes, []string{"late"}) {
		t.Errorf("left are %v", left.Nodes)
	}
	want := map[string]disrupt.Cause{
		"busy": disrupt.NotEmpty, "expected": disrupt.Nominated, "gone": disrupt.Gone, "stays": disrupt.OverBudget,
	}
	got := causes(dropped)
	if len(got) != len(want) {
		t.Errorf("dropped are %v", dropped)
	}
	for id, cause := range want {
		if got[id] != cause {
			t.Errorf("%s dropped for %q, want %q", id, got[id], cause)
		}
	}
}

// DIS-074
func TestValidateCountsTheOtherNodesForBudgets(t *testing.T) {
	m := disrupt.Emptiness{}
	c := m.Decide(state(emptyNode("a"))).Commands[0]
	full := emptyNode("b")
	full.Held = true
	s := state(emptyNode("a"), full)
	s.Pools["p"] = disrupt.Pool{Managed: true, Budget: disrupt.Budget{Usage: disrupt.Count(s.Nodes)["p"], Limit: 1}}
	if left := m.Validate(s, []disrupt.Command{c})[0].Left; len(left.Nodes) != 0 {
		t.Errorf("left are %v, though another node uses the budget", left.Nodes)
	}
}

// DIS-126
func TestConfirm(t *testing.T) {
	for _, test := range []struct {
		why  string
		pods []disrupt.Pod
		want disrupt.Cause
	}{
		{"still empty", nil, 0},
		{"a pod came", []disrupt.Pod{ordinaryPod()}, disrupt.NotEmpty},
		{"a protected daemon came", []disrupt.Pod{{Active: true, Protection: protection("true")}}, disrupt.PodProtected},
		{"a budget blocks a daemon", []disrupt.Pod{{Active: true, Blocking: []string{"pdb"}}}, disrupt.PodBudgeted},
	} {
		t.Run(test.why, func(t *testing.T) {
			// The node is tainted, marked and part of a command by now.
			n := emptyNode("n")
			n.Held, n.Leaving, n.Pods = true, true, test.pods
			r, refused := disrupt.Emptiness{}.Confirm(n, now)
			if refused != (test.want != 0) || r.Cause != test.want {
				t.Errorf("cause is %q, want %q", r.Cause, test.want)
			}
		})
	}
}
