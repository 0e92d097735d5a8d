// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"maps"
	"reflect"
	"slices"
	"time"
)

// Capability is a part of what a harness brings: the name of a field of Cloud.
type Capability string

// floor lists what every provider has; nothing excuses its absence (KIT-201).
func floor() []Capability {
	return []Capability{"Machines", "NodeClasses", "Faults", "Stock", "Catalogue"}
}

// Capabilities lists all capabilities, sorted.
func Capabilities() []Capability { return slices.Sorted(maps.Keys(Cloud{}.parts())) }

// parts are the capabilities of a cloud: its fields that point to structs.
func (c Cloud) parts() map[Capability]reflect.Value {
	out := map[Capability]reflect.Value{}
	for v, i := reflect.ValueOf(c), 0; i < v.NumField(); i++ {
		if v.Field(i).Kind() == reflect.Pointer {
			out[Capability(v.Type().Field(i).Name)] = v.Field(i)
		}
	}
	return out
}

// brings reports whether the cloud has the capability at all.
func (c Cloud) brings(capability Capability) bool {
	part, known := c.parts()[capability]
	return known && !part.IsNil()
}

// missing lists what of a capability is not set, or a list without entries;
// "Machines" if all of it is not.
func (c Cloud) missing(capability Capability) []string {
	part := c.parts()[capability]
	if !part.IsValid() || part.IsNil() {
		return []string{string(capability)}
	}
	var out []string
	for v, i := part.Elem(), 0; i < v.NumField(); i++ {
		if unset(v.Field(i)) {
			out = append(out, string(capability)+"."+v.Type().Field(i).Name)
		}
	}
	return out
}

// unset holds for what a harness forgot. Durations may be zero.
func unset(v reflect.Value) bool {
	if v.Kind() == reflect.Slice {
		return v.Len() == 0
	}
	return v.IsZero() && v.Type() != reflect.TypeFor[time.Duration]()
}
