// SPDX-License-Identifier: Apache-2.0

package disruption_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	v1 "karpenter.sh/core/apis/v1"
)

// going is how many of the machines 0 to n are on their way out.
func (w *world) going(n int) int {
	count := 0
	for i := range n {
		if w.state(fmt.Sprint("m", i)).deleting {
			count++
		}
	}
	return count
}

func TestBudgets(t *testing.T) {
	window := func(nodes, schedule string, length v1.Duration) func(*v1.NodePool) {
		return func(p *v1.NodePool) {
			p.Spec.Disruption.Budgets = append(p.Spec.Disruption.Budgets, v1.Budget{Nodes: nodes, Schedule: schedule, Duration: length})
		}
	}
	for _, test := range []struct {
		why     string
		nodes   int
		budgets []func(*v1.NodePool)
		want    int
	}{
		{"DIS-050 none sets no bound", 5, nil, 5},
		{"DIS-050 the least of several", 5, []func(*v1.NodePool){budget("3"), budget("2")}, 2},
		{"DIS-050 for this reason", 5, []func(*v1.NodePool){budget("2", v1.DisruptionReasonEmpty)}, 2},
		{"DIS-050 for other reasons", 5, []func(*v1.NodePool){budget("2", v1.DisruptionReasonDrifted)}, 5},
		{"DIS-051 10% of 1", 1, []func(*v1.NodePool){budget("10%")}, 1},
		{"DIS-051 20% of 19", 19, []func(*v1.NodePool){budget("20%")}, 4},
		{"DIS-051 0", 3, []func(*v1.NodePool){budget("0")}, 0},
		{"DIS-051 0%", 3, []func(*v1.NodePool){budget("0%")}, 0},
		// The passes are at noon UTC on a Monday.
		{"DIS-052 from the hit on", 3, []func(*v1.NodePool){window("1", "0 12 * * *", "1h")}, 1},
		{"DIS-052 before the hit", 3, []func(*v1.NodePool){window("1", "5 12 * * *", "1h")}, 3},
		{"DIS-052 until the end, which is outside", 3, []func(*v1.NodePool){window("1", "0 11 * * *", "1h")}, 3},
		{"DIS-052 a macro", 3, []func(*v1.NodePool){window("1", "@daily", "13h")}, 1},
		{"DIS-052 longer than the period", 3, []func(*v1.NodePool){window("1", "30 * * * *", "2h")}, 1},
		{"DIS-053 a schedule that makes no sense, for another reason", 3, []func(*v1.NodePool){func(p *v1.NodePool) {
			p.Spec.Disruption.Budgets = []v1.Budget{{Nodes: "3", Schedule: "@dailyx", Duration: "1h", Reasons: []v1.DisruptionReason{v1.DisruptionReasonDrifted}}}
		}}, 0},
		{"DIS-053 nodes that make no sense", 3, []func(*v1.NodePool){budget("many")}, 0},
	} {
		t.Run(test.why, func(t *testing.T) {
			w := newWorld(t)
			w.create(pool("p", test.budgets...))
			for i := range test.nodes {
				w.machine(fmt.Sprint("m", i), "p")
			}
			w.disrupt()
			if got := w.going(test.nodes); got != test.want {
				t.Errorf("%d of %d go, want %d", got, test.nodes, test.want)
			}
			w.disrupt()
			if got := w.going(test.nodes); got != test.want { // DIS-055: they still count
				t.Errorf("%d of %d go in the end, want %d", got, test.nodes, test.want)
			}
		})
	}
}

// DIS-049
func TestWhatCountsForABudget(t *testing.T) {
	notReady := func(n *corev1.Node, _ *v1.NodeClaim) { n.Status.Conditions[0].Status = corev1.ConditionUnknown }
	for _, test := range []struct {
		why  string
		edit func(*corev1.Node, *v1.NodeClaim)
		want int // of the three other machines, under a budget of 2
	}{
		{"an ordinary node uses nothing", nil, 2},
		{"one that is not ready uses one", notReady, 1},
		{"one without the condition Ready uses one", func(n *corev1.Node, _ *v1.NodeClaim) { n.Status.Conditions = nil }, 1},
		{"one whose instance terminates does not count", func(n *corev1.Node, c *v1.NodeClaim) {
			notReady(n, c)
			c.StatusConditions().SetTrue(v1.ConditionTypeInstanceTerminating)
		}, 2},
		{"one that is not initialized does not count", func(n *corev1.Node, c *v1.NodeClaim) {
			notReady(n, c)
			delete(n.Labels, v1.NodeInitializedLabelKey)
		}, 2},
	} {
		t.Run(test.why, func(t *testing.T) {
			w := newWorld(t)
			w.create(pool("p", budget("2")))
			edit := test.edit
			if edit == nil {
				edit = func(*corev1.Node, *v1.NodeClaim) {}
			}
			w.machine("other", "p", edit)
			w.create(pod("web", "other"))
			for i := range 3 {
				w.machine(fmt.Sprint("m", i), "p")
			}
			w.disrupt()
			if got := w.going(3); got != test.want {
				t.Errorf("%d go, want %d", got, test.want)
			}
		})
	}
}

