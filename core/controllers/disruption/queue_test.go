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
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
)

// queued is a world with a command about these machines in the queue.
func queued(t *testing.T, names ...string) *world {
	t.Helper()
	w := newWorld(t)
	objects := []client.Object{pool("p")}
	for _, name := range names {
		objects = append(objects, w.objects(name, "p")...)
	}
	w.create(objects...)
	w.propose()
	w.mustPass()
	return w
}

// DIS-126: pods are read again right before a node is given up, from the API
// server.
func TestPodsOfTheLastMoment(t *testing.T) {
	for _, test := range []struct {
		why  string
		pod  *corev1.Pod
		told string
	}{
		{"an ordinary pod", pod("web", "a"), ""},
		{"a daemon that must not be disrupted", pod("web", "a", ownedBy("apps/v1", "DaemonSet"), func(p *corev1.Pod) {
			p.Annotations[v1.DoNotDisruptAnnotationKey] = "true"
		}), "Node a: Pod \"default/web\" must not be disrupted"},
	} {
		t.Run(test.why, func(t *testing.T) {
			w := queued(t, "a", "b")
			w.unseen = test.pod.Name
			if err := w.api.Create(w.ctx, test.pod); err != nil { // the watch has not told yet
				t.Fatal(err)
			}
			if err := w.queue(); err != nil {
				t.Fatal(err)
			}
			w.expect("a", untouched)
			w.expect("b", goes)
			if w.marked("a") || len(w.loop.Queue().Commands()) != 0 {
				t.Errorf("marked %v, %d commands", w.marked("a"), len(w.loop.Queue().Commands()))
			}
			if got := w.messages("DisruptionBlocked"); test.told != "" && (len(got) != 2 || !strings.HasPrefix(got[0], test.told)) {
				t.Errorf("events: %v", got)
			}
			w.unseen = ""
			w.delete(test.pod)
			w.disrupt() // released, so it is considered again
			w.expect("a", goes)
		})
	}
}

// DIS-040: a node whose pods cannot be read is not given up.
func TestPodsThatCannotBeRead(t *testing.T) {
	w := queued(t, "a")
	w.faults.List = func(ctx context.Context, c client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
		if _, ok := list.(*corev1.PodList); ok {
			return errors.New("no answer")
		}
		return c.List(ctx, list, opts...)
	}
	if err := w.queue(); err == nil {
		t.Error("not tried again")
	}
	w.expect("a", cordoned)
	if got := w.messages("DisruptionBlocked"); len(got) != 2 || got[0] != "Node a: The pods of the node cannot be read" {
		t.Errorf("events: %v", got)
	}
	w.faults.List = nil
	if err := w.queue(); err != nil {
		t.Fatal(err)
	}
	w.expect("a", goes)
}

// DIS-127: counted and told once for each node, also when deletion is tried again.
func TestRetriedDeletionsCountOnce(t *testing.T) {
	w := queued(t, "a", "b")
	w.faults.Delete = func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.DeleteOption) error {
		if o.GetName() == "b" {
			return errors.New("no answer")
		}
		return c.Delete(ctx, o, opts...)
	}
	for range 3 {
		if err := w.queue(); err == nil {
			t.Error("not tried again")
		}
	}
	w.expect("a", goes)
	w.expect("b", cordoned)
	w.faults.Delete = nil
	if err := w.queue(); err != nil {
		t.Fatal(err)
	}
	w.expect("b", goes)
	if got := w.counter("karpenter_nodeclaims_disrupted_total"); got != 2 { // OPS-085
		t.Errorf("%v disrupted, want 2", got)
	}
	if got := w.messages("DisruptionTerminating"); len(got) != 4 { // OPS-196
		t.Errorf("events: %v", got)
	}
}

// OPS-104: the pods that the deletion sends elsewhere.
func TestMovedPodsAreCounted(t *testing.T) {
	w := newWorld(t)
	w.create(pool("p"))
	w.machine("a", "p")
	w.create(pod("spare", "a", func(p *corev1.Pod) { p.Annotations[corev1.PodDeletionCost] = "-2147483647" }))
	w.create(pod("daemon", "a", ownedBy("apps/v1", "DaemonSet")))
	w.disrupt()
	if got := w.counter("karpenter_pods_disruption_initiated_total", "reason", "empty"); got != 1 {
		t.Errorf("%v pods, want 1", got)
	}
}

