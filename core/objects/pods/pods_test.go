// SPDX-License-Identifier: Apache-2.0

package pods_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/objects/pods"
)

func owned(apiVersion, kind string) func(*corev1.Pod) {
	yes := true
	return func(p *corev1.Pod) {
		p.OwnerReferences = append([]metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "ReplicaSet", Controller: &yes}},
			metav1.OwnerReference{APIVersion: apiVersion, Kind: kind})
	}
}

// SCH-002: every owner reference counts, and exactly these kinds.
func TestOwners(t *testing.T) {
	for _, tc := range []struct {
		why                   string
		owner                 func(*corev1.Pod)
		byDaemonSet, byMirror bool
	}{
		{"a DaemonSet that is not the controller", owned("apps/v1", "DaemonSet"), true, false},
		{"a Node that is not the controller", owned("v1", "Node"), false, true},
		{"another version", owned("apps/v1beta2", "DaemonSet"), false, false},
		{"another group", owned("example.com/v1", "Node"), false, false},
		{"another kind", owned("apps/v1", "daemonset"), false, false},
	} {
		t.Run(tc.why, func(t *testing.T) {
			p := webPod(tc.owner)
			if got := pods.OwnedByDaemonSet(p); got != tc.byDaemonSet {
				t.Errorf("by a DaemonSet: %v", got)
			}
			if got := pods.OwnedByNode(p); got != tc.byMirror {
				t.Errorf("by a Node: %v", got)
			}
		})
	}
}

// SCH-005: who needs another place.
func TestReschedulable(t *testing.T) {
	terminating := func(p *corev1.Pod) { p.DeletionTimestamp = &metav1.Time{Time: now} }
	both := func(a, b func(*corev1.Pod)) func(*corev1.Pod) { return func(p *corev1.Pod) { a(p); b(p) } }
	for _, tc := range []struct {
		why             string
		pod             func(*corev1.Pod)
		ever, currently bool
	}{
		{"a pod that runs", nil, true, true},
		{"one that has ended", func(p *corev1.Pod) { p.Status.Phase = corev1.PodSucceeded }, false, false},
		{"one that is ending", terminating, false, false},
		{"one that is ending and gets a successor only then", both(terminating, owned("apps/v1", "StatefulSet")), true, true},
		{"a daemon", owned("apps/v1", "DaemonSet"), false, false},
		{"a mirror pod", owned("v1", "Node"), false, false},
		{"one that must not be disrupted", func(p *corev1.Pod) { p.Annotations[v1.DoNotDisruptAnnotationKey] = "true" }, true, false},
	} {
		t.Run(tc.why, func(t *testing.T) {
			p := webPod(tc.pod)
			if got := pods.Reschedulable(p); got != tc.ever {
				t.Errorf("reschedulable: %v", got)
			}
			if got := pods.NewBudgets(nil).CurrentlyReschedulable(p, now); got != tc.currently {
				t.Errorf("currently: %v", got)
			}
		})
	}
}
