// SPDX-License-Identifier: Apache-2.0

package environment_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"

	"karpenter.sh/test/internal/environment"
)

func pod(uid string, ready corev1.ConditionStatus) *corev1.Pod {
	p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: uid, UID: types.UID(uid)}}
	p.Status.Phase = corev1.PodRunning
	p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: ready}}
	return p
}

func TestAvailabilityLowest(t *testing.T) {
	yes, no := corev1.ConditionTrue, corev1.ConditionFalse
	terminating := pod("a", yes)
	now := metav1.Now()
	terminating.DeletionTimestamp = &now
	for _, tc := range []struct {
		reason string
		events []watch.Event
		want   int
	}{
		{"nothing happened", nil, 2},
		{"a pod that is replaced before it goes", []watch.Event{
			{Type: watch.Added, Object: pod("c", yes)}, {Type: watch.Deleted, Object: pod("a", yes)},
		}, 2},
		{"a pod that goes before it is replaced", []watch.Event{
			{Type: watch.Deleted, Object: pod("a", yes)}, {Type: watch.Added, Object: pod("c", yes)},
		}, 1},
		{"a replacement that is not ready", []watch.Event{
			{Type: watch.Added, Object: pod("c", no)}, {Type: watch.Deleted, Object: pod("a", yes)},
		}, 1},
		{"a terminating pod is not available", []watch.Event{{Type: watch.Modified, Object: terminating}}, 1},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			a := environment.NewAvailability([]corev1.Pod{*pod("a", yes), *pod("b", yes)})
			for _, event := range tc.events {
				a.Observe(event)
			}
			if got, err := a.Lowest(); err != nil || got != tc.want {
				t.Errorf("got %d, %v; want %d", got, err, tc.want)
			}
		})
	}
}

func TestAvailabilityCame(t *testing.T) {
	a := environment.NewAvailability([]corev1.Pod{*pod("a", corev1.ConditionTrue)})
	for _, event := range []watch.Event{
		{Type: watch.Modified, Object: pod("a", corev1.ConditionFalse)},
		{Type: watch.Added, Object: pod("b", corev1.ConditionFalse)},
		{Type: watch.Modified, Object: pod("b", corev1.ConditionTrue)},
		{Type: watch.Deleted, Object: pod("a", corev1.ConditionTrue)},
	} {
		a.Observe(event)
	}
	if got, err := a.Came(); err != nil || got != 1 {
		t.Errorf("got %d, %v; want 1", got, err)
	}
}
