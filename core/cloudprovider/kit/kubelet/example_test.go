// SPDX-License-Identifier: Apache-2.0

package kubelet_test

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"karpenter.sh/core/cloudprovider/kit/kubelet"
)

// A provider that computes the overhead of a type and the settings of its nodes.
func ExamplePlan() {
	user, errs := kubelet.Reader{Path: field.NewPath("spec", "kubelet")}.Read([]byte(`{"maxPods": 20, "evictionHard": {"memory.available": "200Mi"}}`))
	if len(errs) > 0 {
		fmt.Println(errs.ToAggregate())
		return
	}
	settings, err := kubelet.Plan(
		kubelet.Machine{MilliCPU: 2000, Memory: 8 << 30, EphemeralStorage: 20 << 30, Pods: 29},
		kubelet.Rules{
			CPU:    kubelet.Formula{Unit: 1, Tiers: []kubelet.Tier{{UpTo: 1000, Share: 600}, {Share: 100}}},
			Memory: kubelet.Formula{Unit: 1 << 20, Fixed: 255, PerPod: 11},
		},
		user,
	)
	overhead := settings.Overhead.Total()
	fmt.Println(overhead.Cpu(), overhead.Memory(), settings.Pods, err)
	memory := settings.KubeReserved[corev1.ResourceMemory]
	fmt.Println("--kube-reserved memory", memory.String(), "--eviction-hard", settings.EvictionHard)
	// Output:
	// 70m 675Mi 20 <nil>
	// --kube-reserved memory 475Mi --eviction-hard map[memory.available:200Mi]
}
