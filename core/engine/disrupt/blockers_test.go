// SPDX-License-Identifier: Apache-2.0

package disrupt_test

import (
	"testing"
	"time"

	"karpenter.sh/core/engine/disrupt"
)

// rows has one entry for each blocker, in the order in which they are checked.
// Each breaks one thing about a node that emptiness would take.
var rows = []struct {
	why   string
	cause disrupt.Cause
	spoil func(*disrupt.Node)
}{
	{"DIS-029 row 1: a command is about it", disrupt.Held, func(n *disrupt.Node) { n.Held = true }},
	{"DIS-029 row 2: no NodeClaim", disrupt.Unmanaged, func(n *disrupt.Node) { n.Claimed = false }},
	{"DIS-029 row 3: no Node", disrupt.NoNode, func(n *disrupt.Node) { n.Exists = false }},
	{"DIS-029 row 4: not initialized", disrupt.NotInitialized, func(n *disrupt.Node) { n.Initialized = false }},
	{"DIS-029 row 5: marked for deletion", disrupt.Leaving, func(n *disrupt.Node) { n.Leaving = true }},
	{"DIS-029 DIS-148 row 6: nominated", disrupt.Nominated, func(n *disrupt.Node) { n.Nominated = true }},
	{"DIS-029 row 7: annotated", disrupt.Protected, func(n *disrupt.Node) { n.Protected = true }},
	{"DIS-029 row 9: pool missing", disrupt.PoolMissing, func(n *disrupt.Node) { n.Pool = "none" }},
	{"DIS-029 row 10: pod must not be disrupted", disrupt.PodProtected, func(n *disrupt.Node) {
		n.Pods = append(n.Pods, disrupt.Pod{Namespace: "ns", Name: "a", Active: true, Protection: protection("true")})
	}},
	{"DIS-029 row 11: budget forbids eviction", disrupt.PodBudgeted, func(n *disrupt.Node) {
		n.Pods = append([]disrupt.Pod{{Namespace: "ns", Name: "b", Active: true, Blocking: []string{"pdb"}}}, n.Pods...)
	}},
}

func TestBlockers(t *testing.T) {
	for i, row := range rows {
		t.Run(row.why, func(t *testing.T) {
			n := emptyNode("n")
			// Whatever comes later in the table must not hide this cause.
			for _, later := range rows[i:] {
				later.spoil(&n)
			}
			d := disrupt.Emptiness{}.Decide(state(n))
			if got := causes(d.Refusals)["n"]; got != row.cause {
				t.Errorf("cause is %q, want %q", got, row.cause)
			}
			if len(d.Commands) != 0 || d.Eligible != 0 {
				t.Errorf("a blocked node is in %v, with %d eligible", d.Commands, d.Eligible)
			}
		})
	}
}

// DIS-029 row 8
func TestPoolLabelMissing(t *testing.T) {
	n := emptyNode("n")
	n.Pool = ""
	if got := causes(disrupt.Emptiness{}.Decide(state(n)).Refusals)["n"]; got != disrupt.NoPoolLabel {
		t.Errorf("cause is %q", got)
	}
}

// DIS-029 row 9
func TestPoolOfAnotherProvider(t *testing.T) {
	s := state(emptyNode("n"))
	s.Pools["p"] = disrupt.Pool{Budget: pool().Budget}
	if got := causes(disrupt.Emptiness{}.Decide(s).Refusals)["n"]; got != disrupt.PoolUnmanaged {
		t.Errorf("cause is %q", got)
	}
}

// DIS-174
func TestPoolThatPausesDisruption(t *testing.T) {
	s := state(emptyNode("n"))
	p := pool()
	p.Paused = true
	s.Pools["p"] = p
	if got := causes(disrupt.Emptiness{}.Decide(s).Refusals)["n"]; got != disrupt.PoolPaused {
		t.Errorf("cause is %q", got)
	}
}

// DIS-030
func TestEmptinessNeedsNoInstanceTypes(t *testing.T) {
	for _, types := range []disrupt.Types{disrupt.TypesUnavailable, disrupt.TypesUnevaluated} {
		s := state(emptyNode("n"))
		p := pool()
		p.Types = types
		s.Pools["p"] = p
		if d := (disrupt.Emptiness{}).Decide(s); len(taken(d)) != 1 {
			t.Errorf("types %d: refused for %v", types, d.Refusals)
		}
	}
}

