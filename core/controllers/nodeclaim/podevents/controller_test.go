// SPDX-License-Identifier: Apache-2.0

package podevents_test

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/controllers/internal/fixture"
	"karpenter.sh/core/controllers/nodeclaim/podevents"
)

type world struct {
	*fixture.World
	t          *testing.T
	controller *podevents.Controller
	queue      workqueue.TypedRateLimitingInterface[reconcile.Request]
}

func setup(t *testing.T, objects ...client.Object) world {
	t.Helper()
	w := fixture.New(t, objects...)
	queue := workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[reconcile.Request]())
	t.Cleanup(queue.ShutDown)
	return world{w, t, podevents.New(podevents.Options{
		Client: w.Client, NodeClasses: w.NodeClasses, Clock: w.Clock, CPUMillis: 1000,
	}), queue}
}

func standard(t *testing.T) world {
	t.Helper()
	nodeClaim := fixture.NodeClaim("a", fixture.Initialized)
	return setup(t, nodeClaim, fixture.Node(nodeClaim))
}

func (w world) created(pod *corev1.Pod, initial bool) {
	w.controller.Watch().Create(w.t.Context(), event.CreateEvent{Object: pod, IsInInitialList: initial}, w.queue)
}

func (w world) updated(before, after *corev1.Pod) {
	w.controller.Watch().Update(w.t.Context(), event.UpdateEvent{ObjectOld: before, ObjectNew: after}, w.queue)
}

func (w world) deleted(pod *corev1.Pod) {
	w.controller.Watch().Delete(w.t.Context(), event.DeleteEvent{Object: pod}, w.queue)
}

// work handles what is queued, once.
func (w world) work() {
	w.t.Helper()
	for range w.queue.Len() {
		req, _ := w.queue.Get()
		w.queue.Done(req)
		w.pass(req.Name)
	}
}

func (w world) pass(node string) time.Duration {
	w.t.Helper()
	result, err := w.controller.Reconcile(w.t.Context(), reconcile.Request{NamespacedName: fixture.Key(node)})
	if err != nil {
		w.t.Fatal(err)
	}
	return result.RequeueAfter
}

func (w world) last() time.Time {
	w.t.Helper()
	return fixture.Read(w.World, fixture.NodeClaim("a")).Status.LastPodEventTime.Time
}

func unbound(p *corev1.Pod) { p.Spec.NodeName = "" }

func ended(p *corev1.Pod) { p.Status.Phase = corev1.PodSucceeded }

func terminating(p *corev1.Pod) {
	now := metav1.Now()
	p.DeletionTimestamp = &now
}

// LIF-205, LIF-207, DIS-007, DIS-009
func TestWhatCounts(t *testing.T) {
	pod := func(changes ...func(*corev1.Pod)) *corev1.Pod { return fixture.Pod("p", "a", changes...) }
	daemon := fixture.OwnedBy("apps/v1", "DaemonSet")
	mirror := fixture.OwnedBy("v1", "Node")
	tests := []struct {
		name   string
		happen func(world)
		counts bool
	}{
		{"bound", func(w world) { w.updated(pod(unbound), pod()) }, true},
		{"created bound", func(w world) { w.created(pod(), false) }, true},
		{"created unbound", func(w world) { w.created(pod(unbound), false) }, false},
		{"there at the start", func(w world) { w.created(pod(), true) }, false},
		{"ends", func(w world) { w.updated(pod(), pod(ended)) }, true},
		{"starts to terminate", func(w world) { w.updated(pod(), pod(terminating)) }, true},
		{"goes on terminating", func(w world) { w.updated(pod(terminating), pod(terminating)) }, false},
		{"something else changes", func(w world) {
			w.updated(pod(), pod(func(p *corev1.Pod) { p.Labels = map[string]string{"a": "b"} }))
		}, false},
		{"vanishes suddenly", func(w world) { w.created(pod(), true); w.deleted(pod()) }, true},
		{"vanishes suddenly, the last word shows a deletion", func(w world) { w.created(pod(), true); w.deleted(pod(terminating)) }, true},
		{"vanishes after terminating since before the start", func(w world) { w.created(pod(terminating), true); w.deleted(pod(terminating)) }, false},
		{"vanishes after it had ended before the start", func(w world) { w.created(pod(ended), true); w.deleted(pod(ended)) }, false},
		{"daemon", func(w world) { w.updated(pod(unbound, daemon), pod(daemon)) }, false},
		{"mirror", func(w world) { w.updated(pod(unbound, mirror), pod(mirror)) }, true},
		{"on another node", func(w world) { w.created(fixture.Pod("p", "nowhere"), false) }, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := standard(t)
			tt.happen(w)
			w.work()
			if got := w.last(); got.Equal(w.Now()) != tt.counts {
				t.Errorf("last event at %v, now %v", got, w.Now())
			}
		})
	}
}