// DIS-128, DIS-129
func TestCommandsTimeOut(t *testing.T) {
	w := queued(t, "a", "b")
	w.faults.Delete = func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.DeleteOption) error {
		if o.GetName() == "b" {
			return errors.New("no answer")
		}
		return c.Delete(ctx, o, opts...)
	}
	w.clock.Step(10 * time.Minute)
	if err := w.queue(); err == nil {
		t.Error("given up at its timeout, not after")
	}
	w.clock.Step(time.Second)
	if err := w.queue(); err != nil {
		t.Fatal(err)
	}
	w.watch()
	w.expect("a", goes)
	w.expect("b", untouched)
	if !w.marked("a") || w.marked("b") || len(w.loop.Queue().Commands()) != 0 {
		t.Errorf("marked: a %v, b %v; %d commands", w.marked("a"), w.marked("b"), len(w.loop.Queue().Commands()))
	}
	if logs := w.logs.String(); !strings.Contains(logs, "command failed") {
		t.Errorf("logs: %s", logs)
	}
}

// DIS-128: a command waits for as long as its replacements may take to launch.
func TestCommandsWaitForSlowLaunches(t *testing.T) {
	w := queued(t, "a")
	w.launchTimeout = 14 * time.Minute
	w.restart()
	w.propose()
	w.mustPass()
	w.faults.Delete = answer("a", errors.New("no answer"))
	w.clock.Step(28 * time.Minute)
	if err := w.queue(); err == nil {
		t.Error("given up although a launch may go on")
	}
	w.clock.Step(time.Second)
	if err := w.queue(); err != nil || len(w.loop.Queue().Commands()) != 0 {
		t.Errorf("%d commands, %v", len(w.loop.Queue().Commands()), err)
	}
}

// DIS-128: late, but done.
func TestOverdueCommandThatSucceeds(t *testing.T) {
	w := queued(t, "a")
	w.clock.Step(2 * time.Hour)
	if err := w.queue(); err != nil {
		t.Fatal(err)
	}
	w.expect("a", goes)
}

// DIS-130, DIS-145: progress does not depend on any one node.
func TestNodesThatGoByThemselves(t *testing.T) {
	for _, test := range []struct {
		why  string
		how  func(*world)
		ours float64
	}{
		{"the NodeClaim is deleted", func(w *world) { w.delete(&v1.NodeClaim{ObjectMeta: objectMeta("a")}) }, 1},
		{"the NodeClaim is gone in that moment", func(w *world) { w.faults.Delete = answer("a", apierrors.NewNotFound(schema.GroupResource{}, "a")) }, 1},
		{"its name is another's in that moment", func(w *world) { w.faults.Delete = answer("a", conflict(&v1.NodeClaim{ObjectMeta: objectMeta("a")})) }, 1},
		{"the NodeClaim is gone", func(w *world) {
			change(w, &v1.NodeClaim{ObjectMeta: objectMeta("a")}, func(c *v1.NodeClaim) { c.Finalizers = nil })
			w.delete(&v1.NodeClaim{ObjectMeta: objectMeta("a")})
		}, 1},
		{"the Node is gone", func(w *world) { w.delete(&corev1.Node{ObjectMeta: objectMeta("a")}) }, 2},
	} {
		t.Run(test.why, func(t *testing.T) {
			w := queued(t, "a", "b")
			test.how(w)
			if err := w.queue(); err != nil {
				t.Fatal(err)
			}
			w.expect("b", goes)
			if n := len(w.loop.Queue().Commands()); n != 0 {
				t.Errorf("%d commands", n)
			}
			if got := w.counter("karpenter_nodeclaims_disrupted_total"); got != test.ours { // DIS-127
				t.Errorf("%v disrupted, want %v", got, test.ours)
			}
		})
	}
}

// answer is what becomes of deletions of a name.
func answer(name string, err error) func(context.Context, client.WithWatch, client.Object, ...client.DeleteOption) error {
	return func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.DeleteOption) error {
		if o.GetName() == name {
			return err
		}
		return c.Delete(ctx, o, opts...)
	}
}

// DIS-126, DIS-132: a node that is released may be part of another command while its
// first goes on, and stays that when the first ends.
func TestReleasedNodesAreFree(t *testing.T) {
	w := queued(t, "a", "b")
	w.faults.Delete = answer("b", errors.New("no answer"))
	w.create(pod("web", "a"))
	if err := w.queue(); err == nil {
		t.Fatal("nothing failed")
	}
	w.expect("a", untouched)
	w.delete(pod("web", "a"))
	w.propose()
	w.mustPass()
	if n := len(w.loop.Queue().Commands()); n != 2 {
		t.Fatalf("%d commands, want another for the released node", n)
	}
	w.faults.Delete = answer("a", errors.New("no answer"))
	for _, id := range w.loop.Queue().Commands() {
		_, _ = w.loop.Queue().Reconcile(w.ctx, id) // that of a fails
	}
	if !w.loop.Queue().Holds("test://a") || w.loop.Queue().Holds("test://b") {
		t.Error("the end of a command is not that of its own nodes")
	}
}