func TestPodProtection(t *testing.T) {
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	for _, test := range []struct {
		why  string
		pods []disrupt.Pod
		free bool
	}{
		{"DIS-033 true", []disrupt.Pod{{Active: true, Protection: protection("true")}}, false},
		{"DIS-033 a duration that runs", []disrupt.Pod{{Active: true, Protection: protection("10m"), Started: ago(9 * time.Minute)}}, false},
		{"DIS-033 a duration whose start is not known", []disrupt.Pod{{Active: true, Protection: protection("10m")}}, false},
		{"DIS-035 a duration that has just run out", []disrupt.Pod{{Active: true, Protection: protection("10m"), Started: ago(10 * time.Minute)}}, true},
		{"DIS-033 a pod that ends anyway", []disrupt.Pod{{Protection: protection("true")}}, true},
		{"DIS-034 no duration", []disrupt.Pod{{Active: true, Protection: protection("soon")}}, true},
		{"DIS-034 zero", []disrupt.Pod{{Active: true, Protection: protection("0s")}}, true},
		{"DIS-034 negative", []disrupt.Pod{{Active: true, Protection: protection("-5m")}}, true},
		{"DIS-034 one of several still runs", []disrupt.Pod{
			{Active: true, Protection: protection("1m"), Started: ago(time.Hour)},
			{Active: true, Protection: protection("2h"), Started: ago(time.Hour)},
		}, false},
		{"DIS-034 all of several have elapsed", []disrupt.Pod{
			{Active: true, Protection: protection("1m"), Started: ago(time.Hour)},
			{Active: true, Protection: protection("1h"), Started: ago(time.Hour)},
		}, true},
	} {
		t.Run(test.why, func(t *testing.T) {
			n := emptyNode("n")
			n.Pods = test.pods
			if d := (disrupt.Emptiness{}).Decide(state(n)); (len(taken(d)) == 1) != test.free {
				t.Errorf("took %v, refused %v", taken(d), d.Refusals)
			}
		})
	}
}

// DIS-032
func TestBoundedDrainOpensNothingForGracefulMethods(t *testing.T) {
	for _, row := range rows {
		n := emptyNode("n")
		n.BoundedDrain = true
		row.spoil(&n)
		if d := (disrupt.Emptiness{}).Decide(state(n)); len(d.Commands) != 0 {
			t.Errorf("%s: took a blocked node", row.why)
		}
	}
}

// Methods that bound the drain get past the pods of a node with a grace period,
// and past nothing else.
func TestEventualMethods(t *testing.T) {
	kind := disrupt.Kind{Class: disrupt.Eventual}
	for _, row := range rows {
		n := emptyNode("n")
		row.spoil(&n)
		if r, _ := state(n).Blocked(kind, n); r.Cause != row.cause { // DIS-029
			t.Errorf("%s: cause is %q without a grace period", row.why, r.Cause)
		}
		n.BoundedDrain = true
		r, blocked := state(n).Blocked(kind, n)
		ofPods := row.cause == disrupt.PodProtected || row.cause == disrupt.PodBudgeted
		if blocked == ofPods || blocked && r.Cause != row.cause { // DIS-029, DIS-032
			t.Errorf("%s: cause is %q with a grace period", row.why, r.Cause)
		}
	}
}

// DIS-030
func TestMethodsThatNeedInstanceTypes(t *testing.T) {
	for types, want := range map[disrupt.Types]disrupt.Cause{
		disrupt.TypesKnown: 0, disrupt.TypesUnavailable: disrupt.PoolWithoutTypes, disrupt.TypesUnevaluated: disrupt.PoolUnevaluated,
	} {
		s := state()
		p := pool()
		p.Types = types
		s.Pools["p"] = p
		if r, _ := s.Blocked(disrupt.Kind{NeedsTypes: true}, emptyNode("n")); r.Cause != want {
			t.Errorf("types %d: cause is %q, want %q", types, r.Cause, want)
		}
	}
}

// DIS-031
func TestUnknownPriceIsNoObstacle(t *testing.T) {
	n := emptyNode("n")
	n.Price = 0
	if d := (disrupt.Emptiness{}).Decide(state(n)); len(taken(d)) != 1 {
		t.Errorf("refused %v", d.Refusals)
	}
}

func TestReports(t *testing.T) {
	for cause := disrupt.Held; cause <= disrupt.PodsUnread; cause++ {
		var want disrupt.Report
		switch cause {
		case disrupt.ConsolidationOff, disrupt.BufferPods, // DIS-071
			disrupt.UnknownType, disrupt.NoCapacityType, disrupt.NoZone, disrupt.OnlyWhenEmpty, // DIS-075
			disrupt.PodsHomeless, disrupt.PaysTooLate, disrupt.NothingCheaper, disrupt.MinValuesBroken, // DIS-076, DIS-078
			disrupt.SpotToSpotOff, disrupt.FewSpotTypes, // DIS-084, DIS-085
			disrupt.WorkloadMoved: // DIS-172
			want = disrupt.Unconsolidatable
		case disrupt.NoNode, disrupt.NotInitialized, disrupt.Leaving, disrupt.Nominated, disrupt.Protected,
			disrupt.NoPoolLabel, disrupt.PoolMissing, disrupt.PoolUnmanaged, disrupt.PoolWithoutTypes,
			disrupt.PoolUnevaluated, disrupt.PodProtected, disrupt.PodBudgeted, disrupt.PodsUnread, // DIS-029, DIS-040
			disrupt.PoolRests, disrupt.PodsStranded, disrupt.OverLimit: // DIS-113, DIS-109, DIS-176
			want = disrupt.Blocked
		}
		if got := cause.Report(); got != want {
			t.Errorf("%q is reported as %d, want %d", cause, got, want)
		}
	}
}
