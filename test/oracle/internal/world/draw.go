// SPDX-License-Identifier: Apache-2.0

package world

import (
	"math/bits"

	"pgregory.net/rapid"
)

// draw draws the choices of one world.
type draw struct{ *rapid.T }

// upTo is one of 0 to n-1, all about equally likely; the library's own ranges
// prefer small numbers, which makes for dull worlds.
func (d draw) upTo(n int) int {
	v, bit := 0, rapid.Bool()
	for range bits.Len(uint(n-1)) + 2 {
		v <<= 1
		if bit.Draw(d.T, "bit") {
			v |= 1
		}
	}
	return v * n >> (bits.Len(uint(n-1)) + 2)
}

func (d draw) between(low, high int) int { return low + d.upTo(high-low+1) }

// oneIn holds once in n times.
func (d draw) oneIn(n int) bool { return d.upTo(n) == n-1 }

// pick is one of the values, the first of which is the plainest.
func pick[V any](d draw, values ...V) V { return values[d.upTo(len(values))] }

// some are between least and all of the values, in their order.
func some[V any](d draw, least int, values ...V) []V {
	var out []V
	for i, v := range values {
		if len(values)-i <= least-len(out) || d.upTo(2) == 0 {
			out = append(out, v)
		}
	}
	return out
}

// repeat calls f so many times. Shrinking leaves single calls out.
func repeat(d *draw, least, most int, f func()) {
	outer := d.T
	rapid.SliceOfN(rapid.Custom(func(t *rapid.T) struct{} {
		d.T = t
		f()
		return struct{}{}
	}), least, most).Draw(outer, "list")
	d.T = outer
}
