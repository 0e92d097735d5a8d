// SPDX-License-Identifier: Apache-2.0

package machines_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"karpenter.sh/test/machines"
	"karpenter.sh/test/machines/v1alpha1"
)

var born = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// host exists after 10 seconds, and joins 20 seconds later.
func host(change func(*v1alpha1.FakeMachine)) *v1alpha1.FakeMachine {
	m := &v1alpha1.FakeMachine{
		ObjectMeta: metav1.ObjectMeta{Name: "m", Namespace: "n", CreationTimestamp: metav1.NewTime(born)},
		Spec: v1alpha1.FakeMachineSpec{
			Provisioning: metav1.Duration{Duration: 10 * time.Second}, Boot: metav1.Duration{Duration: 20 * time.Second},
			Capacity: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("2"), corev1.ResourceMemory: resource.MustParse("1Gi")},
		},
	}
	if change != nil {
		change(m)
	}
	return m
}

func TestDueAt(t *testing.T) {
	fault := func(f v1alpha1.Fault) func(*v1alpha1.FakeMachine) {
		return func(m *v1alpha1.FakeMachine) { m.Spec.Fault = f }
	}
	for reason, tc := range map[string]struct {
		change func(*v1alpha1.FakeMachine)
		after  time.Duration
		want   machines.Due
	}{
		"it is being made":             {nil, 4 * time.Second, machines.Due{Next: 6 * time.Second}},
		"it boots":                     {nil, 10 * time.Second, machines.Due{Provisioned: true, Next: 20 * time.Second}},
		"it has booted":                {nil, 30 * time.Second, machines.Due{Provisioned: true, Joined: true}},
		"it fails at once":             {fault(v1alpha1.Fails), time.Hour, machines.Due{Failed: true}},
		"it is never made":             {fault(v1alpha1.Hangs), time.Hour, machines.Due{}},
		"it is made, and never joins":  {fault(v1alpha1.NeverJoins), time.Hour, machines.Due{Provisioned: true}},
		"it is made, and then is gone": {func(m *v1alpha1.FakeMachine) { m.Annotations = map[string]string{v1alpha1.AnnotationVanished: ""} }, time.Hour, machines.Due{Provisioned: true}},
	} {
		t.Run(reason, func(t *testing.T) {
			if got := machines.DueAt(host(tc.change), born.Add(tc.after)); got != tc.want {
				t.Errorf("got %+v, want %+v", got, tc.want)
			}
		})
	}
}

// CAPI-064: the Node has the provider ID of the Machine, and what the bootstrap says.
func TestNodeOf(t *testing.T) {
	m := host(func(m *v1alpha1.FakeMachine) {
		m.Spec.Labels = map[string]string{"team": "a", corev1.LabelArchStable: "arm64"}
		m.Spec.Taints = []corev1.Taint{{Key: "k", Effect: corev1.TaintEffectNoExecute}}
		m.Spec.Reserved = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("500m"), corev1.ResourceMemory: resource.MustParse("2Gi"), "other": resource.MustParse("1")}
	})
	node := machines.NodeOf(m, "v1.2.3")
	if node.Name != "m" || node.Spec.ProviderID != machines.ProviderID(m) || node.Status.NodeInfo.KubeletVersion != "v1.2.3" {
		t.Errorf("Node %s has provider ID %s", node.Name, node.Spec.ProviderID)
	}
	want := map[string]string{"team": "a", "kubernetes.io/arch": "arm64", "kubernetes.io/os": "linux", "kubernetes.io/hostname": "m", "kwok-partition": "a"}
	if diff := cmp.Diff(want, node.Labels); diff != "" {
		t.Errorf("labels: %s", diff)
	}
	if diff := cmp.Diff(m.Spec.Taints, node.Spec.Taints); diff != "" {
		t.Errorf("taints: %s", diff)
	}
	allocatable := node.Status.Allocatable
	if len(allocatable) != 2 || allocatable.Cpu().String() != "1500m" || !allocatable.Memory().IsZero() {
		t.Errorf("allocatable %v", allocatable)
	}
	if capacity := node.Status.Capacity; capacity.Cpu().String() != "2" || m.Spec.Capacity.Memory().String() != "1Gi" {
		t.Errorf("capacity %v, of which %v was wanted", capacity, m.Spec.Capacity)
	}
}