// DIS-131
func TestAnotherMachineOfTheName(t *testing.T) {
	w := queued(t, "a")
	change(w, &v1.NodeClaim{ObjectMeta: objectMeta("a")}, func(c *v1.NodeClaim) { c.Finalizers = nil })
	w.delete(&v1.NodeClaim{ObjectMeta: objectMeta("a")})
	w.delete(&corev1.Node{ObjectMeta: objectMeta("a")})
	w.machine("a", "p", func(n *corev1.Node, c *v1.NodeClaim) {
		n.Spec.ProviderID, c.Status.ProviderID, n.UID, c.UID = "test://later", "test://later", "later", "later"
		n.Spec.Taints = []corev1.Taint{v1.DisruptedTaint()}
	})
	w.create(pod("web", "a")) // so that the command would roll back its node
	if err := w.queue(); err != nil {
		t.Fatal(err)
	}
	w.expect("a", state{tainted: true}) // neither deleted nor untainted by the old command
}

// DIS-132: commands are independent.
func TestCommandsDoNotAffectEachOther(t *testing.T) {
	w := queued(t, "a")
	w.machine("b", "p")
	w.propose()
	w.mustPass()
	if n := len(w.loop.Queue().Commands()); n != 2 {
		t.Fatalf("%d commands", n)
	}
	w.faults.Delete = func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.DeleteOption) error {
		if o.GetName() == "a" {
			return errors.New("no answer")
		}
		return c.Delete(ctx, o, opts...)
	}
	for range 2 {
		_ = w.queue() // one fails
	}
	w.expect("a", cordoned)
	for _, id := range w.loop.Queue().Commands() {
		_, _ = w.loop.Queue().Reconcile(w.ctx, id)
	}
	if n := len(w.loop.Queue().Commands()); n > 1 {
		t.Errorf("%d commands", n)
	}
}

// DIS-137: what somebody takes away does not stop the command.
func TestTaintRemovedByHand(t *testing.T) {
	w := queued(t, "a")
	change(w, &corev1.Node{ObjectMeta: objectMeta("a")}, func(n *corev1.Node) { n.Spec.Taints = nil })
	change(w, &v1.NodeClaim{ObjectMeta: objectMeta("a")}, func(c *v1.NodeClaim) {
		_ = c.StatusConditions().Clear(v1.ConditionTypeDisruptionReason)
	})
	w.mustPass()
	if err := w.queue(); err != nil {
		t.Fatal(err)
	}
	if !w.state("a").deleting {
		t.Error("the command was aborted")
	}
}

// DIS-127: a large command is one pass of the queue.
func TestLargeCommand(t *testing.T) {
	var names []string
	for i := range 150 {
		names = append(names, fmt.Sprint("m", i))
	}
	w := queued(t, names...)
	if err := w.queue(); err != nil {
		t.Fatal(err)
	}
	if got := w.going(150); got != 150 {
		t.Errorf("%d of 150 go", got)
	}
}

// DIS-126: a NodeClaim that has taken the name of one that was judged, on the same
// machine, was judged by nobody.
func TestSuccessorIsNotDeleted(t *testing.T) {
	w := queued(t, "a")
	successor := &v1.NodeClaim{}
	if err := w.api.Get(w.ctx, client.ObjectKey{Name: "a"}, successor); err != nil {
		t.Fatal(err)
	}
	change(w, successor, func(n *v1.NodeClaim) { n.Finalizers = nil })
	if err := w.api.Delete(w.ctx, successor); err != nil {
		t.Fatal(err)
	}
	successor.UID, successor.ResourceVersion, successor.DeletionTimestamp = "successor", "", nil
	if err := w.api.Create(w.ctx, successor); err != nil {
		t.Fatal(err)
	}
	if err := w.queue(); err != nil {
		t.Fatal(err)
	}
	if err := w.api.Get(w.ctx, client.ObjectKey{Name: "a"}, successor); err != nil || successor.DeletionTimestamp != nil {
		t.Errorf("the successor is deleted: %v", err)
	}
	if got := w.counter("karpenter_nodeclaims_disrupted_total"); got != 0 {
		t.Errorf("%v disrupted", got)
	}
}
