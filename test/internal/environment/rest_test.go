// SPDX-License-Identifier: Apache-2.0

package environment_test

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"karpenter.sh/test/internal/environment"
)

func podOn(node string, phase corev1.PodPhase, change ...func(*corev1.Pod)) corev1.Pod {
	p := corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "p"}}
	p.Spec.NodeName, p.Status.Phase = node, phase
	for _, c := range change {
		c(&p)
	}
	return p
}

func ofDaemon(p *corev1.Pod) {
	yes := true
	p.OwnerReferences = []metav1.OwnerReference{{Kind: "DaemonSet", Name: "d", Controller: &yes}}
}

func goes(p *corev1.Pod) {
	now := metav1.Now()
	p.DeletionTimestamp = &now
}

func TestUnserved(t *testing.T) {
	for _, tc := range []struct {
		reason string
		pod    corev1.Pod
		want   []string
	}{
		{"it runs", podOn("a", corev1.PodRunning), nil},
		{"it has done its work", podOn("a", corev1.PodSucceeded), nil},
		{"it has no node", podOn("", corev1.PodPending), []string{`pod p is pending on node ""`}},
		{"its node does not start it", podOn("a", corev1.PodPending), []string{`pod p is pending on node "a"`}},
		{"daemons are served too", podOn("", corev1.PodPending, ofDaemon), []string{`pod p is pending on node ""`}},
		{"it hangs in its deletion", podOn("a", corev1.PodRunning, goes), []string{"pod p is on its way out"}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			if got := environment.Unserved([]corev1.Pod{tc.pod}); !slices.Equal(got, tc.want) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestUnneeded(t *testing.T) {
	node := corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "a"}}
	unneeded := []string{"nobody needs node a"}
	for _, tc := range []struct {
		reason string
		pods   []corev1.Pod
		want   []string
	}{
		{"a pod runs there", []corev1.Pod{podOn("a", corev1.PodRunning)}, nil},
		{"there is no pod", nil, unneeded},
		{"its pods are elsewhere", []corev1.Pod{podOn("b", corev1.PodRunning)}, unneeded},
		{"daemons alone need none", []corev1.Pod{podOn("a", corev1.PodRunning, ofDaemon)}, unneeded},
		{"pods that have ended need none", []corev1.Pod{podOn("a", corev1.PodSucceeded), podOn("a", corev1.PodFailed)}, unneeded},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			if got := environment.Unneeded([]corev1.Node{node}, tc.pods); !slices.Equal(got, tc.want) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}
