// SPDX-License-Identifier: Apache-2.0

package disruption_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
)

// DIS-022, DIS-134
func TestNothingIsDoneUnloaded(t *testing.T) {
	w := newWorld(t)
	w.create(pool("p"))
	w.machine("a", "p", func(n *corev1.Node, _ *v1.NodeClaim) { n.Spec.Taints = []corev1.Taint{v1.DisruptedTaint()} })
	w.unknown = []string{"unseen"}
	for range 3 {
		if result := w.mustPass(); result.RequeueAfter != time.Second {
			t.Errorf("the next pass comes after %v", result.RequeueAfter)
		}
		w.clock.Step(15 * time.Second)
	}
	w.expect("a", state{tainted: true})
	w.unknown = nil
	w.disrupt()
	w.expect("a", goes)
}

// DIS-022, LIF-069: a NodeClaim of an earlier process that never launches, whose
// pods nobody knows, keeps no empty node, not even of its own pool.
func TestInheritedNodeClaimHoldsUpNothing(t *testing.T) {
	w := newWorld(t)
	w.create(pool("p"))
	w.machine("a", "p")
	w.create(&v1.NodeClaim{ObjectMeta: metav1.ObjectMeta{Name: "stuck", CreationTimestamp: metav1.NewTime(start), Labels: map[string]string{v1.NodePoolLabelKey: "p"}},
		Spec: v1.NodeClaimSpec{NodeClassRef: v1.NodeClassReference{Group: "test.sh", Kind: "TestNodeClass", Name: "default"}}})
	if w.cluster.Synced(w.ctx) {
		t.Fatal("the model is synced")
	}
	w.disrupt()
	w.expect("a", goes)
}

// DIS-107: the wait holds nothing up; what was found in one pass waits together.
func TestTheWaitHoldsNothingUp(t *testing.T) {
	w := newWorld(t)
	w.create(pool("p"))
	w.machine("first", "p")
	if after := w.mustPass().RequeueAfter; after != 10*time.Second {
		t.Errorf("the pass after a proposal comes after %v", after)
	}
	w.machine("second", "p")
	w.clock.Step(10 * time.Second)
	if after := w.mustPass().RequeueAfter; after != 5*time.Second {
		t.Errorf("the pass for the first validation comes after %v", after)
	}
	w.clock.Step(5 * time.Second)
	w.mustPass()
	w.expect("first", cordoned)
	w.expect("second", untouched)
	w.clock.Step(10 * time.Second)
	w.mustPass()
	w.expect("second", cordoned)
	if got := len(w.loop.Queue().Commands()); got != 2 { // DIS-028
		t.Errorf("%d commands at a time, want 2", got)
	}
}

// DIS-074
func TestValidationDropsWhatChanged(t *testing.T) {
	for _, test := range []struct {
		why    string
		change func(*world)
	}{
		{"a pod came", func(w *world) { w.create(pod("web", "a")) }},
		{"pods are expected", func(w *world) { w.cluster.Nominate("test://a") }},
		{"it is busy again", func(w *world) {
			change(w, &v1.NodeClaim{ObjectMeta: objectMeta("a")}, func(c *v1.NodeClaim) {
				_ = c.StatusConditions().Clear(v1.ConditionTypeConsolidatable)
			})
		}},
		{"the user protects it", func(w *world) {
			change(w, &corev1.Node{ObjectMeta: objectMeta("a")}, func(n *corev1.Node) {
				n.Annotations = map[string]string{v1.DoNotDisruptAnnotationKey: "true"}
			})
		}},
		{"it is going already", func(w *world) { w.delete(&v1.NodeClaim{ObjectMeta: objectMeta("a")}) }},
	} {
		t.Run(test.why, func(t *testing.T) {
			w := newWorld(t)
			w.create(pool("p"))
			w.machine("a", "p")
			w.machine("b", "p")
			w.propose()
			test.change(w)
			w.mustPass()
			if got := w.state("a"); got.tainted || got.reasoned {
				t.Errorf("a is %+v", got)
			}
			w.expect("b", cordoned)
			if got := w.counter("karpenter_voluntary_disruption_failed_validations_total"); got != 1 {
				t.Errorf("%v failed validations, want 1", got)
			}
		})
	}
}

