// SPDX-License-Identifier: Apache-2.0

package draw

import (
	"math/bits"

	"pgregory.net/rapid"
)

// draw draws choices.
type draw struct{ *rapid.T }

// upTo is one of 0 to n-1, all about equally likely.
func (d draw) upTo(n int) int {
	v, bit, width := 0, rapid.Bool(), bits.Len(uint(n-1))+2
	for range width {
		v <<= 1
		if bit.Draw(d.T, "bit") {
			v |= 1
		}
	}
	return v * n >> width
}

// oneIn holds once in n times.
func (d draw) oneIn(n int) bool { return d.upTo(n) == n-1 }

// pick is one of the values, the first of which is the plainest.
func pick[V any](d draw, values ...V) V { return values[d.upTo(len(values))] }

// some are at least one of the values, in their order.
func some[V any](d draw, values ...V) []V {
	var out []V
	for i, v := range values {
		if i == len(values)-1 && len(out) == 0 || d.upTo(2) == 0 {
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
