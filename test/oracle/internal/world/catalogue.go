// SPDX-License-Identifier: Apache-2.0

package world

import (
	"fmt"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/test/oracle/internal/chance"
)

// instanceTypes are what the provider sells.
func (b *builder) instanceTypes() []*cloudprovider.InstanceType {
	out := make([]*cloudprovider.InstanceType, 0, b.shape.Types)
	b.reserving = b.OneIn(3) // pools that sell reserved capacity are not packed anew
	chance.Repeat(&b.Draw, 1, b.shape.Types, func() { out = append(out, b.instanceType("t"+strconv.Itoa(len(out)))) })
	return out
}

func (b *builder) instanceType(name string) *cloudprovider.InstanceType {
	cpu := chance.Pick(b.Draw, 2, 4, 8, 8, 16)
	it := &cloudprovider.InstanceType{
		Name:     name,
		Capacity: resources("cpu", strconv.Itoa(cpu), "memory", fmt.Sprintf("%dGi", cpu*chance.Pick(b.Draw, 4, 1)), "pods", chance.Pick(b.Draw, "110", "110", "110", "4"), "ephemeral-storage", "20Gi"),
		Overhead: cloudprovider.Overhead{KubeReserved: resources("cpu", "100m", "memory", "100Mi")},
	}
	if b.OneIn(4) {
		it.Capacity[GPU] = resource.MustParse("2")
	}
	zones, sold := b.zones(), chance.Some(b.Draw, 1, label.OnDemand, label.Spot)
	if b.reserving && b.OneIn(3) {
		sold = append(sold, label.Reserved)
	}
	for _, zone := range zones {
		for _, capacityType := range sold {
			it.Offerings = append(it.Offerings, b.offering(it, zone, capacityType, float64(cpu)))
		}
	}
	it.Requirements = requirement.All(
		requirement.In(label.InstanceType, name),
		requirement.In(label.Arch, chance.Pick(b.Draw, "amd64", "amd64", "arm64")),
		requirement.In(label.OS, "linux"),
		requirement.In(label.Zone, zones...),
		requirement.In(label.CapacityType, sold...),
		requirement.In(Size, strconv.Itoa(cpu)),
		reservations(it.Offerings),
		requirement.DoesNotExist(label.Region),
		requirement.DoesNotExist(corev1.LabelWindowsBuild),
	)
	return it
}

func (b *builder) offering(it *cloudprovider.InstanceType, zone, capacityType string, price float64) *cloudprovider.Offering {
	if capacityType == label.Spot {
		price *= 0.7
	}
	reservation := requirement.DoesNotExist(Reservation)
	o := &cloudprovider.Offering{Price: price * float64(b.Between(8, 12)) / 10, Available: !b.OneIn(6)}
	if capacityType == label.Reserved {
		reservation = requirement.In(Reservation, chance.Pick(b.Draw, "r0", "r1"))
		o.Price, o.ReservationCapacity = cloudprovider.ReservedPrice(price), b.UpTo(3)
	}
	o.Requirements = requirement.All(requirement.In(label.Zone, zone), requirement.In(label.CapacityType, capacityType), reservation)
	if b.OneIn(12) {
		o.CapacityOverride = corev1.ResourceList{corev1.ResourceMemory: it.Capacity[corev1.ResourceMemory], GPU: resource.MustParse("1")}
	}
	return o
}

// reservations is what a type says of the reservations behind its offerings.
func reservations(offerings cloudprovider.Offerings) requirement.Requirement {
	var ids []string
	for _, o := range offerings.OfCapacityType(label.Reserved) {
		ids = append(ids, o.ReservationID(Reservation))
	}
	if ids == nil {
		return requirement.DoesNotExist(Reservation)
	}
	return requirement.In(Reservation, ids...)
}

// resources reads pairs of name and amount.
func resources(pairs ...string) corev1.ResourceList {
	out := corev1.ResourceList{}
	for i := 0; i < len(pairs); i += 2 {
		out[corev1.ResourceName(pairs[i])] = resource.MustParse(pairs[i+1])
	}
	return out
}