// DIS-074: abandoned silently if none remain; DIS-106: and without a trace if the
// process ends.
func TestAbandonedCommands(t *testing.T) {
	w := newWorld(t)
	w.create(pool("p"))
	w.machine("a", "p")
	w.propose()
	w.create(pod("web", "a"))
	w.mustPass()
	w.expect("a", untouched)
	if n := len(w.loop.Queue().Commands()); n != 0 {
		t.Errorf("%d commands", n)
	}
	w.delete(pod("web", "a"))
	w.propose()
	w.restart()
	w.mustPass()
	w.expect("a", untouched)
}

// DIS-040: fails closed, and DIS-024: only for as long as it lasts.
func TestUnreadableLists(t *testing.T) {
	for _, kind := range []client.ObjectList{&v1.NodePoolList{}, &policyv1.PodDisruptionBudgetList{}} {
		w := newWorld(t)
		w.create(pool("p"))
		w.machine("a", "p")
		w.propose()
		w.faults.List = func(ctx context.Context, c client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
			if fmt.Sprintf("%T", list) == fmt.Sprintf("%T", kind) {
				return errors.New("no answer")
			}
			return c.List(ctx, list, opts...)
		}
		if _, err := w.pass(); err == nil || !strings.Contains(err.Error(), "no answer") {
			t.Errorf("%T: the pass returned %v", kind, err)
		}
		w.expect("a", untouched)
		w.faults.List = nil
		w.disrupt()
		w.expect("a", goes)
	}
}

// DIS-024
func TestConflictsOnlyRepeatThePass(t *testing.T) {
	w := newWorld(t)
	w.create(pool("p"))
	w.machine("a", "p")
	w.propose()
	w.faults.Patch = func(_ context.Context, _ client.WithWatch, o client.Object, _ client.Patch, _ ...client.PatchOption) error {
		return conflict(o)
	}
	if after := w.mustPass().RequeueAfter; after > time.Millisecond {
		t.Errorf("the next pass comes after %v", after)
	}
	w.faults.Patch = nil
	w.disrupt()
	w.expect("a", goes)
}

// DIS-027, OPS-082
func TestLateRunsAreLogged(t *testing.T) {
	w := newWorld(t)
	w.create(pool("p"))
	w.mustPass()
	w.clock.Step(15 * time.Minute)
	w.mustPass()
	if logs := w.logs.String(); strings.Contains(logs, "late") {
		t.Errorf("logs: %s", logs)
	}
	w.clock.Step(15*time.Minute + time.Second)
	w.mustPass()
	for _, name := range []string{"disruption", "Empty/empty"} {
		if logs := w.logs.String(); !strings.Contains(logs, `"name"="`+name+`" "time_since"="15m1s"`) {
			t.Errorf("%s is not among the logs: %s", name, logs)
		}
	}
}

// DIS-156, OPS-083
func TestCommandsAreLogged(t *testing.T) {
	w := newWorld(t)
	w.create(pool("p"))
	w.machine("a", "p")
	w.create(pod("spare", "a", func(p *corev1.Pod) { p.Annotations[corev1.PodDeletionCost] = "-2147483647" }))
	w.create(pod("daemon", "a", ownedBy("apps/v1", "DaemonSet")))
	w.disrupt()
	logs := w.logs.String()
	w.expectFields(`"level"=0 "msg"="disrupting node(s)"`, `"level"=1 "msg"="command succeeded"`)
	for _, want := range []string{
		`"msg"="disrupting node(s)"`, `delete, nodepools p, nodes a, savings $1.00"`, `"decision"="delete"`,
		`"disrupted-node-count"=1`, `"replacement-node-count"=0`, `"pod-count"=1`,
		`"disrupted-nodes"=[{"Node"={"name"="a"} "NodeClaim"={"name"="a"} "instance-type"="cheap" "capacity-type"="on-demand"}]`,
		`"reason"="empty"`, `"command-id"="`, `"msg"="deleting nodeclaim" "Node"={"name"="a"} "NodeClaim"={"name"="a"} "reason"="empty" "command-id"="`,
		`"msg"="command succeeded"`,
	} {
		if !strings.Contains(logs, want) {
			t.Errorf("no %s among the logs:\n%s", want, logs)
		}
	}
}

