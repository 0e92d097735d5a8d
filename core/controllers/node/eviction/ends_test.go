// SPDX-License-Identifier: Apache-2.0

package eviction_test

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/event"

	"karpenter.sh/core/controllers/internal/fixture"
)

// LIF-162: a pod that was evicted with a long grace is deleted when its node's
// deadline comes, and once.
func TestEvictedThenForced(t *testing.T) {
	pod := fixture.Pod("p", "a", grace(time.Hour))
	dying := fixture.Pod("p", "a", grace(time.Hour), fixture.DeletingPod(time.Now().Add(time.Hour)))
	w := setup(t, pod)
	w.slow = true
	w.submit(pod, time.Time{})
	w.attempt(pod)
	w.shown = dying
	deadline := w.Now().Add(10 * time.Second)
	for range 3 {
		w.submit(dying, deadline)
		w.attempt(dying)
	}
	if len(w.deletes) != 1 {
		t.Errorf("deleted %d times", len(w.deletes))
	}
	w.submit(dying, deadline.Add(-5*time.Second))
	w.attempt(dying)
	if len(w.deletes) != 2 || w.deletes[1] != 5 {
		t.Errorf("a tighter deadline deletes with %v", w.deletes)
	}
}

// LIF-150, LIF-155
func TestEntriesEnd(t *testing.T) {
	t.Run("the pod is gone", func(t *testing.T) {
		pod := fixture.Pod("p", "a")
		w := setup(t)
		w.submit(pod, time.Time{})
		w.attempt(pod)
		w.expectForgotten()
	})
	t.Run("another pod has its name", func(t *testing.T) {
		pod := fixture.Pod("p", "a")
		again := fixture.Pod("p", "a", func(p *corev1.Pod) { p.UID = "another" })
		w := setup(t, again)
		w.submit(pod, w.Now().Add(-time.Hour))
		w.attempt(pod)
		w.expectForgotten()
		if !w.exists(again) || w.evictions("200") > 0 {
			t.Error("the new pod was touched")
		}
	})
	t.Run("the pod is deleted before its turn", func(t *testing.T) {
		pod := fixture.Pod("p", "a")
		w := setup(t, pod)
		w.submit(pod, time.Time{})
		w.queue.PodHandler().Delete(t.Context(), event.TypedDeleteEvent[*corev1.Pod]{Object: pod}, w.work)
		w.expectForgotten()
	})
	t.Run("the node is gone", func(t *testing.T) {
		pod := fixture.Pod("p", "a")
		w := setup(t, pod)
		w.submit(pod, time.Time{})
		w.queue.Abandon("a")
		w.expectForgotten()
	})
	t.Run("the node is not terminating", func(t *testing.T) {
		pod := fixture.Pod("p", "b")
		node := fixture.Node(fixture.NodeClaim("b"))
		w := setup(t, pod, node)
		w.queue.Submit(node, time.Time{}, pod)
		w.attempt(pod)
		w.expectForgotten()
		if w.evictions("200") > 0 {
			t.Error("evicted from a node that stays")
		}
	})
}

func (w *world) expectForgotten() {
	w.t.Helper()
	if got := w.queue.Len(); got != 0 || w.queue.Remembers() {
		w.t.Errorf("the queue knows %d pods, and more", got)
	}
}

// LIF-153, LIF-155: however a pod's stay in the queue ends, nothing of it is left,
// not even how often it was tried; others of its node stay.
func TestNothingIsLeft(t *testing.T) {
	for name, end := range map[string]func(*world, *corev1.Pod){
		"evicted, and gone": func(w *world, pod *corev1.Pod) {
			w.attempt(pod)
			if w.queue.Tries(pod) > 0 {
				w.t.Error("the tries of a pod that is evicted still count")
			}
			w.queue.PodHandler().Delete(w.t.Context(), event.TypedDeleteEvent[*corev1.Pod]{Object: pod}, w.work)
		},
		"gone before it was evicted": func(w *world, pod *corev1.Pod) {
			w.answer(coded(404, ""))
			w.attempt(pod)
		},
		"ended": func(w *world, pod *corev1.Pod) {
			w.shown = pod.DeepCopy()
			w.shown.Status.Phase = corev1.PodSucceeded
			w.attempt(pod)
		},
	} {
		t.Run(name, func(t *testing.T) {
			pod, other := fixture.Pod("p", "a"), fixture.Pod("q", "a")
			w := setup(t, pod, other)
			w.refused(pod, other)
			end(w, pod)
			if got := w.queue.Len(); got != 1 {
				t.Errorf("the queue knows %d pods, want the other", got)
			}
			w.queue.Abandon("a")
			if w.queue.Remembers() || w.queue.Tries(pod)+w.queue.Tries(other) > 0 {
				t.Error("something is left")
			}
		})
	}
}
