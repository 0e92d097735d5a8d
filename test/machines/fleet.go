// SPDX-License-Identifier: Apache-2.0

package machines

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"karpenter.sh/core/engine/label"
)

// Labels of the hosts of [Fleet] beside the well-known ones.
const (
	LabelFamily = "karpenter.cluster.x-k8s.io/instance-family"
	LabelSize   = "karpenter.cluster.x-k8s.io/instance-size"
)

// What an hour costs, in dollars.
const (
	priceOfCore = 0.03
	priceOfGiB  = 0.004
	spotShare   = 0.4
)

// Fleet is a choice of groups such as a data centre has it: three families with 2, 4, or 8
// GiB of memory for each processor, five sizes, two zones; the first of them for arm64, too,
// and the middle one as spot capacity. Those that differ in zone and capacity type only are
// one instance type.
func Fleet(provisioning, boot time.Duration) []Group {
	var groups []Group
	for _, family := range []struct {
		name   string
		memory int // GiB for each processor
	}{{"c", 2}, {"m", 4}, {"r", 8}} {
		for _, cpu := range []int{2, 4, 8, 16, 32} {
			for _, zone := range []string{"a", "b"} {
				s := shape{family: family.name, cpu: cpu, memory: cpu * family.memory, zone: zone}
				groups = append(groups, s.group(provisioning, boot))
				switch family.name {
				case "c":
					s.arm = true
					groups = append(groups, s.group(provisioning, boot))
				case "m":
					s.spot = true
					groups = append(groups, s.group(provisioning, boot))
				}
			}
		}
	}
	return groups
}

// shape is a kind of host; memory is in GiB.
type shape struct {
	family      string
	cpu, memory int
	zone        string
	arm, spot   bool
}

func (s shape) group(provisioning, boot time.Duration) Group {
	kind, architecture := fmt.Sprintf("%s-%d", s.family, s.cpu), defaultArchitecture
	if s.arm {
		kind, architecture = kind+"-arm", "arm64"
	}
	name, capacityType := kind+"-"+s.zone, "on-demand"
	price := priceOfCore*float64(s.cpu) + priceOfGiB*float64(s.memory)
	if s.spot {
		name, capacityType, price = name+"-spot", "spot", price*spotShare
	}
	return Group{
		Name: name,
		Labels: map[string]string{
			corev1.LabelInstanceTypeStable: kind, corev1.LabelTopologyZone: "zone-" + s.zone,
			corev1.LabelArchStable: architecture, corev1.LabelOSStable: operatingSystem,
			LabelFamily: s.family, LabelSize: fmt.Sprint(s.cpu), label.CapacityType: capacityType,
		},
		Capacity: corev1.ResourceList{
			corev1.ResourceCPU: *resource.NewQuantity(int64(s.cpu), resource.DecimalSI), corev1.ResourceMemory: resource.MustParse(fmt.Sprintf("%dGi", s.memory)),
			corev1.ResourcePods: resource.MustParse("110"), corev1.ResourceEphemeralStorage: resource.MustParse("50Gi"),
		},
		Price:        fmt.Sprintf("%.4f", price),
		Provisioning: provisioning, Boot: boot,
	}
}
