// SPDX-License-Identifier: Apache-2.0

package benchmark

import (
	"fmt"
	"math/rand"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"karpenter.sh/core/cloudprovider"
)

// ReadProduction reads pods from a list with the columns cpu_milli and
// memory_mib.
func ReadProduction(path string) ([]*corev1.Pod, error) {
	var out []*corev1.Pod
	err := readTable(path, func(row record) error {
		cpu, errCPU := row.number("cpu_milli")
		memory, errMemory := row.number("memory_mib")
		if errCPU != nil || errMemory != nil {
			return fmt.Errorf("pod %q has no whole CPU or memory", row["name"])
		}
		out = append(out, pod(len(out), amounts(cpu, memory)))
		return nil
	})
	return out, err
}

// SyntheticProduction stands in for a production list: a few common shapes and
// a long tail of large ones.
func SyntheticProduction(pods int) []*corev1.Pod {
	rnd := rand.New(rand.NewSource(42))
	out := make([]*corev1.Pod, pods)
	for i := range out {
		cpu := []int64{1000, 2000, 4000, 6000, 8000, 11_400, 12_000, 16_000, 32_000, 64_000}[min(rnd.Intn(10), rnd.Intn(10))]
		out[i] = pod(i, amounts(cpu, cpu*[]int64{1, 2, 4, 8}[rnd.Intn(4)]*1024/1000))
	}
	return out
}

func amounts(cpuMilli, memoryMiB int64) corev1.ResourceList {
	return corev1.ResourceList{
		corev1.ResourceCPU:    *resource.NewMilliQuantity(cpuMilli, resource.DecimalSI),
		corev1.ResourceMemory: *resource.NewQuantity(memoryMiB<<20, resource.BinarySI),
	}
}

// FakeCloud returns the types of the fake-node provider for amd64 and linux,
// on demand: 12 sizes in three memory ratios, at a price that is linear in CPU
// and memory.
func FakeCloud() []*cloudprovider.InstanceType {
	var out []*cloudprovider.InstanceType
	for _, cpu := range []int64{1, 2, 4, 8, 16, 32, 48, 64, 96, 128, 192, 256} {
		for _, ratio := range []int64{2, 4, 8} {
			gib := cpu * ratio
			it := instanceType(fmt.Sprintf("%d-%dx", ratio, cpu), cpu, gib, 0)
			it.Capacity[corev1.ResourcePods] = *resource.NewQuantity(min(16*cpu, 1024), resource.DecimalSI)
			it.Overhead.KubeReserved[corev1.ResourceMemory] = resource.MustParse("10Mi")
			for _, o := range it.Offerings {
				o.Price = 0.025*float64(cpu) + 0.001*float64(gib<<30)/1e9
				o.Available = o.CapacityType() == "on-demand"
			}
			out = append(out, it)
		}
	}
	return out
}
