// SPDX-License-Identifier: Apache-2.0

package disruption_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
)

// underutilized is a pool whose nodes go if their pods run elsewhere for less.
func underutilized(p *v1.NodePool) {
	ready(p)
	p.Spec.Disruption.ConsolidationPolicy = v1.ConsolidationPolicyWhenEmptyOrUnderutilized
}

// dear makes a machine one for 5 $/h.
func dear(n *corev1.Node, c *v1.NodeClaim) {
	n.Labels[corev1.LabelInstanceTypeStable], c.Labels[corev1.LabelInstanceTypeStable] = "dear", "dear"
}

// roomy gives a node room for pods.
func roomy(n *corev1.Node, _ *v1.NodeClaim) {
	n.Status.Allocatable = corev1.ResourceList{corev1.ResourceCPU: cpu("2"), corev1.ResourcePods: cpu("10")}
	n.Status.Capacity = n.Status.Allocatable
}

// replicas of a workload.
func of(workload string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		yes := true
		p.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: workload, UID: "rs", Controller: &yes}}
	}
}

// consolidating is a world with the methods of the product and some dear nodes, each
// with a pod that runs on a cheap one as well.
func consolidating(t *testing.T, names ...string) *world {
	t.Helper()
	w := newWorld(t)
	w.create(pool("p", underutilized))
	for _, name := range names {
		w.machine(name, "p", dear)
		w.create(pod("of-"+name, name, needing("1500m"), of("web")))
	}
	return w
}

// DIS-076, DIS-160, DIS-153, DIS-156: all nodes that can be replaced are, each by a
// machine of its own, and everybody is told what that saves.
func TestConsolidation(t *testing.T) {
	w := consolidating(t, "a", "b")
	w.mustPass()
	if got := w.counter("karpenter_voluntary_disruption_eligible_nodes", "reason", "underutilized"); got != 2 {
		t.Errorf("%v nodes are eligible", got)
	}
	told := w.messages("ConsolidationCandidate")
	if len(told) != 4 || !strings.Contains(told[0], "replacements: 1, estimated savings: $4.00 per hour, pays back within") {
		t.Errorf("events: %v", told)
	}
	w.clock.Step(14 * time.Second)
	w.mustPass()
	w.expect("a", untouched)
	w.clock.Step(time.Second)
	w.mustPass()
	for _, name := range []string{"a", "b"} {
		w.expect(name, cordoned)
	}
	made := w.replacements()
	if len(made) != 2 {
		t.Fatalf("%d replacements", len(made))
	}
	for _, r := range made {
		for _, q := range r.Spec.Requirements {
			if q.Key == corev1.LabelInstanceTypeStable && !slices.Equal(q.Values, []string{"cheap"}) { // DIS-077
				t.Errorf("a replacement may be %v", q.Values)
			}
		}
	}
	if got := w.counter("karpenter_voluntary_disruption_decisions_total", "decision", "replace", "reason", "underutilized", "consolidation_type", "single"); got != 2 {
		t.Errorf("%v decisions", got)
	}
	w.initialize(made[0].Name)
	w.initialize(made[1].Name)
	w.mustQueue()
	w.expect("a", goes)
	w.expect("b", goes)
}

// DIS-105, OPS-192: a command that does not stand any more is off, and its nodes are told why.
func TestRejectedCommands(t *testing.T) {
	for _, test := range []struct {
		why   string
		after func(*world)
		token string
	}{
		{"a pod must not be disrupted", func(w *world) {
			change(w, &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "of-a"}}, func(p *corev1.Pod) {
				p.Annotations = map[string]string{v1.DoNotDisruptAnnotationKey: "true"}
			})
		}, "churn"},
		{"pods are expected", func(w *world) { w.cluster.Nominate("test://a") }, "churn"},
		{"the budget is shut", func(w *world) {
			change(w, &v1.NodePool{ObjectMeta: objectMeta("p")}, budget("0"))
		}, "budget"},
		{"it is paused", func(w *world) { // DIS-174
			change(w, &v1.NodePool{ObjectMeta: objectMeta("p")}, func(p *v1.NodePool) {
				p.Annotations = map[string]string{v1.DoNotDisruptAnnotationKey: "true"}
			})
		}, "churn"},
		{"nothing is launched any more", func(w *world) {
			change(w, &v1.NodePool{ObjectMeta: objectMeta("p")}, func(p *v1.NodePool) {
				p.StatusConditions().SetFalse(v1.ConditionTypeNodeClassReady, "Gone", "")
			})
		}, "scheduling"},
	} {
		t.Run(test.why, func(t *testing.T) {
			w := consolidating(t, "a")
			w.propose()
			test.after(w)
			w.mustPass()
			w.expect("a", untouched)
			told := w.messages("ConsolidationRejected")
			if len(told) != 2 || !strings.Contains(told[0], "rejected for "+test.token+": ") {
				t.Errorf("events: %v", told)
			}
			if got := w.counter("karpenter_voluntary_disruption_failed_validations_total", "consolidation_type", "single"); got != 1 {
				t.Errorf("%v failed validations", got)
			}
			if n := len(w.replacements()); n != 0 {
				t.Errorf("%d replacements", n)
			}
		})
	}
}

