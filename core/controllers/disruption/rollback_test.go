// SPDX-License-Identifier: Apache-2.0

package disruption_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
)

// gone deletes a replacement as if its launch had failed: at once and for good.
func (w *world) gone(name string) {
	w.t.Helper()
	change(w, &v1.NodeClaim{ObjectMeta: objectMeta(name)}, func(c *v1.NodeClaim) { c.Finalizers = nil })
	w.delete(&v1.NodeClaim{ObjectMeta: objectMeta(name)})
}

// DIS-125, DIS-129, DIS-145: however a replacement is lost, all of the command is
// rolled back, and the other replacements stay.
func TestLostReplacements(t *testing.T) {
	for _, test := range []struct {
		why string
		// lose is what becomes of two replacements, of which the first is lost.
		lose func(w *world, first, second string)
		// uninitialized is how many of the two have never been in service.
		uninitialized float64
		left          int
	}{
		{"its launch failed", func(w *world, first, _ string) { w.gone(first) }, 2, 1},
		{"its launch failed, the other is in service", func(w *world, first, second string) {
			w.initialize(second)
			w.gone(first)
		}, 1, 1},
		{"a user deleted it before it was in service", func(w *world, first, _ string) {
			w.launch(first)
			w.delete(&v1.NodeClaim{ObjectMeta: objectMeta(first)}) // it drains
		}, 2, 2},
		{"a user deleted it after it was in service", func(w *world, first, _ string) {
			w.initialize(first)
			w.mustQueue()
			w.delete(&v1.NodeClaim{ObjectMeta: objectMeta(first)})
		}, 1, 2},
		{"its name is another's", func(w *world, first, _ string) {
			w.gone(first)
			other := w.objects(first, "p")[1].(*v1.NodeClaim)
			other.UID = "another"
			w.create(other)
		}, 2, 2},
	} {
		t.Run(test.why, func(t *testing.T) {
			w := started(t, swap{together: true}, "old-a", "old-b")
			r := w.replacements()
			test.lose(w, r[0].Name, r[1].Name)
			w.mustQueue()
			w.failed("old-a", "old-b")
			if got := w.counter("karpenter_voluntary_disruption_queue_failures_total", "decision", "replace", "reason", "underutilized", "consolidation_type", "single"); got != test.uninitialized { // OPS-142
				t.Errorf("%v failures, want %v", got, test.uninitialized)
			}
			if got := len(w.replacements()); got != test.left {
				t.Errorf("%d replacements, want %d", got, test.left)
			}
			if logs := w.logs.String(); !strings.Contains(logs, "command failed") {
				t.Errorf("logs: %s", logs)
			}
			if got := w.counter("karpenter_nodeclaims_disrupted_total"); got != 0 {
				t.Errorf("%v disrupted", got)
			}
		})
	}
}

// DIS-132: what a replacement's loss means for one command it does not mean for another.
func TestLostReplacementOfAnotherCommand(t *testing.T) {
	w := started(t, swap{}, "old-a", "old-b")
	r := w.replacements()
	if len(r) != 2 || len(w.loop.Queue().Commands()) != 2 {
		t.Fatalf("%d replacements, %d commands", len(r), len(w.loop.Queue().Commands()))
	}
	w.gone(r[0].Name)
	w.mustQueue()
	if n := len(w.loop.Queue().Commands()); n != 1 {
		t.Errorf("%d commands", n)
	}
	if a, b := w.state("old-a"), w.state("old-b"); !(a == untouched && b == cordoned || a == cordoned && b == untouched) {
		t.Errorf("a is %+v, b %+v", a, b)
	}
}

// DIS-125: what the cache does not show yet is not lost while the model has it.
func TestReplacementsThatTheCacheIsLateWith(t *testing.T) {
	w := started(t, swap{}, "old")
	r := w.replacements()[0]
	if err := w.api.Delete(w.ctx, &r); err != nil { // the model has not heard
		t.Fatal(err)
	}
	w.waits()
	w.expect("old", cordoned)
	w.watch()
	w.mustQueue()
	w.failed("old")
}

