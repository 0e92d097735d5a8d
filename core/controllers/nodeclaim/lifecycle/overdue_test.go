// SPDX-License-Identifier: Apache-2.0

package lifecycle_test

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/controllers/internal/fixture"
)

func podOn(node string, change ...func(*corev1.Pod)) *corev1.Pod {
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "pod", UID: "pod"},
		Spec:       corev1.PodSpec{NodeName: node, Containers: []corev1.Container{{Name: "c", Image: "i"}}},
		Status:     corev1.PodStatus{Phase: corev1.PodRunning},
	}
	for _, c := range change {
		c(pod)
	}
	return pod
}

// LIF-104, LIF-105, OPS-327, OPS-328
func TestOverdue(t *testing.T) {
	protect := func(o client.Object) { o.SetAnnotations(map[string]string{v1.DoNotDisruptAnnotationKey: "true"}) }
	daemon := func(p *corev1.Pod) {
		p.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "DaemonSet", Name: "d", UID: "d"}}
	}
	pending := func(p *corev1.Pod) { p.Status.Phase = corev1.PodPending }
	tests := []struct {
		name   string
		waited time.Duration
		pod    *corev1.Pod
		change func(*v1.NodeClaim, *corev1.Node)
		told   bool
		after  time.Duration
		ends   bool
	}{
		{name: "not yet", after: 15 * time.Minute},
		{name: "told", waited: 15 * time.Minute, told: true, after: 15 * time.Minute},
		{name: "told and soon given up", waited: 25 * time.Minute, told: true, after: 5 * time.Minute},
		{name: "given up: nothing is there", waited: 30 * time.Minute, told: true, ends: true},
		{name: "given up: a daemon comes back anywhere", waited: 30 * time.Minute, pod: podOn("a", daemon), told: true, ends: true},
		{name: "given up: the pod has not started, and can start elsewhere", waited: 30 * time.Minute, pod: podOn("a", pending), told: true, ends: true},
		{name: "given up: the pod has ended", waited: 30 * time.Minute, told: true, ends: true,
			pod: podOn("a", func(p *corev1.Pod) { p.Status.Phase = corev1.PodSucceeded })},
		{name: "kept: a pod runs", waited: 30 * time.Minute, pod: podOn("a"), told: true, after: time.Minute},
		{name: "kept: the pod is protected before it runs", waited: time.Hour, told: true, after: time.Minute,
			pod: podOn("a", pending, func(p *corev1.Pod) { protect(p) })},
		{name: "kept: the node is protected", waited: time.Hour, told: true, after: time.Minute,
			change: func(_ *v1.NodeClaim, n *corev1.Node) { protect(n) }},
		{name: "kept: the NodeClaim is protected", waited: time.Hour, told: true, after: time.Minute,
			change: func(c *v1.NodeClaim, _ *corev1.Node) { protect(c) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			nodeClaim, node := registeredNode(func(c *v1.NodeClaim, n *corev1.Node) {
				fixture.SetReady(n, corev1.ConditionFalse)
				if tt.change != nil {
					tt.change(c, n)
				}
			})
			w := setup(t, nodeClaim, node)
			if tt.pod != nil {
				w.Add(tt.pod)
			}
			w.pass("a")
			w.Clock.Step(tt.waited)
			result := w.pass("a")
			if gone := fixture.Read(w.World, nodeClaim).DeletionTimestamp != nil; gone != tt.ends {
				t.Errorf("deleted: %v", gone)
			}
			if !tt.ends && result.RequeueAfter.Round(time.Minute) != tt.after {
				t.Errorf("looked at again after %v, want %v", result.RequeueAfter, tt.after)
			}
			overdue := w.Recorder.Of("InitializationOverdue")
			if (len(overdue) > 0) != tt.told {
				t.Fatalf("told: %+v", overdue)
			}
			if tt.told && (!strings.Contains(overdue[0].Message, "NodeNotReady") || overdue[0].DedupeTimeout != 15*time.Minute) {
				t.Errorf("told %+v", overdue[0])
			}
			ended := w.Recorder.Of("InitializationTimedOut")
			if (len(ended) == 1) != tt.ends || tt.ends && !strings.Contains(ended[0].Message, "NodeNotReady") {
				t.Errorf("told of the end: %+v", ended)
			}
			if got := w.Metric("karpenter_nodeclaims_disrupted_total", map[string]string{"reason": "initialization_timeout"}); (got > 0) != tt.ends {
				t.Errorf("counted %v", got)
			}
		})
	}
}
