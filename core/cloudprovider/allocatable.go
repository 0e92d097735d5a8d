// SPDX-License-Identifier: Apache-2.0

package cloudprovider

import (
	"maps"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	v1 "karpenter.sh/core/apis/v1"
)

// Overhead is the part of a machine's capacity that pods cannot use. Absent
// lists are zero.
type Overhead struct {
	KubeReserved      corev1.ResourceList
	SystemReserved    corev1.ResourceList
	EvictionThreshold corev1.ResourceList
}

// Total is the sum of the three parts, for each resource that any names.
func (o Overhead) Total() corev1.ResourceList {
	total := corev1.ResourceList{}
	for _, part := range []corev1.ResourceList{o.KubeReserved, o.SystemReserved, o.EvictionThreshold} {
		for name, quantity := range part {
			sum := total[name].DeepCopy()
			sum.Add(quantity)
			total[name] = sum
		}
	}
	return total
}

func (o Overhead) equal(other Overhead) bool {
	return equalResources(o.KubeReserved, other.KubeReserved) &&
		equalResources(o.SystemReserved, other.SystemReserved) &&
		equalResources(o.EvictionThreshold, other.EvictionThreshold)
}

// AllocatableGroup is a set of offerings through which a machine has the same
// resources (CP-055). It is immutable.
type AllocatableGroup struct {
	// Allocatable is what pods can use; quantities may be negative (CP-054).
	Allocatable corev1.ResourceList
	// Capacity is what the Node reports.
	Capacity corev1.ResourceList
	// Offerings are the available ones.
	Offerings Offerings

	capacityOverride corev1.ResourceList
	overheadOverride Overhead
}

// Fits reports whether pods with these requests fit.
func (g AllocatableGroup) Fits(requests corev1.ResourceList) bool {
	return Fits(requests, g.Allocatable)
}

func (g AllocatableGroup) holds(o *Offering) bool {
	return equalResources(g.capacityOverride, o.CapacityOverride) && g.overheadOverride.equal(overheadOverride(o))
}

// Fits reports whether the requests fit into what is allocatable (SCH-044): a
// missing quantity is zero, and nothing fits where any quantity is negative.
func Fits(requests, allocatable corev1.ResourceList) bool {
	for _, quantity := range allocatable {
		if quantity.Sign() < 0 {
			return false
		}
	}
	for name, request := range requests {
		if v1.CompareQuantities(request, allocatable[name]) > 0 {
			return false
		}
	}
	return true
}

// AllocatableOf is the capacity less the overhead (CP-053). Resources that only
// the overhead names are left out; huge pages are taken from memory, which they
// do not make negative.
func AllocatableOf(capacity, overhead corev1.ResourceList) corev1.ResourceList {
	out := make(corev1.ResourceList, len(capacity))
	for name, quantity := range capacity {
		left := quantity.DeepCopy()
		left.Sub(overhead[name])
		out[name] = left
	}
	if memory, ok := out[corev1.ResourceMemory]; ok {
		out[corev1.ResourceMemory] = withoutHugePages(memory, capacity)
	}
	return out
}

func withoutHugePages(memory resource.Quantity, capacity corev1.ResourceList) resource.Quantity {
	if memory.Sign() <= 0 {
		return memory
	}
	for name, quantity := range capacity {
		if strings.HasPrefix(string(name), corev1.ResourceHugePagesPrefix) {
			memory.Sub(quantity)
		}
	}
	if memory.Sign() < 0 {
		return *resource.NewQuantity(0, memory.Format)
	}
	return memory
}

// overlay returns base with the entries of override added or replaced.
func overlay(base, override corev1.ResourceList) corev1.ResourceList {
	if len(override) == 0 {
		return base
	}
	out := maps.Clone(base)
	if out == nil {
		out = corev1.ResourceList{}
	}
	maps.Copy(out, override)
	return out
}

func equalResources(a, b corev1.ResourceList) bool {
	return maps.EqualFunc(a, b, func(x, y resource.Quantity) bool { return x.Cmp(y) == 0 })
}

func groupsOf(it *InstanceType) []AllocatableGroup {
	groups := []AllocatableGroup{newGroup(it, &Offering{})}
	for _, o := range it.Offerings {
		if o.Available {
			groups = addToGroup(groups, it, o)
		}
	}
	return groups
}

func addToGroup(groups []AllocatableGroup, it *InstanceType, o *Offering) []AllocatableGroup {
	for i := range groups {
		if groups[i].holds(o) {
			groups[i].Offerings = append(groups[i].Offerings, o)
			return groups
		}
	}
	g := newGroup(it, o)
	g.Offerings = Offerings{o}
	return append(groups, g)
}

// newGroup returns the group, without members, of an offering's overrides.
func newGroup(it *InstanceType, o *Offering) AllocatableGroup {
	override := overheadOverride(o)
	capacity := overlay(it.Capacity, o.CapacityOverride)
	return AllocatableGroup{
		Allocatable:      AllocatableOf(capacity, overlay(it.Overhead.Total(), override.Total())),
		Capacity:         capacity,
		capacityOverride: o.CapacityOverride,
		overheadOverride: override,
	}
}

func overheadOverride(o *Offering) Overhead {
	if o.OverheadOverride == nil {
		return Overhead{}
	}
	return *o.OverheadOverride
}