// DIS-098 to DIS-101: what found nothing is not asked again until something changes.
func TestNothingIsAskedTwice(t *testing.T) {
	w := newWorld(t)
	w.create(pool("p", underutilized))
	w.machine("a", "p")
	w.create(pod("of-a", "a", needing("1500m"), of("web")))
	evaluated := func() float64 {
		return w.counter("karpenter_voluntary_disruption_decision_evaluation_duration_seconds", "reason", "underutilized")
	}
	look := func(why string, again bool) {
		t.Helper()
		before := evaluated()
		w.mustPass()
		if got := evaluated() > before; got != again {
			t.Errorf("%s: evaluated %v", why, got)
		}
	}
	look("at first", true)
	look("nothing has changed", false)
	w.clock.Step(time.Minute)
	look("a minute later", false)
	w.machine("b", "p", dear)
	w.create(pod("of-b", "b", needing("1500m"), of("web")))
	change(w, &v1.NodePool{ObjectMeta: objectMeta("p")}, budget("0"))
	look("there is another node", true)
	look("the budget refused it", true) // DIS-099
	change(w, &v1.NodePool{ObjectMeta: objectMeta("p")}, func(p *v1.NodePool) { p.Spec.Disruption.Budgets = nil })
	w.propose()
	w.mustPass()
	w.expect("b", cordoned)
	w.clock.Step(6 * time.Minute)
	look("prices may have changed", true) // DIS-097
}

// DIS-173: a machine that does not come up is not bought again at once.
func TestFailedReplacementsAreNotRepeatedAtOnce(t *testing.T) {
	w := consolidating(t, "a")
	w.propose()
	w.mustPass()
	fail := func() {
		t.Helper()
		for _, r := range w.replacements() {
			w.gone(r.Name)
		}
		_ = w.queue()
		w.expect("a", untouched)
	}
	fail()
	for range 2 {
		w.propose()
		w.mustPass()
	}
	if n := len(w.replacements()); n != 0 {
		t.Errorf("%d replacements half a minute after the failure", n)
	}
	if told := w.messages("DisruptionBlocked"); !slices.ContainsFunc(told, func(m string) bool { return strings.Contains(m, "Commands about nodes of NodePool \"p\" have failed") }) {
		t.Errorf("events: %v", told)
	}
	w.clock.Step(time.Minute)
	w.propose()
	w.mustPass()
	if n := len(w.replacements()); n != 1 {
		t.Fatalf("%d replacements after the rest", n)
	}
}

// DIS-160, DIS-175: what a proposal plans to put on a node keeps that node from being given up
// in a later pass.
func TestNodesThatPodsAreToComeToStay(t *testing.T) {
	w := newWorld(t)
	w.create(pool("p", underutilized))
	for _, name := range []string{"a", "b", "c"} {
		w.machine(name, "p", roomy)
		w.create(pod("of-"+name, name, needing("900m"), of("web")))
	}
	w.mustPass()
	for range 6 {
		w.clock.Step(5 * time.Second)
		w.mustPass()
		w.mustQueue()
	}
	going := 0
	for _, name := range []string{"a", "b", "c"} {
		if w.marked(name) {
			going++
		}
	}
	if going != 1 {
		t.Errorf("%d of three nodes go, whose pods need two", going)
	}
}

