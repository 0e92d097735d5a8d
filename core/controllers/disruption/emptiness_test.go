// SPDX-License-Identifier: Apache-2.0

package disruption_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	v1 "karpenter.sh/core/apis/v1"
)

// DIS-072, DIS-074, DIS-119, DIS-127
func TestEmptyNodesAreDeleted(t *testing.T) {
	w := newWorld(t)
	w.create(pool("p"), pool("q"))
	w.machine("a", "p")
	w.machine("b", "q")
	w.machine("busy", "p")
	w.create(pod("web", "busy"))

	if result := w.mustPass(); result.RequeueAfter != 10*time.Second {
		t.Errorf("the next pass comes after %v", result.RequeueAfter)
	}
	w.expect("a", untouched) // nothing before the validation
	w.clock.Step(14 * time.Second)
	w.mustPass()
	w.expect("a", untouched)
	w.clock.Step(time.Second)
	if result := w.mustPass(); result.RequeueAfter > time.Millisecond { // DIS-021
		t.Errorf("after a command the next pass comes after %v", result.RequeueAfter)
	}
	w.expect("a", cordoned)
	w.expect("b", cordoned)
	if n := len(w.loop.Queue().Commands()); n != 1 {
		t.Errorf("%d commands, want one for all pools", n)
	}
	for _, n := range w.cluster.Snapshot().Nodes() {
		if marked := n.Name() != "busy"; n.MarkedForDeletion() != marked {
			t.Errorf("%s marked for deletion: %v", n.Name(), !marked)
		}
	}

	if err := w.queue(); err != nil {
		t.Fatal(err)
	}
	w.expect("a", goes)
	w.expect("b", goes)
	w.expect("busy", untouched)
	if n := len(w.loop.Queue().Commands()); n != 0 {
		t.Errorf("%d commands are left", n)
	}
	w.mustPass()
	w.expect("a", goes) // what goes keeps its taint
	if got := w.messages("DisruptionTerminating"); len(got) != 4 || got[0] == got[1] {
		t.Errorf("events: %v", got)
	}
}

// A state that does not change leads to a finite number of commands and then
// none.
func TestCalm(t *testing.T) {
	w := newWorld(t)
	w.create(pool("p"))
	w.machine("a", "p")
	w.machine("busy", "p")
	w.create(pod("web", "busy"))
	w.disrupt()
	commands := w.counter("karpenter_voluntary_disruption_decisions_total")
	for range 5 {
		w.disrupt()
	}
	if now := w.counter("karpenter_voluntary_disruption_decisions_total"); now != commands || commands != 1 {
		t.Errorf("%v commands at first and %v in the end, want 1", commands, now)
	}
	w.expect("busy", untouched)
}

// DIS-071: no policy keeps an empty node.
func TestAllPoliciesLetEmptyNodesGo(t *testing.T) {
	for _, policy := range []v1.ConsolidationPolicy{
		v1.ConsolidationPolicyWhenEmpty, v1.ConsolidationPolicyWhenEmptyOrUnderutilized, v1.ConsolidationPolicyBalanced,
	} {
		w := newWorld(t)
		w.create(pool("p", func(p *v1.NodePool) { p.Spec.Disruption.ConsolidationPolicy = policy }))
		w.machine("a", "p")
		w.disrupt()
		w.expect("a", goes)
	}
}

