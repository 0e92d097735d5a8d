// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"iter"
	mathbits "math/bits"
)

// bits is a set of small numbers. Sets that meet have the same size.
type bits []uint64

func newBits(n int) bits { return make(bits, (n+63)/64) }

func (b bits) set(i int) { b[i/64] |= 1 << (i % 64) }

// common counts what both sets have.
func (b bits) common(o bits) int {
	n := 0
	for i := range b {
		n += mathbits.OnesCount64(b[i] & o[i])
	}
	return n
}

// has reports whether the set has all of another.
func (b bits) has(o bits) bool {
	for i := range b {
		if o[i]&^b[i] != 0 {
			return false
		}
	}
	return true
}

func (b bits) intersect(o bits) {
	for i := range b {
		b[i] &= o[i]
	}
}

func (b bits) add(o bits) {
	for i := range b {
		b[i] |= o[i]
	}
}

// of are the offers that the set numbers.
func (b bits) of(offers []Offer) iter.Seq[Offer] {
	return func(yield func(Offer) bool) {
		for i, o := range offers {
			if b[i/64]&(1<<(i%64)) != 0 && !yield(o) {
				return
			}
		}
	}
}