// DIS-057: a pool is not told of budgets for what its nodes never go for.
func TestShutBudgetsThatDoNotMatter(t *testing.T) {
	w := consolidating(t, "a")
	w.create(pool("when-empty", ready, budget("0")), pool("too", underutilized, budget("0")))
	for _, name := range []string{"when-empty", "too"} {
		w.machine("of-"+name, name, dear)
		w.create(pod("on-"+name, "of-"+name, needing("1500m"), of("web")))
	}
	w.mustPass()
	want := "NodePool too: The disruption budgets allow no disruption for reason Underutilized"
	if told := w.messages("DisruptionBlocked"); !slices.Equal(told, []string{want}) {
		t.Errorf("events: %v", told)
	}
}

// DIS-060, DIS-126: a budget that lets no pod go at the moment is what draining is for;
// a machine was bought already.
func TestExhaustedBudgetsDoNotStopACommand(t *testing.T) {
	w := consolidating(t, "a")
	w.propose()
	w.mustPass()
	g := guard()
	g.Spec.Selector.MatchLabels = map[string]string{"app": "web"}
	w.create(g)
	w.initialize(w.replacements()[0].Name)
	w.mustQueue()
	w.expect("a", goes)
}

// DIS-113, DIS-173: machines that cannot be created are not tried again at once.
func TestStartsThatFailAreNotRepeatedAtOnce(t *testing.T) {
	w := consolidating(t, "a")
	created := 0
	w.faults.Create = func(context.Context, client.WithWatch, client.Object, ...client.CreateOption) error {
		created++
		return errors.New("quota")
	}
	w.propose()
	if _, err := w.pass(); err == nil {
		t.Error("no error")
	}
	for range 2 {
		w.propose()
		w.mustPass()
	}
	if created != 1 {
		t.Errorf("tried %d times within half a minute", created)
	}
	w.expect("a", untouched)
}

// DIS-173: that a node could go without a machine says nothing of machines.
func TestDeletionsDoNotEndARest(t *testing.T) {
	w := consolidating(t, "a")
	lose := func() {
		t.Helper()
		w.propose()
		w.mustPass()
		_ = w.queue() // what needs no machine goes
		for _, r := range w.replacements() {
			w.gone(r.Name)
		}
		_ = w.queue()
		w.expect("a", untouched)
	}
	lose()
	w.clock.Step(time.Minute)
	w.create(pool("q", func(p *v1.NodePool) { p.Spec.Disruption.ConsolidateAfter = v1.Never }))
	w.machine("roomy", "q", roomy)
	w.machine("b", "p", dear)
	w.create(pod("of-b", "b", needing("1800m"), of("web")))
	w.create(pod("more-of-a", "a", needing("200m"), of("web"))) // has room nowhere then
	lose()
	w.expect("b", goes)
	w.clock.Step(58 * time.Second) // the second rest lasts a minute at least
	w.propose()
	w.mustPass()
	if n := len(w.replacements()); n != 0 {
		t.Errorf("%d replacements a minute after the second failure", n)
	}
}

// DIS-171: a pod in the place of one that was moved is left alone for a while.
func TestMovedPodsAreLeftAlone(t *testing.T) {
	moved := func(later time.Duration) *world {
		w := consolidating(t, "a")
		w.create(pool("q", ready, func(p *v1.NodePool) { p.Spec.Disruption.ConsolidateAfter = v1.Never }))
		w.machine("roomy", "q", roomy)
		w.disrupt()
		w.expect("a", goes)
		w.clock.Step(later)
		w.machine("next", "p", dear)
		successor := pod("successor", "next", needing("1500m"), of("web"))
		successor.CreationTimestamp = metav1.NewTime(w.clock.Now().Add(-later).Add(time.Second))
		w.create(successor)
		w.propose()
		return w
	}
	if w := moved(20 * time.Minute); w.counter("karpenter_voluntary_disruption_eligible_nodes", "reason", "underutilized") == 0 {
		t.Error("nothing is eligible")
	} else if told := w.messages("ConsolidationCandidate"); slices.ContainsFunc(told, func(m string) bool { return strings.Contains(m, "next") }) {
		t.Errorf("it is moved again: %v", told)
	}
	if told := moved(2 * time.Hour).messages("ConsolidationCandidate"); !slices.ContainsFunc(told, func(m string) bool { return strings.Contains(m, "next") }) {
		t.Errorf("it is never moved again: %v", told)
	}
}