// What keeps nodes, read off the objects, and what is told of it.
func TestNodesThatStay(t *testing.T) {
	replicas := int64(1)
	annotated := func(o interface{ SetAnnotations(map[string]string) }, value string) {
		o.SetAnnotations(map[string]string{v1.DoNotDisruptAnnotationKey: value})
	}
	for _, test := range []struct {
		why    string
		node   func(*corev1.Node, *v1.NodeClaim)
		pool   func(*v1.NodePool)
		pod    func(*corev1.Pod)
		goes   bool
		reason string // of the events
		told   string // in the message
	}{
		{why: "DIS-029 row 4: not initialized", node: func(n *corev1.Node, _ *v1.NodeClaim) { delete(n.Labels, v1.NodeInitializedLabelKey) }},
		{why: "DIS-029 row 7: annotation on the Node", node: func(n *corev1.Node, _ *v1.NodeClaim) { annotated(n, "true") },
			reason: "DisruptionBlocked", told: "annotation karpenter.sh/do-not-disrupt"},
		{why: "DIS-032 only the word true", node: func(n *corev1.Node, _ *v1.NodeClaim) { annotated(n, "1h") }, goes: true},
		{why: "DIS-032 not on the NodeClaim", node: func(_ *corev1.Node, c *v1.NodeClaim) { annotated(c, "true") }, goes: true},
		{why: "DIS-029 row 8: no label", node: func(n *corev1.Node, _ *v1.NodeClaim) { delete(n.Labels, v1.NodePoolLabelKey) },
			reason: "DisruptionBlocked", told: "lacks the label karpenter.sh/nodepool"},
		{why: "DIS-029 DIS-030 row 9: pool missing", node: func(n *corev1.Node, _ *v1.NodeClaim) { n.Labels[v1.NodePoolLabelKey] = "none" },
			reason: "DisruptionBlocked", told: `NodePool "none" does not exist`},
		{why: "DIS-029 row 9: pool of another provider", pool: func(p *v1.NodePool) { p.Spec.Template.Spec.NodeClassRef.Kind = "Other" },
			reason: "DisruptionBlocked", told: `NodePool "p" belongs to another provider`},
		{why: "DIS-029 DIS-039 row 10: annotation on an ownerless pod", pod: func(p *corev1.Pod) { annotated(p, "true") },
			reason: "DisruptionBlocked", told: `Pod "default/web" must not be disrupted`},
		{why: "DIS-033 DIS-039 annotation on a mirror pod", pod: func(p *corev1.Pod) { annotated(p, "true"); ownedBy("v1", "Node")(p) },
			reason: "DisruptionBlocked", told: `Pod "default/web" must not be disrupted`},
		{why: "DIS-029 DIS-039 row 11: a budget on a daemon", pod: func(p *corev1.Pod) { ownedBy("apps/v1", "DaemonSet")(p); p.Labels["app"] = "guarded" },
			reason: "DisruptionBlocked", told: `PodDisruptionBudget "guard" does not let pod "default/web" go`},
		{why: "DIS-071 static pool", pool: func(p *v1.NodePool) { p.Spec.Replicas = &replicas }},
		{why: "DIS-071 consolidateAfter Never", pool: func(p *v1.NodePool) { p.Spec.Disruption.ConsolidateAfter = v1.Never },
			reason: "Unconsolidatable", told: `NodePool "p" turns consolidation off`},
		{why: "DIS-071 not consolidatable", node: func(_ *corev1.Node, c *v1.NodeClaim) {
			_ = c.StatusConditions().Clear(v1.ConditionTypeConsolidatable)
		}},
		{why: "DIS-039 DIS-044 a terminating pod of a StatefulSet", pod: func(p *corev1.Pod) {
			ownedBy("apps/v1", "StatefulSet")(p)
			held(p)
		}},
		{why: "DIS-039 DIS-044 another terminating pod", pod: func(p *corev1.Pod) { held(p); annotated(p, "true") }, goes: true},
		{why: "DIS-039 DIS-044 a pod that has ended", pod: func(p *corev1.Pod) { p.Status.Phase = corev1.PodSucceeded; annotated(p, "true") }, goes: true},
		{why: "DIS-039 DIS-044 a daemon", pod: ownedBy("apps/v1", "DaemonSet"), goes: true},
		{why: "DIS-039 DIS-044 a mirror pod", pod: ownedBy("v1", "Node"), goes: true},
		{why: "DIS-039 a budget on a mirror pod", pod: func(p *corev1.Pod) { ownedBy("v1", "Node")(p); p.Labels["app"] = "guarded" }, goes: true},
		{why: "DIS-042 DIS-073 a pod that nobody would miss", pod: func(p *corev1.Pod) {
			p.Annotations[corev1.PodDeletionCost] = "-2147483647"
		}, goes: true},
	} {
		t.Run(test.why, func(t *testing.T) {
			w := newWorld(t)
			p := pool("p")
			if test.pool != nil {
				test.pool(p)
			}
			w.create(p, guard())
			if test.node == nil {
				test.node = func(*corev1.Node, *v1.NodeClaim) {}
			}
			w.machine("a", "p", test.node)
			if test.pod != nil {
				web := pod("web", "a", test.pod)
				w.create(web)
				if len(web.Finalizers) > 0 {
					w.delete(web)
				}
			}
			w.disrupt()
			want := untouched
			if test.goes {
				want = goes
			}
			w.expect("a", want)
			if test.reason == "" {
				return
			}
			for _, kind := range []string{"Node a: ", "NodeClaim a: "} {
				if !slices.ContainsFunc(w.messages(test.reason), func(m string) bool {
					return strings.HasPrefix(m, kind) && strings.Contains(m, test.told)
				}) {
					t.Errorf("no event of %s with %q among %q", kind, test.told, w.messages(test.reason))
				}
			}
		})
	}
}

// DIS-030
func TestPoolsWithoutInstanceTypes(t *testing.T) {
	for _, name := range []string{"blind", "unevaluated"} {
		w := newWorld(t)
		w.create(pool(name))
		w.machine("a", name)
		w.disrupt()
		w.expect("a", goes)
	}
}

