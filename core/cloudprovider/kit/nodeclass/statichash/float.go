// SPDX-License-Identifier: Apache-2.0

package statichash

import (
	"math"
	"reflect"
)

// floatBits are the bits of a floating-point number of 4 or 8 bytes.
func floatBits(v reflect.Value) uint64 {
	if v.Kind() == reflect.Float32 {
		return uint64(math.Float32bits(float32(v.Float())))
	}
	return math.Float64bits(v.Float())
}