// DIS-108, DIS-102: drifted nodes go at once, with what their pods need.
func TestDriftedNodesGo(t *testing.T) {
	w := newWorld(t)
	w.create(pool("p", ready, budget("1", v1.DisruptionReasonDrifted)))
	for _, name := range []string{"a", "b"} {
		w.machine(name, "p", func(_ *corev1.Node, c *v1.NodeClaim) {
			c.StatusConditions().SetTrueWithReason(v1.ConditionTypeDrifted, "NodePoolDrifted", "NodePoolDrifted")
		})
		w.create(pod("of-"+name, name, needing("1500m"), of("web")))
	}
	w.mustPass()
	w.expect("a", cordoned)
	w.expect("b", untouched)
	made := w.replacements()
	if len(made) != 1 {
		t.Fatalf("%d replacements", len(made))
	}
	if got := w.counter("karpenter_voluntary_disruption_decisions_total", "decision", "replace", "reason", "drifted"); got != 1 {
		t.Errorf("%v decisions", got)
	}
	w.initialize(made[0].Name)
	w.mustQueue()
	w.expect("a", goes)
	w.mustPass()
	w.expect("b", untouched) // the other is still on its way out
	w.terminated("a")
	w.mustPass()
	w.expect("b", cordoned)
}

// terminated ends a machine that is going.
func (w *world) terminated(name string) {
	w.t.Helper()
	claim := &v1.NodeClaim{}
	if err := w.api.Get(w.ctx, client.ObjectKey{Name: name}, claim); err != nil {
		w.t.Fatal(err)
	}
	claim.Finalizers = nil
	if err := w.api.Update(w.ctx, claim); err != nil {
		w.t.Fatal(err)
	}
	w.delete(&corev1.Node{ObjectMeta: objectMeta(name)})
}

// DIS-020, DIS-112: what several methods would take goes by the first of them.
func TestOrderOfMethods(t *testing.T) {
	w := newWorld(t)
	w.create(pool("p", underutilized))
	drifted := func(_ *corev1.Node, c *v1.NodeClaim) {
		c.StatusConditions().SetTrueWithReason(v1.ConditionTypeDrifted, "NodePoolDrifted", "NodePoolDrifted")
	}
	w.machine("empty", "p", drifted)
	w.machine("full", "p", dear, drifted)
	w.create(pod("of-full", "full", needing("1500m"), of("web")))
	w.mustPass()
	w.expect("full", cordoned) // by drift, which does not wait
	w.clock.Step(validationWait)
	w.mustPass()
	w.expect("empty", cordoned)
	for reason, want := range map[string]float64{"empty": 1, "drifted": 1, "underutilized": 0} {
		if got := w.counter("karpenter_voluntary_disruption_decisions_total", "reason", reason); got != want {
			t.Errorf("%v decisions because nodes are %s, want %v", got, reason, want)
		}
	}
}

// DIS-113: a pool whose drifted nodes cannot be replaced is left alone for a while.
func TestDriftBacksOff(t *testing.T) {
	w := newWorld(t)
	w.create(pool("p", ready))
	w.machine("a", "p", func(_ *corev1.Node, c *v1.NodeClaim) {
		c.StatusConditions().SetTrueWithReason(v1.ConditionTypeDrifted, "NodePoolDrifted", "NodePoolDrifted")
	})
	w.create(pod("of-a", "a", needing("1500m"), of("web")))
	w.mustPass()
	for _, r := range w.replacements() {
		w.gone(r.Name)
	}
	_ = w.queue()
	w.mustPass()
	if n := len(w.replacements()); n != 0 || w.counter("karpenter_voluntary_disruption_drift_backoffs_total", "nodepool", "p") != 1 {
		t.Errorf("%d replacements, %v back-offs", n, w.counter("karpenter_voluntary_disruption_drift_backoffs_total"))
	}
	if got := w.counter("karpenter_nodepools_drift_backoff_seconds", "nodepool", "p"); got < 30 || got > 60 {
		t.Errorf("rests %v seconds", got)
	}
	w.clock.Step(time.Minute)
	w.mustPass()
	if n := len(w.replacements()); n != 1 {
		t.Errorf("%d replacements after the rest", n)
	}
}