// DIS-156: a command that fails is an error.
func TestFailuresAreLogged(t *testing.T) {
	w := queued(t, "a")
	w.faults.Delete = func(context.Context, client.WithWatch, client.Object, ...client.DeleteOption) error {
		return errors.New("no answer")
	}
	w.clock.Step(time.Hour)
	if err := w.queue(); err != nil {
		t.Fatal(err)
	}
	w.expectFields(`"level"=0 "msg"="disrupting node(s)"`, `"msg"="command failed" "error"="deleting nodeclaim a: no answer"`)
}

// expectFields expects two log records with the same fields.
func (w *world) expectFields(start, end string) {
	w.t.Helper()
	var fields []string
	for record := range strings.Lines(w.logs.String()) {
		for _, head := range []string{start, end} {
			if rest, found := strings.CutPrefix(strings.TrimSpace(record), head); found {
				fields = append(fields, rest)
			}
		}
	}
	if len(fields) != 2 || fields[0] != fields[1] || !strings.Contains(fields[0], "disrupted-nodes") {
		w.t.Errorf("fields of %s and %s: %q", start, end, fields)
	}
}

// DIS-042
func TestBadDeletionCostsAreLoggedOnce(t *testing.T) {
	w := newWorld(t)
	w.create(pool("p"))
	w.machine("a", "p")
	w.create(pod("web", "a", func(p *corev1.Pod) { p.Annotations[corev1.PodDeletionCost] = "NaN" }))
	w.mustPass()
	w.mustPass()
	if n := strings.Count(w.logs.String(), "ignoring the deletion cost"); n != 1 {
		t.Errorf("logged %d times", n)
	}
}

func TestMetrics(t *testing.T) {
	w := newWorld(t)
	w.create(pool("p"), pool("q"))
	w.machine("a", "p")
	w.machine("b", "p")
	w.machine("c", "q")
	w.mustPass()
	if got := w.counter("karpenter_voluntary_disruption_eligible_nodes", "reason", "empty"); got != 3 { // OPS-139
		t.Errorf("%v eligible nodes, want 3", got)
	}
	w.clock.Step(10 * time.Second)
	w.mustPass()
	if got := w.counter("karpenter_voluntary_disruption_eligible_nodes", "reason", "empty"); got != 3 { // OPS-139
		t.Errorf("%v eligible nodes while they wait, want 3", got)
	}
	w.clock.Step(5 * time.Second)
	w.mustPass()
	if err := w.queue(); err != nil {
		t.Fatal(err)
	}
	command := []string{"decision", "delete", "reason", "empty", "consolidation_type", "empty"}
	if got := w.counter("karpenter_voluntary_disruption_decisions_total", command...); got != 1 { // OPS-137
		t.Errorf("%v decisions, want 1", got)
	}
	for _, name := range []string{"p", "q"} { // OPS-138
		if got := w.counter("karpenter_voluntary_disruption_decisions_by_nodepool_total", append(command, "nodepool", name)...); got != 1 {
			t.Errorf("%v decisions of pool %s, want 1", got, name)
		}
	}
	// OPS-136: the later one, which found nothing, and the first with its wait.
	if got := w.counter("karpenter_voluntary_disruption_decision_evaluation_duration_seconds", "reason", "empty", "consolidation_type", "empty"); got != 2 {
		t.Errorf("%v evaluations, want 2", got)
	}
	labels := []string{"reason", "empty", "nodepool", "p", "capacity_type", "on-demand", "consolidation_policy", "when_empty", "termination_mode", "graceful"}
	if got := w.counter("karpenter_nodeclaims_disrupted_total", labels...); got != 2 { // DIS-155
		t.Errorf("%v disrupted, want 2", got)
	}
}
