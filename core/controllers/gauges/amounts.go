// SPDX-License-Identifier: Apache-2.0

package gauges

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// amounts are quantities by resource type, as metrics show them (OPS-086).
type amounts map[string]float64

func amountsOf(list corev1.ResourceList) amounts {
	out := make(amounts, len(list))
	for name, quantity := range list {
		out[resourceType(name)] += amount(name, quantity)
	}
	return out
}

// resourceType is the label value of a resource.
func resourceType(name corev1.ResourceName) string {
	return strings.ReplaceAll(strings.ToLower(string(name)), "-", "_")
}

// amount is in cores, with milli precision, or in base units, rounded up.
func amount(name corev1.ResourceName, quantity resource.Quantity) float64 {
	if name == corev1.ResourceCPU {
		return float64(quantity.MilliValue()) / 1000
	}
	return float64(quantity.Value())
}

// overhead is what of the capacity is not allocatable.
func overhead(status *corev1.NodeStatus) corev1.ResourceList {
	out := make(corev1.ResourceList, len(status.Capacity))
	for name, total := range status.Capacity {
		rest := total.DeepCopy()
		rest.Sub(status.Allocatable[name])
		out[name] = rest
	}
	return out
}

// within adds a zero for every resource that there is some of but that a lacks,
// so that what is unused shows as unused.
func (a amounts) within(available amounts) amounts {
	for resource, n := range available {
		if _, known := a[resource]; !known && n != 0 {
			a[resource] = 0
		}
	}
	return a
}

func (a amounts) add(b amounts) {
	for resource, n := range b {
		a[resource] += n
	}
}
