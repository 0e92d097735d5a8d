// SPDX-License-Identifier: Apache-2.0

package catalogue_test

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/requirement"
)

// reservationID is the key of the reservation-ID label in these tests.
const reservationID = "example.com/reservation-id"

func offering(zone, capacityType string, price float64) *cloudprovider.Offering {
	return &cloudprovider.Offering{
		Requirements: requirement.All(requirement.In(label.Zone, zone), requirement.In(label.CapacityType, capacityType)),
		Price:        price,
		Available:    true,
	}
}

func reserved(zone, id string, count int) *cloudprovider.Offering {
	o := offering(zone, label.Reserved, 0)
	o.Requirements = o.Requirements.With(requirement.In(reservationID, id))
	o.ReservationCapacity = count
	return o
}

func instanceType(name string, offerings ...*cloudprovider.Offering) *cloudprovider.InstanceType {
	return &cloudprovider.InstanceType{
		Name:         name,
		Requirements: requirement.All(requirement.In(label.InstanceType, name)),
		Offerings:    offerings,
		Capacity:     corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("4")},
	}
}

// types are so many, each on sale in three zones on demand and as spot.
func types(n int) []*cloudprovider.InstanceType {
	out := make([]*cloudprovider.InstanceType, n)
	for i := range out {
		var offerings []*cloudprovider.Offering
		for _, zone := range []string{"a", "b", "c"} {
			offerings = append(offerings, offering(zone, label.OnDemand, 1), offering(zone, label.Spot, 0.5))
		}
		out[i] = instanceType(fmt.Sprintf("type-%d", i), offerings...)
	}
	return out
}
