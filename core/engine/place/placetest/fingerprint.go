// SPDX-License-Identifier: Apache-2.0

package placetest

import (
	"hash/fnv"
	"math"
	"reflect"
)

// Fingerprint is a number that changes when anything reachable from v does,
// unexported fields included. Functions count as equal, and locks are not looked
// at.
func Fingerprint(v any) uint64 {
	p := &printer{seen: map[address]uint64{}}
	return p.value(reflect.ValueOf(v))
}

// address is where something was met: the type belongs to it, since a struct
// and its first field share one address.
type address struct {
	at uintptr
	of reflect.Type
}

type printer struct{ seen map[address]uint64 }

func (p *printer) value(v reflect.Value) uint64 {
	switch v.Kind() {
	case reflect.Invalid, reflect.Func, reflect.Chan, reflect.UnsafePointer:
		return 1
	case reflect.Pointer, reflect.Interface:
		return p.target(v)
	case reflect.Struct:
		return p.fields(v)
	case reflect.Slice, reflect.Array:
		h := mixed(uint64(v.Kind()), uint64(v.Len()))
		for i := range v.Len() {
			h = mixed(h, p.value(v.Index(i)))
		}
		return h
	case reflect.Map:
		return p.entries(v)
	}
	return scalar(v)
}

func scalar(v reflect.Value) uint64 {
	switch {
	case v.Kind() == reflect.String:
		h := fnv.New64a()
		h.Write([]byte(v.String()))
		return h.Sum64()
	case v.Kind() == reflect.Bool:
		if v.Bool() {
			return 2
		}
		return 3
	case v.CanInt():
		return mixed(4, uint64(v.Int()))
	case v.CanUint():
		return mixed(5, v.Uint())
	}
	return mixed(6, math.Float64bits(v.Float()))
}

// target follows a pointer, once: what is met again is named by its number.
func (p *printer) target(v reflect.Value) uint64 {
	if v.IsNil() {
		return 7
	}
	if v.Kind() == reflect.Interface {
		return p.value(v.Elem())
	}
	at := address{v.Pointer(), v.Type()}
	if n, met := p.seen[at]; met {
		return mixed(8, n)
	}
	p.seen[at] = uint64(len(p.seen))
	return mixed(9, p.value(v.Elem()))
}

func (p *printer) fields(v reflect.Value) uint64 {
	if pkg := v.Type().PkgPath(); pkg == "sync" || pkg == "sync/atomic" {
		return 10
	}
	h := uint64(11)
	for i := range v.NumField() {
		h = mixed(h, p.value(v.Field(i)))
	}
	return h
}

// entries sums over a map, whose order is random. What the values point to is
// followed anew for each, lest its number depend on that order.
func (p *printer) entries(v reflect.Value) uint64 {
	sum := mixed(12, uint64(v.Len()))
	for at := v.MapRange(); at.Next(); {
		each := &printer{seen: map[address]uint64{}}
		sum += mixed(each.value(at.Key()), each.value(at.Value()))
	}
	return sum
}

func mixed(a, b uint64) uint64 {
	h := (a ^ b*0x9E3779B97F4A7C15) * 0xC2B2AE3D27D4EB4F
	return h ^ h>>31
}
