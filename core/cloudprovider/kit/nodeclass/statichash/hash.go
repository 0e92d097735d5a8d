// SPDX-License-Identifier: Apache-2.0

package statichash

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"reflect"
	"strconv"
)

// Of hashes a value with the algorithm of API-094, by the names of its Go types
// and fields (KIT-110). Fields tagged `hash:"ignore"` are left out, those tagged
// `hash:"string"` are hashed as what their String method returns, which may be
// that of a pointer to them. The error names the path to what has no stable
// content, or keeps some in unexported fields, which would be left out unnoticed
// (KIT-111).
func Of(value any) (uint64, error) {
	return of(reflect.ValueOf(value), "value")
}

// Text hashes a string, as a field of it would be.
func Text(text string) uint64 { return sum([]byte(text)) }

// Decimal joins hashes by exclusive or and writes them as annotations have them.
func Decimal(parts ...uint64) string {
	var all uint64
	for _, part := range parts {
		all ^= part
	}
	return strconv.FormatUint(all, 10)
}

func of(v reflect.Value, path string) (uint64, error) {
	switch v.Kind() {
	case reflect.Invalid:
		return ofNumber(int64(0)), nil // nil has the hash of 0
	case reflect.Pointer, reflect.Interface:
		return of(v.Elem(), path)
	case reflect.Struct:
		return ofStruct(v, path)
	case reflect.Map:
		return ofMap(v, path)
	case reflect.Slice, reflect.Array:
		return ofList(v, path)
	case reflect.String:
		return Text(v.String()), nil
	case reflect.Bool:
		if v.Bool() {
			return ofNumber(int8(1)), nil
		}
		return ofNumber(int8(0)), nil
	case reflect.Int:
		return ofNumber(v.Int()), nil
	case reflect.Uint, reflect.Uintptr:
		return ofNumber(v.Uint()), nil
	}
	if v.CanInt() || v.CanUint() || v.CanFloat() {
		return ofSized(v), nil
	}
	return 0, fmt.Errorf("hashing %s: a %s has no stable content", path, v.Type())
}

// ofSized hashes a number of a width of its own.
func ofSized(v reflect.Value) uint64 {
	data := binary.LittleEndian.AppendUint64(nil, bits(v))
	return sum(data[:v.Type().Size()])
}

// bits are those of a number, in as many low bytes as its type has.
func bits(v reflect.Value) uint64 {
	switch {
	case v.CanInt():
		return uint64(v.Int())
	case v.CanUint():
		return v.Uint()
	}
	return floatBits(v)
}

func ofStruct(v reflect.Value, path string) (uint64, error) {
	total := Text(v.Type().Name())
	for i := range v.NumField() {
		field, value := v.Type().Field(i), v.Field(i)
		tag := field.Tag.Get("hash")
		if tag == "ignore" || field.Name == "_" {
			continue
		}
		if !field.IsExported() {
			return 0, fmt.Errorf("hashing %s: the content of a %s is not exported (%s): tag it as string, or ignore", path, v.Type(), field.Name)
		}
		if value.IsZero() {
			continue
		}
		name := path + "." + field.Name
		if tag == "string" {
			text, err := textOf(value, name)
			if err != nil {
				return 0, err
			}
			value = reflect.ValueOf(text)
		}
		content, err := of(value, name)
		if err != nil {
			return 0, err
		}
		total = finish(total ^ mix(Text(field.Name), content))
	}
	return total, nil
}

// textOf asks a value, or a pointer to it, for its text.
func textOf(v reflect.Value, path string) (string, error) {
	if s, ok := v.Interface().(fmt.Stringer); ok {
		return s.String(), nil
	}
	pointer := reflect.New(v.Type())
	pointer.Elem().Set(v)
	if s, ok := pointer.Interface().(fmt.Stringer); ok {
		return s.String(), nil
	}
	return "", fmt.Errorf("hashing %s: a %s has no String method", path, v.Type())
}

func ofMap(v reflect.Value, path string) (uint64, error) {
	var total uint64
	for entries := v.MapRange(); entries.Next(); {
		name := fmt.Sprintf("%s[%v]", path, entries.Key())
		key, err := of(entries.Key(), name)
		if err != nil {
			return 0, err
		}
		content, err := of(entries.Value(), name)
		if err != nil {
			return 0, err
		}
		total ^= mix(key, content)
	}
	return finish(total), nil
}

// ofList hashes the elements as a set.
func ofList(v reflect.Value, path string) (uint64, error) {
	var total uint64
	for i := range v.Len() {
		content, err := of(v.Index(i), fmt.Sprintf("%s[%d]", path, i))
		if err != nil {
			return 0, err
		}
		total ^= content
	}
	return total, nil
}

// mix joins two hashes in their order.
func mix(a, b uint64) uint64 {
	return sum(binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(nil, a), b))
}

// finish keeps the sum of a struct or map from cancelling those around it.
func finish(total uint64) uint64 { return sum(binary.LittleEndian.AppendUint64(nil, total)) }

func ofNumber[N int8 | int64 | uint64](n N) uint64 {
	var buffer bytes.Buffer
	_ = binary.Write(&buffer, binary.LittleEndian, n) // a buffer takes everything
	return sum(buffer.Bytes())
}

func sum(data []byte) uint64 {
	h := fnv.New64()
	_, _ = h.Write(data) // a hash takes everything
	return h.Sum64()
}
