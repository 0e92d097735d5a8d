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
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
)

// DIS-119, DIS-122, DIS-124, DIS-127: from the start to the end.
func TestReplacementsComeFirst(t *testing.T) {
	w := started(t, swap{}, "old")
	replacements := w.replacements()
	if len(replacements) != 1 {
		t.Fatalf("%d replacements", len(replacements))
	}
	r := replacements[0]
	if r.Labels[v1.NodePoolLabelKey] != "p" || !w.cluster.HasNodeClaim(&r) {
		t.Errorf("labels %v, in the model: %v", r.Labels, w.cluster.HasNodeClaim(&r))
	}
	if name, ok := w.cluster.Snapshot().Awaiting(client.ObjectKey{Namespace: "default", Name: "of-old"}); !ok || name != r.Name { // LIF-069
		t.Errorf("the pod waits for %q", name)
	}
	if got := w.counter("karpenter_nodeclaims_created_total", "reason", "underutilized", "nodepool", "p"); got != 1 { // OPS-101
		t.Errorf("%v created", got)
	}
	if got := w.counter("karpenter_voluntary_disruption_decisions_total", "decision", "replace", "reason", "underutilized", "consolidation_type", "single"); got != 1 { // OPS-137
		t.Errorf("%v decisions", got)
	}
	if logs := w.logs.String(); !strings.Contains(logs, `"decision"="replace"`) || !strings.Contains(logs, `"replacement-node-count"=1`) ||
		!strings.Contains(logs, `"capacity-type"="on-demand" "instance-types"="cheap, dear"`) || !strings.Contains(logs, "savings $0.00") { // DIS-156, DIS-154
		t.Errorf("logs: %s", logs)
	}
	w.launch(r.Name)
	for range 2 {
		id := w.loop.Queue().Commands()[0]
		result, err := w.loop.Queue().Reconcile(w.ctx, id)
		if err != nil || result.RequeueAfter != time.Second {
			t.Fatalf("waits for %v, error %v", result.RequeueAfter, err)
		}
	}
	w.expect("old", cordoned)
	if !w.marked("old") {
		t.Error("not marked")
	}
	for _, reason := range []string{"DisruptionLaunching", "DisruptionWaitingReadiness"} { // OPS-194, OPS-195
		if got := w.messages(reason); len(got) == 0 || !strings.HasPrefix(got[0], "NodeClaim "+r.Name+": ") {
			t.Errorf("events: %v", got)
		}
	}
	w.mustPass() // the command is left alone (DIS-023)
	w.expect("old", cordoned)
	w.delete(&corev1.Node{ObjectMeta: objectMeta(r.Name)})
	w.initialize(r.Name)
	w.mustQueue()
	w.expect("old", goes)
	if n := len(w.loop.Queue().Commands()); n != 0 || len(w.replacements()) != 1 {
		t.Errorf("%d commands, %d replacements", n, len(w.replacements()))
	}
	if got := w.counter("karpenter_nodeclaims_disrupted_total", "reason", "underutilized"); got != 1 {
		t.Errorf("%v disrupted", got)
	}
}

// DIS-124: all of them, and each completes once and for all.
func TestAllReplacementsAreAwaited(t *testing.T) {
	w := started(t, swap{together: true}, "old-a", "old-b")
	r := w.replacements()
	if len(r) != 2 || len(w.loop.Queue().Commands()) != 1 {
		t.Fatalf("%d replacements, %d commands", len(r), len(w.loop.Queue().Commands()))
	}
	w.initialize(r[0].Name)
	w.mustQueue()
	w.expect("old-a", cordoned)
	w.expect("old-b", cordoned)
	change(w, &v1.NodeClaim{ObjectMeta: objectMeta(r[0].Name)}, func(c *v1.NodeClaim) {
		c.StatusConditions().SetFalse(v1.ConditionTypeInitialized, "Test", "later")
	})
	w.initialize(r[1].Name)
	w.mustQueue()
	w.expect("old-a", goes)
	w.expect("old-b", goes)
}

