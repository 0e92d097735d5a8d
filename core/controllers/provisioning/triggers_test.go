// SPDX-License-Identifier: Apache-2.0

package provisioning_test

import (
	"context"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/controllers/provisioning"
)

func request(o client.Object) reconcile.Request {
	return reconcile.Request{NamespacedName: client.ObjectKeyFromObject(o)}
}

// asked runs a trigger and reports whether it asked for a round and when it
// wants to be called again.
func (w *world) asked(trigger func(context.Context, reconcile.Request) (reconcile.Result, error), o client.Object) (round bool, again time.Duration) {
	w.t.Helper()
	result, err := trigger(w.t.Context(), request(o))
	w.must(err)
	ctx, cancel := context.WithCancel(w.t.Context())
	done := make(chan bool, 1)
	go func() {
		result, err := w.subject.Reconcile(ctx)
		done <- err == nil && result.RequeueAfter > 0 // the next wait, after a round
	}()
	// A window closes as time goes by; without one the wait ends when the
	// context does. Whoever comes again is expected to have asked, and is waited
	// for, but not for ever: its trigger may have been lost.
	deadline := time.Now().Add(patience)
	for i := 0; i < 50 || result.RequeueAfter > 0 && time.Now().Before(deadline); i++ {
		select {
		case round = <-done:
			cancel()
			return round, result.RequeueAfter
		case <-time.After(time.Millisecond):
			// Not while a round is made: what it goes by would be long ago then.
			if clock := w.subject.Clock.(*clocktesting.FakeClock); clock.HasWaiters() {
				clock.Step(time.Second)
			}
		}
	}
	cancel()
	select {
	case round = <-done:
	case <-time.After(patience):
		w.t.Fatal("the wait goes on after its context")
	}
	return round, result.RequeueAfter
}

// SCH-010: a pod that waits asks again and again, planned capacity or not.
func TestPodTrigger(t *testing.T) {
	for _, tc := range []struct {
		why    string
		change func(*corev1.Pod)
		want   bool
	}{
		{"a pod that waits", func(*corev1.Pod) {}, true},
		{"one that has a node", on("n"), false},
		{"one that no scheduler has looked at", func(p *corev1.Pod) { p.Status.Conditions = nil }, false},
	} {
		t.Run(tc.why, func(t *testing.T) {
			pod := pendingPod("a", "1", tc.change)
			w := newWorld(t, readyPool("default"), pod)
			for range 2 {
				round, again := w.asked(w.subject.PodTrigger, pod)
				if round != tc.want || (again == 10*time.Second) != tc.want {
					t.Errorf("asked for a round: %v, again in %v", round, again)
				}
			}
			claims := 0
			if tc.want {
				claims = 1
			}
			if n := len(w.nodeClaims()); n != claims {
				t.Errorf("got %d NodeClaims, want %d", n, claims)
			}
		})
	}
	t.Run("one that is gone", func(t *testing.T) {
		w := newWorld(t)
		if round, again := w.asked(w.subject.PodTrigger, pendingPod("gone", "1")); round || again != 0 {
			t.Errorf("asked for a round: %v, again in %v", round, again)
		}
	})
}

// SCH-011: a node that is being given up asks, one that is only being deleted
// does not.
func TestNodeTrigger(t *testing.T) {
	other := v1.DisruptedTaint()
	other.Effect = corev1.TaintEffectNoExecute
	for _, tc := range []struct {
		why    string
		taints []corev1.Taint
		want   bool
	}{
		{"a node that is being given up", []corev1.Taint{v1.DisruptedTaint()}, true},
		{"the taint with another effect", []corev1.Taint{other}, false},
		{"one that is being deleted only", nil, false},
	} {
		t.Run(tc.why, func(t *testing.T) {
			now := metav1.Now()
			node := &corev1.Node{
				ObjectMeta: metav1.ObjectMeta{Name: "n", UID: "n", DeletionTimestamp: &now, Finalizers: []string{"karpenter.sh/termination"}},
				Spec:       corev1.NodeSpec{Taints: tc.taints},
			}
			w := newWorld(t, node)
			for range 2 {
				round, again := w.asked(w.subject.NodeTrigger, node)
				if round != tc.want || (again == 10*time.Second) != tc.want {
					t.Errorf("asked for a round: %v, again in %v", round, again)
				}
			}
		})
	}
}

// SCH-016: a new process knows nothing of earlier windows, and what it sees
// first triggers all again.
func TestRestart(t *testing.T) {
	pod := pendingPod("a", "1")
	w := newWorld(t, readyPool("default"), pod)
	_, err := w.subject.PodTrigger(t.Context(), request(pod))
	w.must(err) // and the process ends
	options := w.subject.Options
	w.subject = provisioning.New(options)
	if round, _ := w.asked(w.subject.PodTrigger, pod); !round {
		t.Error("no round")
	}
	if n := len(w.nodeClaims()); n != 1 {
		t.Errorf("got %d NodeClaims", n)
	}
}

// SCH-013: when a pod was first seen is kept.
func TestAcknowledgement(t *testing.T) {
	pod := pendingPod("a", "1")
	w := newWorld(t, pod)
	_, err := w.subject.PodTrigger(t.Context(), request(pod))
	w.must(err)
	key := types.NamespacedName{Namespace: pod.Namespace, Name: pod.Name}
	first, known := w.cluster.Decisions.Of(key)
	_, err = w.subject.PodTrigger(t.Context(), request(pod))
	w.must(err)
	if again, _ := w.cluster.Decisions.Of(key); !known || again.Acknowledged != first.Acknowledged {
		t.Errorf("got %v, then %v", first.Acknowledged, again.Acknowledged)
	}
}

// SCH-029, LIF-260: whatever fails, pods that it does not concern get their round soon.
func TestErrorsThatLastDelayNobodyForLong(t *testing.T) {
	if got := provisioning.AfterFailures(50); got > 10*time.Second {
		t.Errorf("the next round comes after %v", got)
	}
}
