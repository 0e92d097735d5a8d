// SPDX-License-Identifier: Apache-2.0

package v1

import "encoding/binary"

// Parameters of the 64-bit hash FNV-1, which multiplies before it mixes in a byte.
const (
	fnvOffset uint64 = 14695981039346656037
	fnvPrime  uint64 = 1099511628211
)

// digestField is a field of a struct by the name it is hashed under. A field
// without a value is left out of the hash.
type digestField struct {
	name  string
	value *uint64
}

func digestStruct(typeName string, fields ...digestField) uint64 {
	sum := digestBytes([]byte(typeName))
	for _, field := range fields {
		if field.value != nil {
			sum = finish(sum ^ mix(digestBytes([]byte(field.name)), *field.value))
		}
	}
	return sum
}

// digestMap hashes a map whatever its order; an empty map counts, a nil one does
// not.
func digestMap(entries map[string]string) *uint64 {
	if entries == nil {
		return nil
	}
	var sum uint64
	for key, value := range entries {
		sum ^= mix(digestBytes([]byte(key)), digestBytes([]byte(value)))
	}
	return some(finish(sum))
}

// digestText hashes a string field; an empty one does not count.
func digestText(text string) *uint64 {
	if text == "" {
		return nil
	}
	return some(digestBytes([]byte(text)))
}

func digestInt(value int64) uint64 {
	return finish(uint64(value))
}

// mix joins two hashes in their order.
func mix(a, b uint64) uint64 {
	bytes := binary.LittleEndian.AppendUint64(nil, a)
	return digestBytes(binary.LittleEndian.AppendUint64(bytes, b))
}

// finish keeps sums of a struct or map from cancelling those around it.
func finish(sum uint64) uint64 {
	return digestBytes(binary.LittleEndian.AppendUint64(nil, sum))
}

func digestBytes(bytes []byte) uint64 {
	sum := fnvOffset
	for _, b := range bytes {
		sum = sum*fnvPrime ^ uint64(b)
	}
	return sum
}

func some(value uint64) *uint64 { return &value }
