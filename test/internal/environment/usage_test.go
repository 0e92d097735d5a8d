// SPDX-License-Identifier: Apache-2.0

package environment_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/test/internal/environment"
)

func claim(uid, cpu string) *v1.NodeClaim {
	c := &v1.NodeClaim{ObjectMeta: metav1.ObjectMeta{Name: uid, UID: types.UID(uid)}}
	if cpu != "" {
		c.Status.Capacity = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(cpu)}
	}
	return c
}

func leaving(c *v1.NodeClaim) *v1.NodeClaim {
	now := metav1.Now()
	c.DeletionTimestamp = &now
	return c
}

func TestUsagePeak(t *testing.T) {
	for _, tc := range []struct {
		reason     string
		events     []watch.Event
		cpu, nodes string
	}{
		{"nothing happened", nil, "0", "0"},
		{"a claim counts as a node before its launch", []watch.Event{
			{Type: watch.Added, Object: claim("a", "")},
		}, "0", "1"},
		{"capacity counts once, however often it is reported", []watch.Event{
			{Type: watch.Added, Object: claim("a", "")},
			{Type: watch.Modified, Object: claim("a", "4")},
			{Type: watch.Modified, Object: claim("a", "4")},
		}, "4", "1"},
		{"the peak stays after claims go", []watch.Event{
			{Type: watch.Added, Object: claim("a", "4")},
			{Type: watch.Added, Object: claim("b", "8")},
			{Type: watch.Deleted, Object: claim("a", "4")},
			{Type: watch.Deleted, Object: claim("b", "8")},
		}, "12", "2"},
		{"a claim under deletion makes room", []watch.Event{
			{Type: watch.Added, Object: claim("a", "4")},
			{Type: watch.Modified, Object: leaving(claim("a", "4"))},
			{Type: watch.Added, Object: claim("b", "4")},
		}, "4", "1"},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			usage := environment.NewUsage()
			for _, event := range tc.events {
				usage.Observe(event)
			}
			expect(t, usage, corev1.ResourceCPU, tc.cpu)
			expect(t, usage, v1.ResourceNodes, tc.nodes)
		})
	}
}

func TestUsageReportsABrokenWatch(t *testing.T) {
	usage := environment.NewUsage()
	usage.Observe(watch.Event{Type: watch.Error, Object: &metav1.Status{Reason: metav1.StatusReasonExpired}})
	if _, err := usage.Peak(corev1.ResourceCPU); err == nil {
		t.Error("changes were missed in silence")
	}
}

func expect(t *testing.T, usage *environment.Usage, name corev1.ResourceName, want string) {
	t.Helper()
	got, err := usage.Peak(name)
	if err != nil {
		t.Fatal(err)
	}
	if got.Cmp(resource.MustParse(want)) != 0 {
		t.Errorf("peak of %s is %s, want %s", name, got.String(), want)
	}
}
