// SPDX-License-Identifier: Apache-2.0

package catalogue

import (
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"karpenter.sh/core/apis/vocabulary"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/kwok/apis/v1alpha1"
)

// sized matches names that end in a size (KWOK-011).
var sized = regexp.MustCompile(`^\w+\.(nano|micro|small|medium|large|\d*xlarge|metal)$`)

// Size is the size in a type's name, else its CPU quantity (KWOK-011).
func Size(name string, cpu resource.Quantity) string {
	if match := sized.FindStringSubmatch(name); match != nil {
		return match[1]
	}
	return cpu.String()
}

// Family is the part of a type's name before the first dot or hyphen, else its
// first character (KWOK-012).
func Family(name string) string {
	if i := strings.IndexAny(name, ".-"); i >= 0 {
		return name[:i]
	}
	for _, first := range name {
		return string(first)
	}
	return ""
}

// instanceType is the type on sale, given the keys that any offering demands.
func (e entry) instanceType(offeringKeys []string) *cloudprovider.InstanceType {
	return &cloudprovider.InstanceType{
		Name:            e.name,
		Requirements:    e.requirements(offeringKeys),
		Offerings:       e.sell(),
		Capacity:        e.resources,
		DeviceTemplates: e.devices,
		Overhead: cloudprovider.Overhead{KubeReserved: corev1.ResourceList{ // KWOK-015
			corev1.ResourceCPU:    resource.MustParse("100m"),
			corev1.ResourceMemory: resource.MustParse("10Mi"),
		}},
	}
}

// requirements define every well-known label: what the entry says, what its
// offerings say, and that all else does not exist (KWOK-014, CP-046).
func (e entry) requirements(offeringKeys []string) requirement.Requirements {
	cpu, memory := e.resources[corev1.ResourceCPU], e.resources[corev1.ResourceMemory]
	out := []requirement.Requirement{
		requirement.In(label.InstanceType, e.name),
		requirement.In(label.Arch, e.architecture),
		requirement.In(label.OS, e.systems...),
		requirement.In(v1alpha1.LabelInstanceSize, Size(e.name, cpu)),
		requirement.In(v1alpha1.LabelInstanceFamily, Family(e.name)),
		requirement.In(v1alpha1.LabelInstanceCPU, cpu.String()),
		requirement.In(v1alpha1.LabelInstanceMemory, memory.String()),
	}
	defined := map[string]bool{label.NodePool: true}
	for _, r := range out {
		defined[r.Key()] = true
	}
	for _, key := range append(slices.Clone(offeringKeys), vocabulary.Core().WellKnownLabels()...) {
		if !defined[key] {
			defined[key] = true
			out = append(out, e.offered(key))
		}
	}
	return requirement.All(out...)
}

// offered is what the offerings together say about a key.
func (e entry) offered(key string) requirement.Requirement {
	var values []string
	for _, o := range e.offerings {
		r, _ := o.requirements.Get(key)
		switch r.Operator() {
		case requirement.OpIn:
			values = append(values, r.Values()...)
		case requirement.OpExists, requirement.OpNotIn:
			return requirement.Exists(key)
		}
	}
	if values == nil {
		return requirement.DoesNotExist(key)
	}
	return requirement.In(key, values...)
}

// sell returns the offerings. A key that only some of them have does not exist
// on the others, so that nobody gets one by naming the key who did not ask for
// its value.
func (e entry) sell() cloudprovider.Offerings {
	keys := offeringKeys([]entry{e})
	out := make(cloudprovider.Offerings, 0, len(e.offerings))
	for _, o := range e.offerings {
		reqs := o.requirements
		for _, key := range keys {
			if !reqs.Has(key) {
				reqs = reqs.With(requirement.DoesNotExist(key))
			}
		}
		offering := &cloudprovider.Offering{
			Requirements:        reqs,
			Price:               o.price,
			Available:           o.available,
			ReservationCapacity: o.reservationCapacity,
			CapacityOverride:    o.capacityOverride,
			OverheadOverride:    o.overheadOverride,
		}
		if reserved, _ := reqs.Get(label.CapacityType); reserved.Has(label.Reserved) {
			offering = offering.WithReservationCapacity(o.reservationCapacity)
		}
		out = append(out, offering)
	}
	return out
}