// DIS-031
func TestLabelsAreNoObstacle(t *testing.T) {
	for _, key := range []string{v1.CapacityTypeLabelKey, corev1.LabelTopologyZone, corev1.LabelInstanceTypeStable} {
		w := newWorld(t)
		w.create(pool("p"))
		w.machine("a", "p", func(n *corev1.Node, c *v1.NodeClaim) { delete(n.Labels, key); delete(c.Labels, key) })
		w.machine("b", "p", func(n *corev1.Node, c *v1.NodeClaim) { n.Labels[key], c.Labels[key] = "unknown", "unknown" })
		w.disrupt()
		w.expect("a", goes)
		w.expect("b", goes)
	}
}

// DIS-029 row 3
func TestNodeClaimWithoutNode(t *testing.T) {
	w := newWorld(t)
	w.create(pool("p"))
	w.machine("a", "p")
	w.delete(&corev1.Node{ObjectMeta: objectMeta("a")})
	w.disrupt()
	w.expect("a", untouched)
}

// DIS-170, OPS-188: what a node goes through anyway is told when it lasts.
func TestPassingCausesAreToldWhenTheyLast(t *testing.T) {
	w := newWorld(t)
	w.create(pool("p"))
	w.machine("a", "p", func(n *corev1.Node, _ *v1.NodeClaim) { delete(n.Labels, v1.NodeInitializedLabelKey) })
	w.machine("b", "p")
	w.delete(&corev1.Node{ObjectMeta: objectMeta("b")})
	for range 30 {
		w.mustPass()
		w.clock.Step(10 * time.Second)
	}
	if got := w.messages("DisruptionBlocked"); len(got) > 0 {
		t.Errorf("told within five minutes: %v", got)
	}
	w.mustPass()
	for _, want := range []string{"Node a: The node is not initialized", "NodeClaim a: The node is not initialized", "NodeClaim b: The NodeClaim has no Node"} {
		if got := w.messages("DisruptionBlocked"); !slices.Contains(got, want) {
			t.Errorf("%q is not among %q", want, got)
		}
	}
}

// DIS-029 row 6, DIS-148, LIF-046
func TestNominatedNodesStay(t *testing.T) {
	w := newWorld(t)
	w.create(pool("p"))
	w.machine("a", "p")
	w.cluster.Nominate("test://a")
	w.mustPass()
	if got := w.messages("DisruptionBlocked"); len(got) != 0 {
		t.Errorf("events: %v", got)
	}
	w.clock.Step(20 * time.Second)
	w.disrupt()
	w.expect("a", goes)
}

// LIF-208: a node with a pod event that its NodeClaim does not show yet is no
// quieter for that.
func TestUnsettledPodEvents(t *testing.T) {
	w := newWorld(t)
	w.create(pool("p", func(p *v1.NodePool) { p.Spec.Disruption.ConsolidateAfter = "5m" }))
	w.machine("recent", "p")
	w.machine("settled", "p")
	w.disrupt()
	w.expect("recent", untouched)
	w.expect("settled", goes)
}

// DIS-071, EXT-100
func TestBufferPodsKeepNodes(t *testing.T) {
	w := newWorld(t)
	w.create(pool("p"))
	w.machine("a", "p")
	w.cluster.SetBufferPods(map[string]int{"test://a": 1})
	w.disrupt()
	w.expect("a", untouched)
	if got := w.messages("Unconsolidatable"); len(got) == 0 || got[0] != `Node a: Node "a" has buffer pods` {
		t.Errorf("events: %v", got)
	}
}

// DIS-035: the end of a protection needs no other change to be noticed.
func TestProtectionRunsOut(t *testing.T) {
	w := newWorld(t)
	w.create(pool("p"))
	w.machine("a", "p")
	w.create(pod("d", "a", ownedBy("apps/v1", "DaemonSet"), func(p *corev1.Pod) {
		p.Annotations[v1.DoNotDisruptAnnotationKey] = "1m"
		started := start
		p.Status.StartTime = timeOf(started)
	}))
	w.mustPass()
	if got := w.messages("DoNotDisruptUntil"); len(got) != 1 || !strings.Contains(got[0], "2026-05-04T12:01:00Z") { // DIS-034
		t.Errorf("events: %v", got)
	}
	w.clock.Step(time.Minute)
	w.disrupt()
	w.expect("a", goes)
	if got := w.messages("DoNotDisruptGracePeriodElapsed"); len(got) == 0 { // DIS-034
		t.Error("no event of the end")
	}
}

// DIS-045, DIS-046: the budget goes to the node that saves most.
func TestMostExpensiveFirst(t *testing.T) {
	w := newWorld(t)
	w.create(pool("p", budget("1")))
	w.machine("a", "p")
	w.machine("b", "p", func(n *corev1.Node, _ *v1.NodeClaim) { n.Labels[corev1.LabelInstanceTypeStable] = "dear" })
	w.machine("c", "p", func(n *corev1.Node, _ *v1.NodeClaim) { n.Labels[corev1.LabelInstanceTypeStable] = "unknown" })
	w.disrupt()
	w.expect("a", untouched)
	w.expect("b", goes)
	w.expect("c", untouched)
}
