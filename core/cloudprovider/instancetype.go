// SPDX-License-Identifier: Apache-2.0

package cloudprovider

import (
	"sync"

	corev1 "k8s.io/api/core/v1"
	resourcev1 "k8s.io/api/resource/v1"

	"karpenter.sh/core/engine/requirement"
)

// InstanceType is one kind of machine that a provider sells (CP-045). After a
// provider has returned it, nothing of it changes: a change is a new
// InstanceType, so that callers may keep what they derive from it by pointer.
// Take a Copy to make a changed one; never copy the struct.
type InstanceType struct {
	// Name is unique among the types of a pool; it is the value of
	// node.kubernetes.io/instance-type.
	Name string
	// Requirements define every well-known label, as In or as DoesNotExist
	// (CP-046). Several values mean one of them at launch (CP-047).
	Requirements requirement.Requirements
	// Offerings are the ways to buy it, the unavailable ones included.
	Offerings Offerings
	// Capacity is what the Node will report, before overrides of an offering.
	Capacity corev1.ResourceList
	// Overhead is what of the capacity pods cannot use.
	Overhead Overhead
	// DeviceTemplates are the devices that a driver will publish on the node
	// (CP-072); none on most types.
	DeviceTemplates []DeviceTemplate
	// CapacityOverlaid says that a NodeOverlay extended the capacity (API-141).
	CapacityOverlaid bool

	once   sync.Once
	groups []AllocatableGroup
}

// DeviceTemplate stands for the devices of one driver and pool on a node that
// does not exist yet (CP-072). It has either devices or shared counters; with
// both, the devices are ignored.
type DeviceTemplate struct {
	Driver         string
	Pool           string
	Devices        []resourcev1.Device
	SharedCounters []resourcev1.CounterSet
}

// Allocatable is what pods can use on a machine without overrides.
func (it *InstanceType) Allocatable() corev1.ResourceList {
	return it.Groups()[0].Allocatable
}

// Groups partitions the available offerings by what a machine bought through
// them has (CP-055). The first group is always the one without overrides, even
// when no offering is in it. Computed once; the caller must not change it.
func (it *InstanceType) Groups() []AllocatableGroup {
	it.once.Do(func() { it.groups = groupsOf(it) })
	return it.groups
}

// GroupOf returns the group that an offering of this type belongs to, also
// when the offering is unavailable.
func (it *InstanceType) GroupOf(o *Offering) AllocatableGroup {
	for _, g := range it.Groups() {
		if g.holds(o) {
			return g
		}
	}
	return newGroup(it, o)
}

// Copy returns a type with the same content to build a changed one from. It
// shares maps and offerings with the original: replace them, do not edit them.
func (it *InstanceType) Copy() *InstanceType {
	return &InstanceType{
		Name:             it.Name,
		Requirements:     it.Requirements,
		Offerings:        append(Offerings(nil), it.Offerings...),
		Capacity:         it.Capacity,
		Overhead:         it.Overhead,
		DeviceTemplates:  it.DeviceTemplates,
		CapacityOverlaid: it.CapacityOverlaid,
	}
}

// WithOfferings returns the type with each offering changed; change returns its
// argument for one that stays. If all stay, it is the type itself.
func (it *InstanceType) WithOfferings(change func(*Offering) *Offering) *InstanceType {
	out := it
	for i, o := range it.Offerings {
		changed := change(o)
		if changed == o {
			continue
		}
		if out == it {
			out = it.Copy()
		}
		out.Offerings[i] = changed
	}
	return out
}
