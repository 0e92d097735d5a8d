// SPDX-License-Identifier: Apache-2.0

package eviction_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/core/controllers/internal/fixture"
	"karpenter.sh/core/controllers/node/eviction"
)

// several returns pods of the node "a", and their names in order.
func several(n int) (pods []*corev1.Pod, names []string) {
	for i := range n {
		names = append(names, fmt.Sprintf("p%02d", i))
		pods = append(pods, fixture.Pod(names[i], "a"))
	}
	return pods, names
}

// Pods that were submitted before the controller runs are not lost, and have their
// turn in an order that does not depend on chance.
func TestStart(t *testing.T) {
	pods, names := several(20)
	w := setup(t)
	early := eviction.New(eviction.Options{Client: w.Client, Clock: w.Clock, Recorder: w.Recorder, Nodes: w.Nodes, CPUMillis: 1000})
	early.Submit(w.node, time.Time{}, pods...)
	if err := early.Start(t.Context(), w.work); err != nil {
		t.Fatal(err)
	}
	if got := w.turns(); !slices.Equal(got, names) {
		t.Errorf("brought up are %v", got)
	}
}

// LIF-153: what a budget allows goes to pods that it holds back, and to nobody else.
func TestBudgetWakesWhomItHolds(t *testing.T) {
	tests := []struct {
		name  string
		first func(*world, *corev1.Pod)
		woken []string
	}{
		{"all are held back", func(*world, *corev1.Pod) {}, []string{"p00"}},
		{"the first is evicted", func(w *world, pod *corev1.Pod) { w.attempt(pod) }, []string{"p01"}},
		{"the first is gone", func(w *world, pod *corev1.Pod) { w.answer(coded(404, "")); w.attempt(pod) }, []string{"p01"}},
		{"the first is woken already", func(w *world, _ *corev1.Pod) { w.rises(0, 1) }, []string{"p01"}},
		{"the node is gone", func(w *world, _ *corev1.Pod) { w.queue.Abandon("a") }, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			pods, _ := several(20)
			w := setup(t)
			for _, pod := range pods {
				w.Add(pod.DeepCopy())
			}
			w.refused(pods...)
			tt.first(w, pods[0])
			if got := w.rises(0, 1); !slices.Equal(got, tt.woken) {
				t.Errorf("woken are %v, want %v", got, tt.woken)
			}
		})
	}
}

// LIF-160: a pod whose last moment passes while the API server answers is tried
// again all the same.
func TestTimeIsUpDuringTheAttempt(t *testing.T) {
	pod := fixture.Pod("p", "a", grace(30*time.Second))
	w := setup(t, pod)
	w.submit(pod, w.Now().Add(31*time.Second))
	w.Writes.Intercept(func(string) error {
		w.Clock.Step(time.Minute)
		return coded(429, "")
	})
	if result := w.attempt(pod); result.RequeueAfter <= 0 || result.RequeueAfter > time.Millisecond {
		t.Errorf("tried again after %v, want at once", result.RequeueAfter)
	}
}
