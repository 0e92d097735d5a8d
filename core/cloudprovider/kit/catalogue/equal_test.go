// SPDX-License-Identifier: Apache-2.0

package catalogue_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/catalogue"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/ration"
	"karpenter.sh/core/engine/requirement"
)

func TestEqual(t *testing.T) { // KIT-022
	for _, tc := range []struct {
		why  string
		edit func(*cloudprovider.InstanceType)
		want bool
	}{
		{"nothing", func(*cloudprovider.InstanceType) {}, true},
		{"a quantity written otherwise", func(it *cloudprovider.InstanceType) {
			it.Capacity = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("4000m")}
		}, true},
		{"name", func(it *cloudprovider.InstanceType) { it.Name = "other" }, false},
		{"requirements", func(it *cloudprovider.InstanceType) {
			it.Requirements = it.Requirements.With(requirement.In("k", "v"))
		}, false},
		{"capacity", func(it *cloudprovider.InstanceType) {
			it.Capacity = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("5")}
		}, false},
		{"overhead", func(it *cloudprovider.InstanceType) {
			it.Overhead.EvictionThreshold = corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("1Mi")}
		}, false},
		{"devices", func(it *cloudprovider.InstanceType) {
			it.DeviceTemplates = []cloudprovider.DeviceTemplate{{Driver: "d"}}
		}, false},
		{"an overlaid capacity", func(it *cloudprovider.InstanceType) { it.CapacityOverlaid = true }, false},
		{"an offering less", func(it *cloudprovider.InstanceType) { it.Offerings = it.Offerings[1:] }, false},
		{"a price", func(it *cloudprovider.InstanceType) { it.Offerings[0].Price++ }, false},
		{"what it draws on a limit", func(it *cloudprovider.InstanceType) {
			it.Offerings[0].Draws = []ration.Draw{{Limit: "vcpus", Amount: 2}}
		}, false},
		{"an overlaid price", func(it *cloudprovider.InstanceType) { it.Offerings[0].PriceOverlaid = true }, false},
		{"availability", func(it *cloudprovider.InstanceType) { it.Offerings[0].Available = false }, false},
		{"a reservation's count", func(it *cloudprovider.InstanceType) { it.Offerings[0].ReservationCapacity++ }, false},
		{"a zone", func(it *cloudprovider.InstanceType) {
			it.Offerings[0].Requirements = it.Offerings[0].Requirements.With(requirement.In("k", "v"))
		}, false},
		{"a capacity override", func(it *cloudprovider.InstanceType) {
			it.Offerings[0].CapacityOverride = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("5")}
		}, false},
		{"an overhead override", func(it *cloudprovider.InstanceType) {
			it.Offerings[0].OverheadOverride = &cloudprovider.Overhead{}
		}, false},
	} {
		t.Run(tc.why, func(t *testing.T) {
			fresh := func() *cloudprovider.InstanceType {
				return instanceType("t", offering("a", label.Spot, 1), offering("b", label.Spot, 1))
			}
			edited := fresh()
			tc.edit(edited)
			if got := catalogue.Equal(fresh(), edited); got != tc.want {
				t.Errorf("equal is %t", got)
			}
		})
	}
}
