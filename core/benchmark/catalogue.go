// SPDX-License-Identifier: Apache-2.0

package benchmark

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/requirement"
)

// Zones in which every type of [InstanceTypes] is sold.
var zones = []string{"zone-1", "zone-2", "zone-3"}

// InstanceTypes returns n types: sizes from 1 CPU upwards, three memory ratios,
// each as spot and on-demand in every zone. Prices rise with size, a little
// less than linearly, and differ between ratios.
func InstanceTypes(n int) []*cloudprovider.InstanceType {
	out := make([]*cloudprovider.InstanceType, 0, n)
	for i := range n {
		cpu := int64(i/3%64 + 1)
		ratio := []int64{2, 4, 8}[i%3]
		out = append(out, instanceType(fmt.Sprintf("type-%03d", i), cpu, cpu*ratio, float64(i/192)*0.002))
	}
	return out
}

func instanceType(name string, cpu, gib int64, surcharge float64) *cloudprovider.InstanceType {
	price := 0.024*float64(cpu) + 0.003*float64(gib) + surcharge
	it := &cloudprovider.InstanceType{
		Name: name,
		Capacity: corev1.ResourceList{
			corev1.ResourceCPU:              *resource.NewQuantity(cpu, resource.DecimalSI),
			corev1.ResourceMemory:           *resource.NewQuantity(gib<<30, resource.BinarySI),
			corev1.ResourcePods:             *resource.NewQuantity(110, resource.DecimalSI),
			corev1.ResourceEphemeralStorage: resource.MustParse("20Gi"),
		},
		Overhead: cloudprovider.Overhead{KubeReserved: corev1.ResourceList{
			corev1.ResourceCPU: resource.MustParse("100m"), corev1.ResourceMemory: resource.MustParse("100Mi"),
		}},
		Requirements: requirement.All(
			requirement.In(label.InstanceType, name),
			requirement.In(label.Arch, "amd64"), requirement.In(label.OS, "linux"),
			requirement.In(label.Zone, zones...),
			requirement.In(label.CapacityType, label.Spot, label.OnDemand)),
	}
	for _, zone := range zones {
		for capacityType, factor := range map[string]float64{label.Spot: 0.7, label.OnDemand: 1} {
			it.Offerings = append(it.Offerings, &cloudprovider.Offering{
				Requirements: requirement.All(requirement.In(label.Zone, zone), requirement.In(label.CapacityType, capacityType)),
				Price:        price * factor, Available: true,
			})
		}
	}
	return it
}
