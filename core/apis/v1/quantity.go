// SPDX-License-Identifier: Apache-2.0

package v1

import (
	"cmp"
	"math"

	"k8s.io/apimachinery/pkg/api/resource"
)

// alike is how near two approximations may be to need an exact comparison.
const alike = 1e-9

// CompareQuantities is Cmp in a time that does not grow with the exponents, so
// that a quantity such as 1e999999999, which the schema of a custom resource
// admits, cannot keep a controller busy for good. Quantities of one sign that are
// too large for a float64 are equal to each other.
func CompareQuantities(a, b resource.Quantity) int {
	if a.Sign() != b.Sign() || a.Sign() == 0 {
		return cmp.Compare(a.Sign(), b.Sign())
	}
	x, y := a.AsApproximateFloat64(), b.AsApproximateFloat64()
	if beyond(x) || beyond(y) || math.Abs(x-y) > alike*math.Abs(x) {
		return cmp.Compare(x, y)
	}
	return a.Cmp(b)
}

// beyond holds for approximations of what is too large.
func beyond(x float64) bool { return math.IsInf(x, 0) }
