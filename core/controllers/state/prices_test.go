// SPDX-License-Identifier: Apache-2.0

package state_test

import (
	"maps"
	"math"
	"testing"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cluster/cost"
	"karpenter.sh/core/controllers/state"
)

// DIS-045, LIF-055
func TestPrices(t *testing.T) {
	dear, cheap := instanceType("a", "z", "spot", 5), instanceType("a", "z", "spot", 1)
	odd := instanceType("b", "z", "spot", math.NaN())
	dear.Offerings = append(dear.Offerings, cheap.Offerings...)
	want := map[cost.Offering]float64{
		{InstanceType: "a", Zone: "z", CapacityType: "spot"}: 5,
		{InstanceType: "b", Zone: "z", CapacityType: "spot"}: 0,
	}
	if got := state.Prices([]*cloudprovider.InstanceType{dear, odd}); !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