// waits carries the one command on, which must wait.
func (w *world) waits() {
	w.t.Helper()
	result, err := w.loop.Queue().Reconcile(w.ctx, w.loop.Queue().Commands()[0])
	if err != nil || result.RequeueAfter != time.Second {
		w.t.Fatalf("waits for %v, error %v", result.RequeueAfter, err)
	}
}

// DIS-024: a replacement that cannot be read is neither ready nor lost.
func TestReplacementsThatCannotBeRead(t *testing.T) {
	w := started(t, swap{together: true}, "old-a", "old-b")
	r := w.replacements()
	w.initialize(r[0].Name)
	w.faults.Get = func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
		if key.Name == r[0].Name {
			return errors.New("no answer")
		}
		return c.Get(ctx, key, o, opts...)
	}
	if err := w.queue(); err == nil || !strings.Contains(err.Error(), r[0].Name) {
		t.Errorf("the queue returned %v", err)
	}
	w.expect("old-a", cordoned)
	w.faults.Get = nil
	w.initialize(r[1].Name)
	w.mustQueue()
	w.expect("old-a", goes)
}

// DIS-128, DIS-129, OPS-272: the node is as it was within eleven minutes.
func TestReplacementsThatTakeTooLong(t *testing.T) {
	w := started(t, swap{}, "old")
	r := w.replacements()[0]
	w.launch(r.Name)
	w.clock.Step(10*time.Minute - time.Millisecond) // the start was a pass ago
	w.waits()
	w.clock.Step(time.Second)
	w.mustQueue()
	w.failed("old")
	if got := w.counter("karpenter_voluntary_disruption_queue_failures_total", "decision", "replace"); got != 1 {
		t.Errorf("%v failures", got)
	}
	if n := len(w.replacements()); n != 1 {
		t.Errorf("%d replacements", n)
	}
}

// DIS-126: a pod that must not be disrupted on one node keeps all of a command that
// goes as a whole.
func TestProtectedPodStopsAWholeCommand(t *testing.T) {
	w := started(t, swap{together: true}, "old-a", "old-b")
	for _, r := range w.replacements() {
		w.initialize(r.Name)
	}
	w.create(pod("late", "old-b", func(p *corev1.Pod) { p.Annotations[v1.DoNotDisruptAnnotationKey] = "true" }))
	w.mustQueue()
	w.failed("old-a", "old-b")
	if got := w.messages("DisruptionBlocked"); len(got) != 2 || !strings.HasPrefix(got[0], "Node old-b: ") {
		t.Errorf("events: %v", got)
	}
	if got := w.counter("karpenter_voluntary_disruption_queue_failures_total", "decision", "replace"); got != 0 { // all were in service
		t.Errorf("%v failures", got)
	}
}

// DIS-040, DIS-126: nor does any go while the pods of one cannot be read.
func TestUnreadPodsStopAWholeCommand(t *testing.T) {
	w := started(t, swap{together: true}, "old-a", "old-b")
	for _, r := range w.replacements() {
		w.initialize(r.Name)
	}
	reads := 0
	w.faults.List = func(ctx context.Context, c client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
		if _, ok := list.(*corev1.PodList); ok && selects(opts, "old-b") {
			reads++
			return errors.New("no answer")
		}
		return c.List(ctx, list, opts...)
	}
	if err := w.queue(); err == nil || reads == 0 {
		t.Errorf("the queue returned %v after %d reads", err, reads)
	}
	w.expect("old-a", cordoned)
	w.faults.List = nil
	w.mustQueue()
	w.expect("old-a", goes)
	w.expect("old-b", goes)
}

// selects reports whether a list is about the pods of a node.
func selects(opts []client.ListOption, node string) bool {
	options := (&client.ListOptions{}).ApplyOptions(opts)
	return options.FieldSelector != nil && strings.Contains(options.FieldSelector.String(), node)
}

