// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"fmt"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"karpenter.sh/test/cloudsim/join"
)

const (
	mebi = 1 << 20
	gibi = 1 << 30
	// memoryShare is what the kernel of a small machine leaves of the memory that is
	// sold, in sixteenths: the hypervisor and the kernel itself take the rest.
	memoryShare = 15
	// armKept is what the firmware of arm64 machines keeps of it before, in MiB.
	armKept = 64
)

// capacityOf is what the kubelet finds on a machine.
func capacityOf(n join.Node) corev1.ResourceList {
	m := n.Machine
	memory := int64(m.Memory)
	if m.Architecture == "arm64" {
		memory -= armKept
	}
	list := corev1.ResourceList{
		corev1.ResourceCPU:              *resource.NewQuantity(int64(m.CPU), resource.DecimalSI),
		corev1.ResourceMemory:           *resource.NewQuantity(memory*mebi/16*memoryShare, resource.BinarySI),
		corev1.ResourceEphemeralStorage: *resource.NewQuantity(int64(m.Disk)*gibi, resource.BinarySI),
		corev1.ResourcePods:             *resource.NewQuantity(int64(n.MaxPods), resource.DecimalSI),
	}
	for name, count := range m.Extended {
		list[corev1.ResourceName(name)] = *resource.NewQuantity(int64(count), resource.DecimalSI)
	}
	return list
}

// allocatableOf is what is left for pods: without what is reserved and without what
// must stay free, never below nothing.
func allocatableOf(n join.Node, capacity corev1.ResourceList) (corev1.ResourceList, error) {
	list := capacity.DeepCopy()
	for name, reserved := range map[string]map[string]string{"kube-reserved": n.KubeReserved, "system-reserved": n.SystemReserved} {
		for key, text := range reserved {
			q, err := resource.ParseQuantity(text)
			if err != nil || q.Sign() < 0 {
				return nil, fmt.Errorf("%s: %s: %q is no amount", name, key, text)
			}
			take(list, corev1.ResourceName(key), q)
		}
	}
	kept := map[string]corev1.ResourceName{"memory.available": corev1.ResourceMemory, "nodefs.available": corev1.ResourceEphemeralStorage}
	for signal, text := range n.EvictionHard {
		threshold, err := amount(text, capacity[kept[signal]])
		if err != nil {
			return nil, fmt.Errorf("eviction-hard: %s: %w", signal, err)
		}
		if name, ok := kept[signal]; ok {
			take(list, name, threshold)
		}
	}
	return list, nil
}

// amount reads a quantity or a percentage of a capacity. 100 % switches a signal off.
func amount(text string, capacity resource.Quantity) (resource.Quantity, error) {
	percent, ok := strings.CutSuffix(text, "%")
	if !ok {
		q, err := resource.ParseQuantity(text)
		if err != nil || q.Sign() < 0 {
			return q, fmt.Errorf("%q is no amount", text)
		}
		return q, nil
	}
	share, err := strconv.ParseFloat(percent, 64)
	if err != nil || share < 0 || share > 100 {
		return resource.Quantity{}, fmt.Errorf("%q is no percentage", text)
	}
	if share == 100 {
		share = 0
	}
	return *resource.NewQuantity(int64(float64(capacity.Value())*share/100), resource.BinarySI), nil
}

func take(list corev1.ResourceList, name corev1.ResourceName, q resource.Quantity) {
	left, ok := list[name]
	if !ok {
		return
	}
	left.Sub(q)
	if left.Sign() < 0 {
		left.Sub(left)
	}
	list[name] = left
}
