// SPDX-License-Identifier: Apache-2.0

package intake_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	engine "karpenter.sh/core/engine/resource"
)

func TestRequests(t *testing.T) {
	resizing := func(pod *corev1.Pod, reason string) *corev1.Pod {
		pod.Status.ContainerStatuses = []corev1.ContainerStatus{{
			Name:               "app",
			AllocatedResources: requests("cpu", "2"),
			Resources:          &corev1.ResourceRequirements{Requests: requests("cpu", "1", "memory", "2Gi")},
		}}
		if reason != "" {
			pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodResizePending, Reason: reason}}
		}
		return pod
	}
	for _, tc := range []struct {
		why  string
		pod  *corev1.Pod
		want corev1.ResourceList
	}{
		{"SCH-040 containers add up, and a pod counts as one", podOf(corev1.PodSpec{
			Containers: []corev1.Container{container(requests("cpu", "1")), container(requests("cpu", "500m", "memory", "1Gi"))},
		}), requests("cpu", "1500m", "memory", "1Gi", "pods", "1")},
		{"SCH-040 an init container counts when it needs more than what runs later", podOf(corev1.PodSpec{
			InitContainers: []corev1.Container{container(requests("cpu", "3")), container(requests("memory", "1Gi"))},
			Containers:     []corev1.Container{container(requests("cpu", "1", "memory", "2Gi"))},
		}), requests("cpu", "3", "memory", "2Gi", "pods", "1")},
		{"SCH-040 sidecars run beside the containers", podOf(corev1.PodSpec{
			InitContainers: []corev1.Container{sidecar("s", requests("cpu", "1"))},
			Containers:     []corev1.Container{container(requests("cpu", "1"))},
		}), requests("cpu", "2", "pods", "1")},
		{"SCH-040 an init container runs beside the sidecars started before it only", podOf(corev1.PodSpec{
			InitContainers: []corev1.Container{sidecar("a", requests("cpu", "1")), container(requests("cpu", "4")), sidecar("b", requests("cpu", "1"))},
			Containers:     []corev1.Container{container(requests("cpu", "1"))},
		}), requests("cpu", "5", "pods", "1")},
		{"SCH-040 overhead is added last", podOf(corev1.PodSpec{
			Overhead:   requests("cpu", "250m"),
			Containers: []corev1.Container{container(requests("cpu", "1"))},
		}), requests("cpu", "1250m", "pods", "1")},
		{"SCH-041 pod-level values replace cpu, memory and huge pages, each where present", podOf(corev1.PodSpec{
			Resources:  &corev1.ResourceRequirements{Requests: requests("cpu", "4", "hugepages-2Mi", "4Mi", "ephemeral-storage", "9Gi")},
			Containers: []corev1.Container{container(requests("cpu", "1", "memory", "1Gi", "ephemeral-storage", "1Gi"))},
		}), requests("cpu", "4", "memory", "1Gi", "hugepages-2Mi", "4Mi", "ephemeral-storage", "1Gi", "pods", "1")},
		{"SCH-042 a container being resized counts with the largest of its values", resizing(podOf(corev1.PodSpec{
			Containers: []corev1.Container{container(requests("cpu", "3", "memory", "1Gi"))},
		}), ""), requests("cpu", "3", "memory", "2Gi", "pods", "1")},
		{"SCH-042 an infeasible resize does not count", resizing(podOf(corev1.PodSpec{
			Containers: []corev1.Container{container(requests("cpu", "3", "memory", "1Gi"))},
		}), corev1.PodReasonInfeasible), requests("cpu", "2", "memory", "2Gi", "pods", "1")},
		{"SCH-043 limits do not count", podOf(corev1.PodSpec{
			Containers: []corev1.Container{{Name: "app", Resources: corev1.ResourceRequirements{Limits: requests("cpu", "8")}}},
		}), requests("pods", "1")},
		{"SCH-045 extended resources are ordinary", podOf(corev1.PodSpec{
			Containers: []corev1.Container{container(requests("example.com/gpu", "2"))},
		}), requests("example.com/gpu", "2", "pods", "1")},
	} {
		t.Run(tc.why, func(t *testing.T) {
			c := compiler()
			equal(t, c, c.List(c.Requests(tc.pod)), tc.want)
		})
	}
}

// SCH-044: requests are rounded up and availability is rounded down.
func TestRounding(t *testing.T) {
	c := compiler()
	fine := corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("1500u"), corev1.ResourceMemory: resource.MustParse("1500m")}
	if got := c.Requested(fine); got.Get(engine.CPU) != 2 || got.Get(engine.Memory) != 2 {
		t.Errorf("requested: got %v", got)
	}
	if got := c.Available(fine); got.Get(engine.CPU) != 1 || got.Get(engine.Memory) != 1 {
		t.Errorf("available: got %v", got)
	}
}