// DIS-127, DIS-130: what is left of a command whose deletions fail in part goes on;
// if a replacement is lost by then, it stays.
func TestPartlyDeletedCommands(t *testing.T) {
	begin := func(t *testing.T) *world {
		w := started(t, swap{together: true}, "old-a", "old-b")
		for _, r := range w.replacements() {
			w.initialize(r.Name)
		}
		w.faults.Delete = answer("old-b", errors.New("no answer"))
		if err := w.queue(); err == nil {
			t.Error("not tried again")
		}
		w.expect("old-a", goes)
		w.expect("old-b", cordoned)
		w.faults.Delete = nil
		return w
	}
	t.Run("tried again", func(t *testing.T) {
		w := begin(t)
		w.mustQueue()
		w.expect("old-b", goes)
		if got := w.counter("karpenter_nodeclaims_disrupted_total"); got != 2 {
			t.Errorf("%v disrupted", got)
		}
	})
	t.Run("a replacement is lost", func(t *testing.T) {
		w := begin(t)
		w.delete(&v1.NodeClaim{ObjectMeta: objectMeta(w.replacements()[0].Name)})
		w.mustQueue()
		w.failed("old-b")
		w.expect("old-a", goes)
		if !w.marked("old-a") {
			t.Error("what goes is not marked")
		}
	})
}

// DIS-130, DIS-137, DIS-145: what others do to the nodes meanwhile.
func TestOthersMeddleWhileACommandWaits(t *testing.T) {
	for _, test := range []struct {
		why    string
		meddle func(*world)
	}{
		{"a NodeClaim is deleted", func(w *world) { w.delete(&v1.NodeClaim{ObjectMeta: objectMeta("old-a")}) }},
		{"a NodeClaim is gone", func(w *world) { w.gone("old-a") }},
		{"a Node is gone", func(w *world) { w.delete(&corev1.Node{ObjectMeta: objectMeta("old-a")}) }},
		{"taint and condition are removed", func(w *world) {
			change(w, &corev1.Node{ObjectMeta: objectMeta("old-b")}, func(n *corev1.Node) { n.Spec.Taints = nil })
			change(w, &v1.NodeClaim{ObjectMeta: objectMeta("old-b")}, func(c *v1.NodeClaim) {
				_ = c.StatusConditions().Clear(v1.ConditionTypeDisruptionReason)
			})
		}},
		{"somebody writes the objects", func(w *world) {
			change(w, &corev1.Node{ObjectMeta: objectMeta("old-b")}, func(n *corev1.Node) { n.Labels["a"] = "b" })
			change(w, &v1.NodeClaim{ObjectMeta: objectMeta("old-b")}, func(c *v1.NodeClaim) { c.Labels["a"] = "b" })
			change(w, &v1.NodeClaim{ObjectMeta: objectMeta(w.replacements()[0].Name)}, func(c *v1.NodeClaim) { c.Labels["a"] = "b" })
		}},
	} {
		t.Run(test.why, func(t *testing.T) {
			w := started(t, swap{together: true}, "old-a", "old-b")
			test.meddle(w)
			w.waits()
			for _, r := range w.replacements() {
				w.initialize(r.Name)
			}
			w.mustPass()
			w.mustQueue()
			if !w.state("old-b").deleting || len(w.loop.Queue().Commands()) != 0 {
				t.Errorf("b is %+v, %d commands", w.state("old-b"), len(w.loop.Queue().Commands()))
			}
		})
	}
}

// DIS-129, DIS-023: what a rollback cannot write is left to the next pass.
func TestRollbackThatFails(t *testing.T) {
	w := started(t, swap{}, "old")
	w.gone(w.replacements()[0].Name)
	w.failPatches("old", errors.New("no answer"))
	w.mustQueue()
	if w.marked("old") || len(w.loop.Queue().Commands()) != 0 || !w.state("old").tainted {
		t.Errorf("marked %v, %d commands, %+v", w.marked("old"), len(w.loop.Queue().Commands()), w.state("old"))
	}
	w.faults.Patch = nil
	w.mustPass() // which proposes anew, and starts nothing yet
	w.expect("old", untouched)
}
