// SPDX-License-Identifier: Apache-2.0

package cloudprovider_test

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/requirement"
)

// resources reads "memory=20Gi cpu=4".
func resources(text string) corev1.ResourceList {
	list := corev1.ResourceList{}
	for _, field := range strings.Fields(text) {
		name, quantity, _ := strings.Cut(field, "=")
		list[corev1.ResourceName(name)] = resource.MustParse(quantity)
	}
	return list
}

// offering is available, in a zone and of a capacity type.
func offering(zone, capacityType string, price float64) *cloudprovider.Offering {
	return &cloudprovider.Offering{
		Requirements: requirement.All(
			requirement.In(label.Zone, zone),
			requirement.In(label.CapacityType, capacityType),
		),
		Price:     price,
		Available: true,
	}
}

func unavailable(o *cloudprovider.Offering) *cloudprovider.Offering {
	o.Available = false
	return o
}

// instanceType has the requirements of its offerings and its name.
func instanceType(name string, offerings ...*cloudprovider.Offering) *cloudprovider.InstanceType {
	var zones, capacityTypes []string
	for _, o := range offerings {
		zones, capacityTypes = append(zones, o.Zone()), append(capacityTypes, o.CapacityType())
	}
	return &cloudprovider.InstanceType{
		Name: name,
		Requirements: requirement.All(
			requirement.In(label.InstanceType, name),
			requirement.In(label.Zone, zones...),
			requirement.In(label.CapacityType, capacityTypes...),
		),
		Offerings: offerings,
		Capacity:  resources("cpu=4 memory=16Gi pods=110"),
	}
}

// wellKnown are the open keys of these tests.
func wellKnown(key string) bool {
	return key == label.Zone || key == label.CapacityType || key == label.InstanceType || key == label.Arch
}

func names(types []*cloudprovider.InstanceType) string {
	var out []string
	for _, it := range types {
		out = append(out, it.Name)
	}
	return strings.Join(out, " ")
}