// DIS-049, DIS-144: nobody asks budgets about a deletion by hand, but it uses
// them.
func TestDeletionByHandUsesTheBudget(t *testing.T) {
	w := newWorld(t)
	w.create(pool("p", budget("1")))
	w.machine("m0", "p")
	w.machine("m1", "p")
	w.delete(&v1.NodeClaim{ObjectMeta: objectMeta("m0")})
	w.disrupt()
	w.expect("m1", untouched)
}

// DIS-054, DIS-107: what waits for its validation holds its share of the budget.
func TestProposalsShareTheBudget(t *testing.T) {
	w := newWorld(t)
	w.create(pool("p", budget("1")))
	w.machine("m0", "p")
	w.mustPass()
	w.machine("m1", "p")
	w.clock.Step(10 * time.Second)
	w.mustPass()
	w.clock.Step(time.Minute)
	w.mustPass()
	w.mustPass()
	if err := w.queue(); err != nil {
		t.Fatal(err)
	}
	if got := w.going(2); got != 1 {
		t.Errorf("%d go, want 1", got)
	}
}

// DIS-055
func TestBudgetsAreReadAnewForEachDecision(t *testing.T) {
	w := newWorld(t)
	p := pool("p")
	w.create(p)
	for i := range 3 {
		w.machine(fmt.Sprint("m", i), "p")
	}
	w.propose()
	change(w, p, budget("1"))
	w.mustPass() // DIS-074: over budget by now
	if err := w.queue(); err != nil {
		t.Fatal(err)
	}
	if got := w.going(3); got != 1 {
		t.Errorf("%d go under a budget of 1", got)
	}
	if got := w.counter("karpenter_voluntary_disruption_failed_validations_total", "consolidation_type", "empty"); got != 2 { // OPS-141
		t.Errorf("%v failed validations, want 2", got)
	}
}

// DIS-057, OPS-189
func TestShutBudgetsAreTold(t *testing.T) {
	w := newWorld(t)
	w.create(pool("shut", budget("0")), pool("open"), pool("unused", budget("0")))
	w.machine("a", "shut")
	w.machine("b", "open")
	w.mustPass()
	want := "NodePool shut: The disruption budgets allow no disruption for reason Empty"
	if got := w.messages("DisruptionBlocked"); len(got) != 1 || got[0] != want {
		t.Errorf("events: %v", got)
	}
	if e := w.recorder.Of("DisruptionBlocked")[0]; e.DedupeTimeout != time.Minute || e.DedupeValues[1] != "Empty" {
		t.Errorf("told again after %v, by %v", e.DedupeTimeout, e.DedupeValues)
	}
}

// DIS-026
func TestInvalidBudgetsAreLogged(t *testing.T) {
	w := newWorld(t)
	w.create(pool("bad", budget("many")), pool("good"))
	w.machine("a", "bad")
	w.machine("b", "good")
	for pass, logged := range []int{1, 0, 0} {
		w.logs.reset()
		w.mustPass()
		if got := w.logs.String(); strings.Count(got, "invalid budgets") != logged || logged > 0 && !strings.Contains(got, `nodepool \"bad\"`) {
			t.Errorf("OPS-286: logs of pass %d: %s", pass, got)
		}
	}
	w.logs.reset()
	w.clock.Step(10 * time.Minute)
	w.mustPass()
	if got := w.logs.String(); strings.Count(got, "invalid budgets") != 1 {
		t.Errorf("OPS-286: logs after ten minutes: %s", got)
	}
}

// OPS-143, OPS-144
func TestBudgetGauges(t *testing.T) {
	w := newWorld(t)
	p := pool("p", budget("50%"))
	w.create(p)
	w.machine("m0", "p")
	w.machine("m1", "p", func(n *corev1.Node, _ *v1.NodeClaim) { n.Status.Conditions = nil })
	w.create(pod("web", "m0"), pod("app", "m1"))
	w.mustPass()
	labels := []string{"nodepool", "p", "reason", "Empty"}
	if got := w.counter("karpenter_nodepools_allowed_disruptions", labels...); got != 1 {
		t.Errorf("%v allowed, want 1", got)
	}
	if got := w.counter("karpenter_nodepools_nodes_consuming_budgets", labels...); got != 1 {
		t.Errorf("%v consuming, want 1", got)
	}
	w.delete(p)
	w.mustPass()
	for _, name := range []string{"karpenter_nodepools_allowed_disruptions", "karpenter_nodepools_nodes_consuming_budgets"} {
		if w.exists(name) {
			t.Errorf("%s stays though the pool is gone", name)
		}
	}
}
