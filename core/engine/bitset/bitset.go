// SPDX-License-Identifier: Apache-2.0

// Package bitset holds sets of small integers as machine words. It knows
// nothing of scheduling and imports math/bits only. Every operation is linear
// in the number of words; a missing word counts as zero, so sets of different
// lengths combine.
package bitset

import (
	"iter"
	"math/bits"
)

const wordBits = 64

// Set is a set of integers from 0. The nil Set is empty and ready to use.
type Set []uint64

// New returns an empty set with room for the integers below n.
func New(n int) Set { return make(Set, (n+wordBits-1)/wordBits) }

// Full returns the set of all integers below n.
func Full(n int) Set {
	s := New(n)
	for i := range s {
		s[i] = ^uint64(0)
	}
	if rest := n % wordBits; rest != 0 {
		s[len(s)-1] = 1<<rest - 1
	}
	return s
}

// Add adds i, in place where s has room, and returns the set.
func (s Set) Add(i int) Set {
	for len(s) <= i/wordBits {
		s = append(s, 0)
	}
	s[i/wordBits] |= 1 << (i % wordBits)
	return s
}

// Remove takes i out, in place.
func (s Set) Remove(i int) {
	if i/wordBits < len(s) {
		s[i/wordBits] &^= 1 << (i % wordBits)
	}
}

// Has reports whether i is in s.
func (s Set) Has(i int) bool {
	return i/wordBits < len(s) && s[i/wordBits]&(1<<(i%wordBits)) != 0
}

// Empty reports whether s has no element.
func (s Set) Empty() bool {
	for _, w := range s {
		if w != 0 {
			return false
		}
	}
	return true
}

// Count is the number of elements.
func (s Set) Count() int {
	n := 0
	for _, w := range s {
		n += bits.OnesCount64(w)
	}
	return n
}

// Clone returns an independent copy.
func (s Set) Clone() Set { return append(Set(nil), s...) }

// And keeps in s, in place, what o has too.
func (s Set) And(o Set) {
	for i := range s {
		if i < len(o) {
			s[i] &= o[i]
		} else {
			s[i] = 0
		}
	}
}

// Or adds, in place, what o has; s must be at least as long as o.
func (s Set) Or(o Set) {
	for i, w := range o {
		s[i] |= w
	}
}

// AndNot removes, in place, what o has.
func (s Set) AndNot(o Set) {
	for i := range min(len(s), len(o)) {
		s[i] &^= o[i]
	}
}

// Intersects reports whether the sets share an element.
func (s Set) Intersects(o Set) bool {
	for i := range min(len(s), len(o)) {
		if s[i]&o[i] != 0 {
			return true
		}
	}
	return false
}

// Within reports whether o has every element of s.
func (s Set) Within(o Set) bool {
	for i, w := range s {
		if i < len(o) {
			w &^= o[i]
		}
		if w != 0 {
			return false
		}
	}
	return true
}

// Equal reports whether both have the same elements.
func (s Set) Equal(o Set) bool {
	if len(s) < len(o) {
		s, o = o, s
	}
	for i, w := range s {
		if i < len(o) && w != o[i] || i >= len(o) && w != 0 {
			return false
		}
	}
	return true
}

// All yields the elements in ascending order.
func (s Set) All() iter.Seq[int] {
	return func(yield func(int) bool) {
		for i, w := range s {
			for w != 0 {
				if !yield(i*wordBits + bits.TrailingZeros64(w)) {
					return
				}
				w &= w - 1
			}
		}
	}
}
