// SPDX-License-Identifier: Apache-2.0

package intake

import (
	"math"

	corev1 "k8s.io/api/core/v1"
	apiresource "k8s.io/apimachinery/pkg/api/resource"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/engine/resource"
)

// Requested is the engine's form of amounts that are asked for: milli-CPU and
// base units, rounded up.
func (c *Compiler) Requested(list corev1.ResourceList) resource.Vector {
	return c.addRequested(nil, list)
}

func (c *Compiler) addRequested(v resource.Vector, list corev1.ResourceList) resource.Vector {
	for name, q := range list {
		id := c.names.Intern(string(name))
		v = v.Set(id, v.Get(id)+amount(id, q))
	}
	return v
}

// Available is the engine's form of amounts that are offered (capacity,
// allocatable, limits of a pool): milli-CPU and base units, rounded down.
func (c *Compiler) Available(list corev1.ResourceList) resource.Vector {
	var v resource.Vector
	for name, q := range list {
		id := c.names.Intern(string(name))
		v = v.Set(id, floor(id, q))
	}
	return v
}

// negligible is less than any unit by far.
const negligible = 1e-15

// amount rounds away from zero, as Quantity's own conversions do, and saturates,
// which they do not; nor can they read all negative quantities, or those with
// large exponents in reasonable time.
func amount(id resource.ID, q apiresource.Quantity) int64 {
	if q.Sign() < 0 {
		positive := q.DeepCopy()
		positive.Neg()
		return -amount(id, positive)
	}
	switch {
	case q.Sign() == 0:
		return 0
	case q.AsApproximateFloat64() < negligible:
		return 1
	case v1.CompareQuantities(q, inUnits(id, math.MaxInt64)) > 0:
		return math.MaxInt64
	case id == resource.CPU:
		return q.MilliValue()
	}
	return q.Value()
}

func floor(id resource.ID, q apiresource.Quantity) int64 {
	up := amount(id, q)
	if v1.CompareQuantities(inUnits(id, up), q) > 0 {
		return up - 1
	}
	return up
}

// inUnits is the quantity of an amount.
func inUnits(id resource.ID, n int64) apiresource.Quantity {
	if id == resource.CPU {
		return *apiresource.NewMilliQuantity(n, apiresource.DecimalSI)
	}
	return *apiresource.NewQuantity(n, apiresource.DecimalSI)
}

// List is the Kubernetes form of a vector, without zero amounts.
func (c *Compiler) List(v resource.Vector) corev1.ResourceList {
	out := corev1.ResourceList{}
	for id, n := range v {
		if n == 0 {
			continue
		}
		name := corev1.ResourceName(c.names.Name(resource.ID(id)))
		out[name] = *quantity(resource.ID(id), name, n)
	}
	return out
}

func quantity(id resource.ID, name corev1.ResourceName, n int64) *apiresource.Quantity {
	switch {
	case id == resource.CPU:
		return apiresource.NewMilliQuantity(n, apiresource.DecimalSI)
	case name == corev1.ResourceMemory || name == corev1.ResourceEphemeralStorage || isHugePage(name):
		return apiresource.NewQuantity(n, apiresource.BinarySI)
	}
	return apiresource.NewQuantity(n, apiresource.DecimalSI)
}
