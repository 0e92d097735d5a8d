// SPDX-License-Identifier: Apache-2.0

package ration_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"karpenter.sh/core/engine/ration"
)

func of(limit string, amounts ...int64) []ration.Draw {
	var out []ration.Draw
	for _, a := range amounts {
		out = append(out, ration.Draw{Limit: limit, Amount: a})
	}
	return out
}

func orders(orders ...[]ration.Draw) [][]ration.Draw { return orders }

// SCH-330, SCH-331
func TestAdmit(t *testing.T) {
	for _, tc := range []struct {
		why  string
		in   ration.Input
		want []ration.Held
	}{
		{"nothing to say", ration.Input{}, nil},
		{"all that is left", ration.Input{Left: map[string]int64{"a": 16}, Orders: orders(of("a", 8), of("a", 8))}, nil},
		{
			"each alone fits, together they do not",
			ration.Input{Left: map[string]int64{"a": 15}, Orders: orders(of("a", 8), of("a", 8))},
			[]ration.Held{{Order: 1, Limit: "a", Need: 8, Left: 7}},
		},
		{
			"a smaller one goes ahead of one that waits",
			ration.Input{Left: map[string]int64{"a": 15}, Orders: orders(of("a", 8), of("a", 8), of("a", 4))},
			[]ration.Held{{Order: 1, Limit: "a", Need: 8, Left: 7}},
		},
		{
			"the machines of an order go together or not at all",
			ration.Input{Left: map[string]int64{"a": 15}, Orders: orders(of("a", 8, 8), of("a", 15))},
			[]ration.Held{{Order: 0, Limit: "a", Need: 16, Left: 15}},
		},
		{
			"what is held back takes nothing of its other limits",
			ration.Input{Left: map[string]int64{"a": 0, "b": 1}, Orders: orders(append(of("b", 1), of("a", 1)...), of("b", 1))},
			[]ration.Held{{Order: 0, Limit: "a", Need: 1, Left: 0}},
		},
		{
			"what is launched already counts, whatever it is",
			ration.Input{Left: map[string]int64{"a": 15}, Pending: of("a", 8, 100), Orders: orders(of("a", 1))},
			[]ration.Held{{Order: 0, Limit: "a", Need: 1, Left: 0}},
		},
		{
			"less than nothing is nothing",
			ration.Input{Left: map[string]int64{"a": -5}, Orders: orders(of("a", 1), of("a", 0), of("a", -1))},
			[]ration.Held{{Order: 0, Limit: "a", Need: 1, Left: 0}},
		},
		{"a limit that nobody knows", ration.Input{Left: map[string]int64{"a": 0}, Pending: of("b", 9), Orders: orders(of("b", 1000), nil)}, nil},
		{
			"a sum beyond all numbers",
			ration.Input{Left: map[string]int64{"a": math.MaxInt64 - 1}, Orders: orders(of("a", math.MaxInt64, math.MaxInt64))},
			[]ration.Held{{Order: 0, Limit: "a", Need: math.MaxInt64, Left: math.MaxInt64 - 1}},
		},
	} {
		t.Run(tc.why, func(t *testing.T) {
			if got := ration.Admit(tc.in); !slices.Equal(got, tc.want) {
				t.Errorf("held back %+v, want %+v", got, tc.want)
			}
		})
	}
}

// SCH-330: what goes ahead never exceeds a limit, what waits would, and something goes
// ahead where one alone fits.
func TestNeverTooMuch(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		in := ration.Input{Left: map[string]int64{"a": random.Int64N(40), "b": random.Int64N(40)}}
		for range random.IntN(12) {
			in.Orders = append(in.Orders, append(of("a", random.Int64N(20)), of([]string{"a", "b", "c"}[random.IntN(3)], random.Int64N(20))...))
		}
		held := ration.Admit(in)
		used := map[string]int64{}
		for i, draws := range in.Orders {
			if slices.ContainsFunc(held, func(h ration.Held) bool { return h.Order == i }) {
				continue
			}
			for _, d := range draws {
				used[d.Limit] += d.Amount
			}
		}
		for limit, left := range in.Left {
			if used[limit] > left {
				t.Fatalf("%d of %d taken in %+v", used[limit], left, in)
			}
		}
		for _, h := range held {
			if h.Need <= h.Left || h.Left > in.Left[h.Limit] {
				t.Fatalf("held back for nothing: %+v in %+v", h, in)
			}
		}
	}
}
