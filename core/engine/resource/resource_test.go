// SPDX-License-Identifier: Apache-2.0

package resource_test

import (
	"math"
	"testing"

	"karpenter.sh/core/engine/resource"
)

// SCH-044
func TestFitsIn(t *testing.T) {
	for _, tc := range []struct {
		why             string
		want, available resource.Vector
		fits            bool
	}{
		{"less and equal fit", resource.Vector{1, 2}, resource.Vector{2, 2}, true},
		{"more does not", resource.Vector{3}, resource.Vector{2}, false},
		{"what is missing is zero", resource.Vector{0, 0, 1}, resource.Vector{2, 2}, false},
		{"zero of an unknown resource fits", resource.Vector{1, 0, 0}, resource.Vector{2}, true},
		{"nothing fits beside a negative amount", resource.Vector{1}, resource.Vector{2, -1}, false},
		{"nothing at all does not either", nil, resource.Vector{-1}, false},
	} {
		t.Run(tc.why, func(t *testing.T) {
			if got := tc.want.FitsIn(tc.available); got != tc.fits {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestArithmetic(t *testing.T) {
	a := resource.Vector{1, 2}
	if got := a.Clone().Add(resource.Vector{1, 1, 1}); !got.Equal(resource.Vector{2, 3, 1}) {
		t.Errorf("plus: got %v", got)
	}
	if got := a.Clone().Sub(resource.Vector{3}).Floor(); !got.Equal(resource.Vector{0, 2}) {
		t.Errorf("minus, floored: got %v", got)
	}
	if got := a.Clone().Raise(resource.Vector{0, 5}); !got.Equal(resource.Vector{1, 5}) {
		t.Errorf("at least: got %v", got)
	}
	if !a.Equal(resource.Vector{1, 2, 0}) || a.Equal(resource.Vector{1, 2, 3}) {
		t.Error("a missing amount equals zero and nothing else")
	}
}

// Amounts saturate: an absurd request must not become a small one.
func TestSaturation(t *testing.T) {
	if got := (resource.Vector{math.MaxInt64}).Add(resource.Vector{math.MaxInt64}); got[0] != math.MaxInt64 {
		t.Errorf("got %d", got[0])
	}
	if got := (resource.Vector{math.MinInt64 + 1}).Sub(resource.Vector{math.MaxInt64}); got[0] != math.MinInt64 {
		t.Errorf("got %d", got[0])
	}
}

func TestNamesStay(t *testing.T) {
	n := resource.NewNames()
	gpu := n.Intern("example.com/gpu")
	if n.Intern("example.com/gpu") != gpu || n.Name(gpu) != "example.com/gpu" || n.Name(resource.CPU) != "cpu" {
		t.Error("an interned name changed")
	}
}
