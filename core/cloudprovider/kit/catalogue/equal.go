// SPDX-License-Identifier: Apache-2.0

package catalogue

import (
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/resource"

	"karpenter.sh/core/cloudprovider"
)

// Equal reports whether two types have equal content, their offerings in equal
// order included.
func Equal(a, b *cloudprovider.InstanceType) bool {
	if a == b {
		return true
	}
	return a.Name == b.Name && a.CapacityOverlaid == b.CapacityOverlaid &&
		a.Requirements.Equal(b.Requirements) &&
		sameOfferings(a.Offerings, b.Offerings) &&
		sameResources(a.Capacity, b.Capacity) &&
		sameOverhead(&a.Overhead, &b.Overhead) &&
		apiequality.Semantic.DeepEqual(a.DeviceTemplates, b.DeviceTemplates)
}

// Reuse returns the types of next in their order, each one replaced by the known
// type of that name if their content is equal: what did not change keeps its
// pointer over a refresh (KIT-022). Names are unique (CP-045).
func Reuse(known, next []*cloudprovider.InstanceType) []*cloudprovider.InstanceType {
	byName := make(map[string]*cloudprovider.InstanceType, len(known))
	for _, it := range known {
		byName[it.Name] = it
	}
	out := slices.Clone(next)
	for i, it := range out {
		if old, ok := byName[it.Name]; ok && Equal(old, it) {
			out[i] = old
		}
	}
	return out
}

func sameOfferings(a, b cloudprovider.Offerings) bool { return slices.EqualFunc(a, b, sameOffering) }

func sameOffering(a, b *cloudprovider.Offering) bool {
	if a == b {
		return true
	}
	return a.Available == b.Available && a.Price == b.Price &&
		a.ReservationCapacity == b.ReservationCapacity && a.PriceOverlaid == b.PriceOverlaid &&
		slices.Equal(a.Draws, b.Draws) &&
		a.Requirements.Equal(b.Requirements) &&
		sameResources(a.CapacityOverride, b.CapacityOverride) &&
		sameOverhead(a.OverheadOverride, b.OverheadOverride)
}

func sameOverhead(a, b *cloudprovider.Overhead) bool {
	if a == nil || b == nil {
		return a == b
	}
	return sameResources(a.KubeReserved, b.KubeReserved) &&
		sameResources(a.SystemReserved, b.SystemReserved) &&
		sameResources(a.EvictionThreshold, b.EvictionThreshold)
}

func sameResources(a, b corev1.ResourceList) bool {
	return maps.EqualFunc(a, b, func(x, y resource.Quantity) bool { return x.Cmp(y) == 0 })
}
