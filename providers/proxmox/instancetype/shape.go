// SPDX-License-Identifier: Apache-2.0

package instancetype

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/resource"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/label"
)

// Shape is a kind of machine.
type Shape struct {
	// Name is that of the instance type.
	Name string
	// Capacity has at least cpu, a whole number, memory and pods.
	Capacity corev1.ResourceList
	// CapacityType is on-demand, spot or reserved: a label only, since Proxmox VE ends no
	// machine.
	CapacityType string
	// Overhead is what the kubelet keeps.
	Overhead cloudprovider.Overhead
}

// VCPUs is how many CPUs the machine gets.
func (s Shape) VCPUs() int { return int(s.Capacity.Cpu().Value()) }

// MemoryBytes is how much memory the machine gets.
func (s Shape) MemoryBytes() int64 { return s.Capacity.Memory().Value() }

// EstimatedMemory is how much memory the node is thought to report, in bytes, where guests
// do not see a share of it, 0 to 1 (PVE-043).
func (s Shape) EstimatedMemory(overhead float64) int64 {
	return int64(float64(s.MemoryBytes()) * (1 - overhead))
}

// Family is the name up to the first dot.
func (s Shape) Family() string {
	family, _, _ := strings.Cut(s.Name, ".")
	return family
}

// Price is an estimate for an hour (PVE-045).
func (s Shape) Price() float64 {
	onDemand := 0.025*float64(s.VCPUs()) + 0.001*float64(s.MemoryBytes())/1e9
	switch s.CapacityType {
	case label.Spot:
		return onDemand * 0.5
	case label.Reserved:
		return cloudprovider.ReservedPrice(onDemand)
	}
	return onDemand
}

const gib = int64(1) << 30

// BuiltIn are the shapes that there are without a file (PVE-041).
func BuiltIn() []Shape {
	return Generate(Range{CPUs: []int{1, 2, 4, 8, 16}, GiBPerCPU: []int{2, 3, 4, 8}, StorageGiB: 30, Kubelet: true, System: true, Eviction: true})
}

// Range is what shapes are generated from.
type Range struct {
	// CPUs and GiBPerCPU are combined.
	CPUs, GiBPerCPU []int
	// StorageGiB is the ephemeral storage; 0: none is told.
	StorageGiB int
	// Kubelet, System and Eviction add that overhead.
	Kubelet, System, Eviction bool
}

// Generate makes a shape of each combination (PVE-041, PVE-042).
func Generate(r Range) []Shape {
	var out []Shape
	for _, cpus := range r.CPUs {
		for _, factor := range r.GiBPerCPU {
			out = append(out, r.shape(cpus, factor))
		}
	}
	return out
}

func (r Range) shape(cpus, factor int) Shape {
	memory := int64(cpus*factor) * gib
	s := Shape{
		Name: fmt.Sprintf("%s1.%dVCPU-%dGB", family(factor), cpus, cpus*factor), CapacityType: label.OnDemand,
		Capacity: corev1.ResourceList{
			corev1.ResourceCPU: quantity(int64(cpus)), corev1.ResourceMemory: bytes(memory), corev1.ResourcePods: quantity(pods(memory)),
		},
	}
	if r.StorageGiB > 0 {
		s.Capacity[corev1.ResourceEphemeralStorage] = bytes(int64(r.StorageGiB) * gib)
	}
	if r.Kubelet {
		s.Overhead.KubeReserved = reserved(kubeCPU(cpus), 384)
	}
	if r.System {
		s.Overhead.SystemReserved = reserved(10, 64)
	}
	if r.Eviction {
		s.Overhead.EvictionThreshold = corev1.ResourceList{corev1.ResourceMemory: bytes(100 << 20)}
	}
	return s
}

// family is the letter for so many GiB per CPU.
func family(factor int) string {
	switch factor {
	case 2:
		return "c"
	case 3:
		return "t"
	case 4:
		return "s"
	case 8:
		return "m"
	case 16:
		return "x"
	}
	return "e"
}

// pods is how many pods so much memory is good for.
func pods(memory int64) int64 {
	switch {
	case memory <= gib:
		return 32
	case memory <= 2*gib:
		return 64
	}
	return 110
}

// kubeCPU is what the kubelet keeps, in thousandths of a CPU.
func kubeCPU(cpus int) int64 {
	switch {
	case cpus < 1:
		return 10
	case cpus < 2:
		return 20
	case cpus < 4:
		return 50
	}
	return 100
}

func reserved(milli, mebibytes int64) corev1.ResourceList {
	return corev1.ResourceList{
		corev1.ResourceCPU: *resource.NewMilliQuantity(milli, resource.DecimalSI), corev1.ResourceMemory: bytes(mebibytes << 20),
	}
}

func bytes(n int64) resource.Quantity { return *resource.NewQuantity(n, resource.BinarySI) }

func quantity(n int64) resource.Quantity { return *resource.NewQuantity(n, resource.DecimalSI) }

// Equal reports whether two shapes are the same.
func (s Shape) Equal(other Shape) bool { return equality.Semantic.DeepEqual(s, other) }
