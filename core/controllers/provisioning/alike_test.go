// SPDX-License-Identifier: Apache-2.0

package provisioning_test

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"
)

// of makes a pod one of a controller's.
func of(controller string) func(*corev1.Pod) {
	yes := true
	return func(p *corev1.Pod) {
		p.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: controller, UID: types.UID(controller), Controller: &yes}}
	}
}

// unexamined is a pod that no scheduler has said anything of.
func unexamined(p *corev1.Pod) { p.Status.Conditions = nil }

// SCH-008: pods that are yet to be examined count once one of their kind has found no
// place.
func TestPodsAlikeCount(t *testing.T) {
	for _, tc := range []struct {
		why    string
		first  func(*corev1.Pod)
		second []func(*corev1.Pod)
		counts bool
	}{
		{"of the same controller", of("web"), []func(*corev1.Pod){of("web"), unexamined}, true},
		{"of another controller", of("web"), []func(*corev1.Pod){of("db"), unexamined}, false},
		{"of none", func(*corev1.Pod) {}, []func(*corev1.Pod){unexamined}, false},
		{"the first has not been examined either", func(p *corev1.Pod) { of("web")(p); unexamined(p) }, []func(*corev1.Pod){of("web"), unexamined}, false},
		{"the first is bound by now", func(p *corev1.Pod) { of("web")(p); on("n")(p) }, []func(*corev1.Pod){of("web"), unexamined}, false},
		{"of another scheduler", of("web"), []func(*corev1.Pod){of("web"), unexamined, func(p *corev1.Pod) { p.Spec.SchedulerName = "other" }}, false},
		{"of another priority", of("web"), []func(*corev1.Pod){of("web"), unexamined, func(p *corev1.Pod) { p.Spec.Priority = new(int32(7)) }}, false},
		{"gated", of("web"), []func(*corev1.Pod){of("web"), unexamined, func(p *corev1.Pod) {
			p.Spec.SchedulingGates = []corev1.PodSchedulingGate{{Name: "example.com/later"}}
		}}, false},
		{"said to be gated", of("web"), []func(*corev1.Pod){of("web"), func(p *corev1.Pod) {
			p.Status.Conditions[0].Reason = corev1.PodReasonSchedulingGated
		}}, false},
		{"with a volume claim", of("web"), []func(*corev1.Pod){of("web"), unexamined, func(p *corev1.Pod) {
			p.Spec.Volumes = []corev1.Volume{{Name: "v", VolumeSource: corev1.VolumeSource{Ephemeral: &corev1.EphemeralVolumeSource{}}}}
		}}, false},
		{"with a resource claim", of("web"), []func(*corev1.Pod){of("web"), unexamined, func(p *corev1.Pod) {
			p.Spec.ResourceClaims = []corev1.PodResourceClaim{{Name: "gpu"}}
		}}, false},
		{"of a DaemonSet", of("web"), []func(*corev1.Pod){of("web"), unexamined, func(p *corev1.Pod) {
			p.OwnerReferences = append(p.OwnerReferences, metav1.OwnerReference{APIVersion: "apps/v1", Kind: "DaemonSet", Name: "d"})
		}}, false},
		{"finished", of("web"), []func(*corev1.Pod){of("web"), unexamined, func(p *corev1.Pod) { p.Status.Phase = corev1.PodFailed }}, false},
	} {
		t.Run(tc.why, func(t *testing.T) {
			w := newWindow(t)
			marker := pendingPod("marker", "7") // makes a round in any case
			w.must(w.client.Create(t.Context(), marker))
			w.must(w.client.Create(t.Context(), pendingPod("first", "1", tc.first)))
			second := pendingPod("second", "2", tc.second...)
			w.must(w.client.Create(t.Context(), second))
			w.subject.Trigger(marker.UID)
			w.must(w.after(time.Second))
			if w.cpu(t) < 7 {
				t.Fatal("no round was made")
			}
			if got := w.decided(second); got != tc.counts {
				t.Errorf("planned for: %v", got)
			}
		})
	}
}

// cpu is what NodeClaims were created for, in CPUs.
func (w *window) cpu(t *testing.T) (sum int) {
	t.Helper()
	for _, n := range w.planned() {
		sum += n
	}
	return sum
}

// decided reports whether a round found a place for the pod.
func (w *window) decided(pod *corev1.Pod) bool {
	d, known := w.cluster.Decisions.OfPod(types.NamespacedName{Namespace: pod.Namespace, Name: pod.Name}, pod.UID)
	return known && d.NodeClaim != ""
}

// SCH-008, SCH-014, SCH-017: what the scheduler says later of a pod that a look has
// seen does not keep the window open.
func TestMarksOfPodsThatWereSeenAreNoNews(t *testing.T) {
	w := newWindow(t)
	first := pendingPod("first", "1", of("web"))
	second := pendingPod("second", "1", of("web"), unexamined)
	w.must(w.client.Create(t.Context(), first))
	w.must(w.client.Create(t.Context(), second))
	w.subject.Trigger(first.UID)
	w.must(w.after(200 * time.Millisecond)) // a look
	w.subject.Trigger(second.UID)           // marked by now
	w.must(w.after(800 * time.Millisecond)) // a second after the first came
	w.expect(2)
}

// SCH-008, SCH-010: pods that come while others of their kind wait ask for a round
// before they have been examined, but not again and again.
func TestPodsAlikeTrigger(t *testing.T) {
	w := newWorld(t, readyPool("default"))
	ask := func(why string, pod *corev1.Pod, want bool) {
		t.Helper()
		w.must(w.client.Create(t.Context(), pod))
		round, again := w.asked(w.subject.PodTrigger, pod)
		if round != want {
			t.Errorf("%s: asked for a round: %v, want %v", why, round, want)
		}
		if again > 0 && pod.Status.Conditions == nil {
			t.Errorf("%s: asks again after %v", why, again)
		}
	}
	ask("nobody of the kind has waited", pendingPod("early", "1", of("web"), unexamined), false)
	ask("marked", pendingPod("first", "1", of("web")), true)
	ask("of the kind", pendingPod("second", "1", of("web"), unexamined), true)
	ask("of another", pendingPod("third", "1", of("db"), unexamined), false)
	w.subject.Clock.(*clocktesting.FakeClock).Step(15 * time.Second)
	ask("nobody has waited of late", pendingPod("late", "1", of("web"), unexamined), false)
}
