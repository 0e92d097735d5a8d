// SPDX-License-Identifier: Apache-2.0

package disrupt_test

import (
	"math"
	"testing"

	"karpenter.sh/core/engine/disrupt"
)

// DIS-042
func TestEvictionCost(t *testing.T) {
	for _, test := range []struct {
		why          string
		deletionCost float64
		priority     int32
		want         float64
	}{
		{"an ordinary pod", 0, 0, 1},
		{"the greatest deletion cost, clamped from 17", math.MaxInt32, 0, 10},
		{"the least deletion cost, clamped from -15", -math.MaxInt32, 0, -10},
		{"a high priority, clamped from 30.8", 0, 1_000_000_000, 10},
		{"a priority that makes the pod worthless", 0, -33554432, 0},
		{"a deletion cost of one scale", 1 << 27, 0, 2},
		{"both add up", 1 << 27, 1 << 25, 3},
		{"a number too large for any annotation", math.MaxFloat64, 0, 10},
	} {
		t.Run(test.why, func(t *testing.T) {
			if got := disrupt.EvictionCost(test.deletionCost, test.priority); got != test.want {
				t.Errorf("cost is %v, want %v", got, test.want)
			}
		})
	}
}

func TestRescheduleCost(t *testing.T) {
	worthless := ordinaryPod()
	worthless.EvictionCost = 0
	unwanted := ordinaryPod()
	unwanted.EvictionCost = -10
	daemon := ordinaryPod()
	daemon.Reschedulable = false
	for _, test := range []struct {
		why   string
		pods  []disrupt.Pod
		cost  float64
		empty bool
	}{
		{"DIS-043 no pods", nil, 1, true},
		{"DIS-043 pods add up", []disrupt.Pod{ordinaryPod(), ordinaryPod()}, 3, false},
		{"DIS-043 a negative cost takes nothing off", []disrupt.Pod{unwanted, ordinaryPod()}, 2, false},
		{"DIS-044 pods that nobody would miss", []disrupt.Pod{worthless, unwanted}, 1, true},
		{"DIS-044 pods that do not come back elsewhere", []disrupt.Pod{daemon}, 1, true},
	} {
		t.Run(test.why, func(t *testing.T) {
			if got := disrupt.RescheduleCost(test.pods); got != test.cost {
				t.Errorf("cost is %v, want %v", got, test.cost)
			}
			if got := disrupt.IsEmpty(test.pods); got != test.empty {
				t.Errorf("empty is %v, want %v", got, test.empty)
			}
		})
	}
}
