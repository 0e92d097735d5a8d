// SPDX-License-Identifier: Apache-2.0

package aws_test

import (
	"encoding/binary"
	"hash/fnv"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// Static hashes, written again from the text of the specification (API-094, AWS-091),
// so that they are not the product's judgement of itself.

// hashText is H of a text.
func hashText(text string) uint64 {
	h := fnv.New64()
	_, _ = h.Write([]byte(text)) // a hash takes everything
	return h.Sum64()
}

// hashWords is H of numbers of eight bytes, little-endian.
func hashWords(words ...uint64) uint64 {
	h := fnv.New64()
	for _, word := range words {
		_, _ = h.Write(binary.LittleEndian.AppendUint64(nil, word))
	}
	return h.Sum64()
}

func mix(a, b uint64) uint64 { return hashWords(a, b) }

func fin(a uint64) uint64 { return hashWords(a) }

// hashField is a field that is there.
type hashField struct {
	name string
	hash uint64
}

func hashStruct(name string, fields ...hashField) uint64 {
	h := hashText(name)
	for _, f := range fields {
		h = fin(h ^ mix(hashText(f.name), f.hash))
	}
	return h
}

func hashMap(entries map[string]string) uint64 {
	var h uint64
	for key, value := range entries {
		h ^= mix(hashText(key), hashText(value))
	}
	return fin(h)
}

// hashOfPool is the hash of a NodePool's template with labels, a NodeClass and an
// expiry, and nothing else that counts.
func hashOfPool(labels map[string]string, group, kind, class string, expireAfter time.Duration) uint64 {
	var fields []hashField
	if labels != nil {
		fields = append(fields, hashField{"ObjectMeta", hashStruct("ObjectMeta", hashField{"Labels", hashMap(labels)})})
	}
	ref := hashStruct("NodeClassReference",
		hashField{"Kind", hashText(kind)}, hashField{"Name", hashText(class)}, hashField{"Group", hashText(group)})
	expiry := hashStruct("NillableDuration", hashField{"Duration", hashWords(uint64(expireAfter))})
	spec := hashStruct("NodeClaimTemplateSpec", hashField{"NodeClassRef", ref}, hashField{"ExpireAfter", expiry})
	return hashStruct("NodeClaimTemplate", append(fields, hashField{"Spec", spec})...)
}

// vectorA is the hash of an EC2NodeClass of AL2023 with role KarpenterNodeRole and
// nothing else that counts, for a cluster without authority (AWS-091).
const vectorA = 9428231282790951906

// hashOfClass is that of the same EC2NodeClass where nodes are given an authority.
func hashOfClass(authority string) uint64 { return vectorA ^ hashText("") ^ hashText(authority) }

var _ = Describe("The hashes of adopted objects", func() {
	// API-094
	It("are those of the specification", func() {
		Expect(hashOfPool(nil, "karpenter.test.sh", "TestNodeClass", "default", 720*time.Hour)).To(Equal(uint64(15987417032968393143)))
		Expect(hashOfPool(nil, "karpenter.test.sh", "TestNodeClass", "default", 0)).To(Equal(uint64(5597975749417547178)))
	})
})
