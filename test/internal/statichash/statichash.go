// SPDX-License-Identifier: Apache-2.0

package statichash

import (
	"encoding/binary"
	"hash/fnv"
	"time"
)

// Template is what a NodePool's template holds of what its hash counts. Fields that
// are not here are unset.
type Template struct {
	// Labels are left out if nil; an empty map counts.
	Labels map[string]string
	// Group, Kind and Class name the NodeClass.
	Group, Kind, Class string
	// ExpireAfter is not Never: 0 expires at once.
	ExpireAfter time.Duration
}

// Hash is the template's hash of version v3.
func (t Template) Hash() uint64 {
	var fields []field
	if t.Labels != nil {
		fields = append(fields, field{"ObjectMeta", structure("ObjectMeta", field{"Labels", dictionary(t.Labels)})})
	}
	class := structure("NodeClassReference", field{"Kind", Text(t.Kind)}, field{"Name", Text(t.Class)}, field{"Group", Text(t.Group)})
	expiry := structure("NillableDuration", field{"Duration", words(uint64(t.ExpireAfter))})
	spec := structure("NodeClaimTemplateSpec", field{"NodeClassRef", class}, field{"ExpireAfter", expiry})
	return structure("NodeClaimTemplate", append(fields, field{"Spec", spec})...)
}

// Text is the hash of a text.
func Text(text string) uint64 {
	h := fnv.New64()
	_, _ = h.Write([]byte(text)) // a hash takes everything
	return h.Sum64()
}

// words is the hash of numbers of eight bytes, little-endian.
func words(words ...uint64) uint64 {
	h := fnv.New64()
	for _, word := range words {
		_, _ = h.Write(binary.LittleEndian.AppendUint64(nil, word))
	}
	return h.Sum64()
}

// field is a field that is there.
type field struct {
	name string
	hash uint64
}

func structure(name string, fields ...field) uint64 {
	h := Text(name)
	for _, f := range fields {
		h = words(h ^ words(Text(f.name), f.hash))
	}
	return h
}

func dictionary(entries map[string]string) uint64 {
	var h uint64
	for key, value := range entries {
		h ^= words(Text(key), Text(value))
	}
	return words(h)
}
