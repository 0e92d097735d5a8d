// SPDX-License-Identifier: Apache-2.0

package performance_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"karpenter.sh/test/internal/objects"
	"karpenter.sh/test/internal/performance"
)

// OPS-279: each node counts the same, however large.
func TestUtilization(t *testing.T) {
	node := func(name, cpu, memory string) corev1.Node {
		return corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}, Status: corev1.NodeStatus{Allocatable: corev1.ResourceList{
			corev1.ResourceCPU: resource.MustParse(cpu), corev1.ResourceMemory: resource.MustParse(memory),
		}}}
	}
	pod := func(node, cpu, memory string) corev1.Pod {
		p := objects.Workload{Name: "w", CPU: cpu, Memory: memory}.Pod()
		p.Spec.NodeName = node
		return *p
	}
	nodes := []corev1.Node{node("small", "1", "4Gi"), node("large", "10", "10Gi")}
	pods := []corev1.Pod{pod("small", "500m", "4Gi"), pod("small", "500m", "0"), pod("large", "1", "5Gi"), pod("elsewhere", "9", "9Gi")}
	if cpu, memory := performance.Utilization(nodes, pods); cpu != 0.55 || memory != 0.75 {
		t.Errorf("got %v of CPU and %v of memory, want 0.55 and 0.75", cpu, memory)
	}
	if cpu, memory := performance.Utilization(nil, pods); cpu != 0 || memory != 0 {
		t.Errorf("without nodes: %v and %v", cpu, memory)
	}
}
