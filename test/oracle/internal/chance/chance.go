// SPDX-License-Identifier: Apache-2.0

// Package chance draws the choices that random worlds are made of, so that they
// are about equally likely and shrink well. It knows nothing of clusters.
package chance

import (
	"math/bits"

	"pgregory.net/rapid"
)

// Draw draws choices.
type Draw struct{ *rapid.T }

// UpTo is one of 0 to n-1, all about equally likely; the library's own ranges
// prefer small numbers, which makes for dull worlds.
func (d Draw) UpTo(n int) int {
	v, bit, width := 0, rapid.Bool(), bits.Len(uint(n-1))+2
	for range width {
		v <<= 1
		if bit.Draw(d.T, "bit") {
			v |= 1
		}
	}
	return v * n >> width
}

// Between is one of low to high, both included.
func (d Draw) Between(low, high int) int { return low + d.UpTo(high-low+1) }

// OneIn holds once in n times.
func (d Draw) OneIn(n int) bool { return d.UpTo(n) == n-1 }

// Pick is one of the values, the first of which is the plainest.
func Pick[V any](d Draw, values ...V) V { return values[d.UpTo(len(values))] }

// Some are between least and all of the values, in their order.
func Some[V any](d Draw, least int, values ...V) []V {
	var out []V
	for i, v := range values {
		if len(values)-i <= least-len(out) || d.UpTo(2) == 0 {
			out = append(out, v)
		}
	}
	return out
}

// Repeat calls f so many times, during which d draws what belongs to one call.
// Shrinking leaves single calls out.
func Repeat(d *Draw, least, most int, f func()) {
	outer := d.T
	rapid.SliceOfN(rapid.Custom(func(t *rapid.T) struct{} {
		d.T = t
		f()
		return struct{}{}
	}), least, most).Draw(outer, "list")
	d.T = outer
}
