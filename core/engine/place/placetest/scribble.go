// SPDX-License-Identifier: Apache-2.0

package placetest

import (
	"reflect"

	"karpenter.sh/core/engine/place"
)

// Scribble overwrites everything that a caller of Solve can reach and write to
// through the plan's slices.
func Scribble(plan *place.Plan) { scribble(reflect.ValueOf(plan).Elem()) }

func scribble(v reflect.Value) {
	switch v.Kind() {
	case reflect.Slice:
		for i := range v.Len() {
			scribble(v.Index(i))
			v.Index(i).SetZero()
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				scribble(v.Field(i))
			}
		}
	default: // numbers and texts are the slice's own
	}
}