// DIS-119, DIS-147: nodes are marked after replacements are created, which are
// created after the taint.
func TestOrderOfTheStartOfAReplacement(t *testing.T) {
	w := swapping(t, swap{}, "old")
	var steps []string
	note := func(step string) {
		steps = append(steps, step)
		if w.marked("old") || len(w.loop.Queue().Commands()) > 0 {
			t.Errorf("marked or queued before %s", step)
		}
	}
	w.faults.Patch = func(ctx context.Context, c client.WithWatch, o client.Object, p client.Patch, opts ...client.PatchOption) error {
		note("taint")
		return c.Patch(ctx, o, p, opts...)
	}
	w.faults.Create = func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.CreateOption) error {
		note("create")
		return c.Create(ctx, o, opts...)
	}
	w.mustPass()
	if !slices.Equal(steps, []string{"taint", "create"}) || !w.marked("old") || len(w.loop.Queue().Commands()) != 1 {
		t.Errorf("steps %v, marked %v, %d commands", steps, w.marked("old"), len(w.loop.Queue().Commands()))
	}
}

// DIS-119: where pods are to go disruption keeps away from; DIS-060: a pod that fits
// beside others needs no replacement.
func TestDestinationsAreNominated(t *testing.T) {
	w := swapping(t, swap{}) // no node yet
	w.machine("roomy", "p", func(n *corev1.Node, _ *v1.NodeClaim) {
		n.Status.Allocatable = corev1.ResourceList{corev1.ResourceCPU: cpu("8"), corev1.ResourcePods: cpu("10")}
	})
	w.machine("old", "p")
	w.create(pod("of-old", "old", needing("1500m")))
	w.mustPass()
	w.mustPass()
	if n := len(w.replacements()); n != 0 || !w.marked("old") {
		t.Fatalf("%d replacements, marked %v", n, w.marked("old"))
	}
	for name, want := range map[string]bool{"roomy": true, "old": false} {
		if got := w.cluster.Snapshot().Node("test://" + name).Nominated(w.clock.Now()); got != want {
			t.Errorf("%s nominated: %v", name, got)
		}
	}
	w.mustQueue() // nothing to wait for
	w.expect("old", goes)
}

// DIS-123: what cannot be replaced stays, and nothing is left of the command.
func TestReplacementsThatCannotBeCreated(t *testing.T) {
	for _, test := range []struct {
		why  string
		fail func(w *world, created int) error
	}{
		{"none can", func(*world, int) error { return errors.New("quota") }},
		{"the second cannot", func(_ *world, created int) error {
			if created == 1 {
				return errors.New("quota")
			}
			return nil
		}},
	} {
		t.Run(test.why, func(t *testing.T) {
			w := swapping(t, swap{together: true}, "old-a", "old-b")
			created := make(chan int, 1)
			created <- 0
			w.faults.Create = func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.CreateOption) error {
				n := <-created
				defer func() { created <- n + 1 }()
				if err := test.fail(w, n); err != nil {
					return err
				}
				return c.Create(ctx, o, opts...)
			}
			if _, err := w.pass(); err == nil || !strings.Contains(err.Error(), "quota") {
				t.Errorf("the pass returned %v", err)
			}
			w.failed("old-a", "old-b")
			if n := len(w.replacements()); n != 0 {
				t.Errorf("%d replacements are left", n)
			}
			if got := w.counter("karpenter_voluntary_disruption_decisions_total"); got != 0 { // OPS-137
				t.Errorf("%v decisions counted", got)
			}
		})
	}
}

// DIS-123, DIS-067, SCH-203: the pool is read again.
func TestPoolThatIsGone(t *testing.T) {
	w := swapping(t, swap{}, "old")
	w.faults.Get = func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
		if _, ok := o.(*v1.NodePool); ok {
			return errors.New("gone")
		}
		return c.Get(ctx, key, o, opts...)
	}
	if _, err := w.pass(); err == nil {
		t.Error("no error")
	}
	w.failed("old")
}

// DIS-121: a command with replacements is planned for all of its nodes.
func TestNodeThatCannotBeTaintedStopsAReplacement(t *testing.T) {
	w := swapping(t, swap{together: true}, "old-a", "old-b")
	w.failPatches("old-a", errors.New("admission denied"))
	if _, err := w.pass(); err == nil || !strings.Contains(err.Error(), "admission denied") {
		t.Errorf("the pass returned %v", err)
	}
	w.failed("old-a", "old-b")
	if n := len(w.replacements()); n != 0 {
		t.Errorf("%d replacements", n)
	}
}
