// SPDX-License-Identifier: Apache-2.0

package instancetype

import (
	"maps"
	"math"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/providers/proxmox/apis/v1alpha1"
)

// Zone is a host of a region.
type Zone struct{ Region, Host string }

// Subject is whose machines are meant, and where they can be.
type Subject struct {
	// Zones are all hosts, in order, with those that the NodeClass selects marked.
	Zones []SubjectZone
	// MaxPods is the NodeClass's; nil: the shape's pods.
	MaxPods *int32
	// BootDisk is the size of the boot disk.
	BootDisk resource.Quantity
	// Memory is what the node of a shape is expected to report, in bytes (PVE-043); nil: all
	// that the machine gets.
	Memory func(Shape) int64
}

// SubjectZone is a host as a NodeClass sees it.
type SubjectZone struct {
	Zone
	// Selected means that the NodeClass can be launched there. Offerings of others are
	// kept, unavailable, so that nodes that run there have a price.
	Selected bool
}

// InstanceType is what a shape is for a subject. Offerings are available where the
// NodeClass is selected: what hosts have left, and what failed lately, is for a view
// (PVE-043 to PVE-046).
func (s Shape) InstanceType(of Subject) *cloudprovider.InstanceType {
	out := &cloudprovider.InstanceType{Name: s.Name, Capacity: s.capacity(of), Overhead: s.Overhead}
	for _, zone := range of.Zones {
		o := &cloudprovider.Offering{
			Requirements: requirement.Requirements{}.With(
				requirement.In(label.Zone, zone.Host), requirement.In(label.Region, zone.Region), requirement.In(label.CapacityType, s.CapacityType),
				requirement.In(label.InstanceType, s.Name), requirement.In(v1alpha1.LabelInstanceFamily, s.Family()),
			),
			Price: s.Price(), Available: zone.Selected,
		}
		if s.CapacityType == label.Reserved {
			o.ReservationCapacity = math.MaxInt32 // a label only: nothing is counted
		}
		out.Offerings = append(out.Offerings, o)
	}
	out.Requirements = s.requirements(of)
	return out
}

// capacity is what the node will report.
func (s Shape) capacity(of Subject) corev1.ResourceList {
	out := maps.Clone(s.Capacity)
	if of.MaxPods != nil {
		out[corev1.ResourcePods] = quantity(int64(*of.MaxPods))
	}
	if storage := out[corev1.ResourceEphemeralStorage]; of.BootDisk.Cmp(storage) > 0 {
		out[corev1.ResourceEphemeralStorage] = of.BootDisk
	}
	if of.Memory != nil {
		out[corev1.ResourceMemory] = bytes(of.Memory(s))
	}
	return out
}

// requirements define every well-known label (PVE-044, CP-046).
func (s Shape) requirements(of Subject) requirement.Requirements {
	return requirement.Requirements{}.With(
		requirement.In(label.InstanceType, s.Name),
		requirement.In(label.Arch, "amd64"),
		requirement.In(label.OS, string(corev1.Linux)),
		requirement.DoesNotExist(corev1.LabelWindowsBuild),
		requirement.In(label.Region, of.values(func(z SubjectZone) string { return z.Region })...),
		requirement.In(label.Zone, of.values(func(z SubjectZone) string { return z.Host })...),
		requirement.In(label.CapacityType, s.CapacityType),
		requirement.In(v1alpha1.LabelInstanceFamily, s.Family()),
		requirement.DoesNotExist(v1alpha1.LabelInstanceCPUType),
		requirement.DoesNotExist(v1alpha1.LabelInstanceImageID),
	)
}

// values are those of the zones that are selected (CP-047).
func (of Subject) values(value func(SubjectZone) string) []string {
	var out []string
	for _, z := range of.Zones {
		if z.Selected {
			out = append(out, value(z))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