// LIF-205
func TestVanishedAfterTerminatingCountsOnce(t *testing.T) {
	w := standard(t)
	pod, dying := fixture.Pod("p", "a"), fixture.Pod("p", "a", terminating)
	w.updated(pod, dying)
	w.work()
	began := w.Now()
	w.Clock.Step(time.Minute)
	w.pass("a")
	w.deleted(dying)
	w.work()
	if got := w.last(); !got.Equal(began) {
		t.Errorf("last event at %v, want the start of the termination at %v", got, began)
	}
}

// LIF-205
func TestWhoseNodeClaim(t *testing.T) {
	managed := fixture.NodeClaim("a", fixture.Initialized)
	other := fixture.NodeClaim("b", fixture.Initialized, func(n *v1.NodeClaim) { n.Status.ProviderID = fixture.ProviderID("a") })
	unmanaged := fixture.NodeClaim("a", fixture.Initialized, func(n *v1.NodeClaim) { n.Spec.NodeClassRef.Kind = "Other" })
	leaving := fixture.NodeClaim("a", fixture.Initialized, fixture.Deleting(time.Now()))
	for name, objects := range map[string][]client.Object{
		"several NodeClaims": {managed, other, fixture.Node(managed)},
		"unmanaged":          {unmanaged, fixture.Node(managed)},
		"no Node":            {managed},
		"no NodeClaim":       {fixture.Node(managed)},
		"leaving":            {leaving, fixture.Node(managed)},
	} {
		t.Run(name, func(t *testing.T) {
			w := setup(t, objects...)
			w.created(fixture.Pod("p", "a"), false)
			w.work()
			if got := w.Writes.Names(); len(got) > 0 {
				t.Errorf("wrote %q", got)
			}
			if _, unsettled := w.controller.Unsettled("a"); unsettled {
				t.Error("the event is remembered for ever")
			}
		})
	}
}

// LIF-206, DIS-008
func TestWritesAreRare(t *testing.T) {
	w := standard(t)
	w.created(fixture.Pod("p", "a"), false)
	w.work()
	began := w.Now()
	w.Clock.Step(9 * time.Second)
	w.created(fixture.Pod("q", "a"), false)
	w.work()
	if got := w.last(); !got.Equal(began) || len(w.Writes.Names()) != 1 {
		t.Errorf("written again within ten seconds: %v, %q", got, w.Writes.Names())
	}
	w.Clock.Step(time.Second)
	w.created(fixture.Pod("r", "a"), false)
	w.work()
	if got := w.last(); !got.Equal(w.Now()) {
		t.Errorf("last event at %v, want now, %v", got, w.Now())
	}
}

// LIF-208: from the event until the cache shows it, the node is known to be busy.
func TestUnsettled(t *testing.T) {
	w := standard(t)
	if _, unsettled := w.controller.Unsettled("a"); unsettled {
		t.Error("busy before anything happened")
	}
	w.created(fixture.Pod("p", "a"), false)
	at, unsettled := w.controller.Unsettled("a")
	if !unsettled || !at.Equal(w.Now()) {
		t.Errorf("Unsettled() = %v, %v after an event", at, unsettled)
	}
	if after := w.pass("a"); after == 0 {
		t.Error("the write is not looked for in the cache")
	}
	if _, unsettled := w.controller.Unsettled("a"); !unsettled {
		t.Error("settled before the cache showed it")
	}
	w.Clock.Step(time.Second)
	if after := w.pass("a"); after != 0 {
		t.Errorf("looked again after %v", after)
	}
	if _, unsettled := w.controller.Unsettled("a"); unsettled {
		t.Error("busy although the NodeClaim shows it")
	}
}
