// SPDX-License-Identifier: Apache-2.0

package pack_test

import (
	"math"
	"math/rand"
	"testing"

	"karpenter.sh/core/engine/pack"
)

// TestPrices compares with the best vertex found by trying all of them.
func TestPrices(t *testing.T) {
	for seed := range int64(300) {
		rnd := rand.New(rand.NewSource(seed))
		demand := []float64{float64(rnd.Intn(1000)), float64(1 + rnd.Intn(1000))}
		var rooms [][]int64
		var price []float64
		for range 1 + rnd.Intn(12) {
			rooms = append(rooms, []int64{int64(1 + rnd.Intn(100)), int64(1+rnd.Intn(100)) << 30})
			price = append(price, 0.01+rnd.Float64())
		}
		demand[1] *= 1 << 30
		got := pack.Prices(demand, rooms, price)
		worth, want := got[0]*demand[0]+got[1]*demand[1], best(demand, rooms, price)
		if math.Abs(worth-want) > 1e-9*want {
			t.Errorf("seed %d: the demand is worth %v, want %v", seed, worth, want)
		}
		if !feasible(rooms, price, got[0], got[1]) {
			t.Errorf("seed %d: some machine holds more than it costs at %v", seed, got)
		}
	}
}

func TestPricesIgnoreMachinesThatCannotBeHad(t *testing.T) {
	got := pack.Prices([]float64{10}, [][]int64{{10}, {10}}, []float64{math.Inf(1), 5})
	if got[0] != 0.5 {
		t.Errorf("%v, want 0.5", got)
	}
}

func best(demand []float64, rooms [][]int64, price []float64) (most float64) {
	try := func(x, y float64) {
		if feasible(rooms, price, x, y) {
			most = max(most, demand[0]*x+demand[1]*y)
		}
	}
	for i := range rooms {
		a, b, p := float64(rooms[i][0]), float64(rooms[i][1]), price[i]
		try(p/a, 0)
		try(0, p/b)
		for j := range rooms[:i] {
			c, d, q := float64(rooms[j][0]), float64(rooms[j][1]), price[j]
			if det := a*d - b*c; det != 0 {
				try((p*d-b*q)/det, (a*q-p*c)/det)
			}
		}
	}
	return most
}

func feasible(rooms [][]int64, price []float64, x, y float64) bool {
	if x < 0 || y < 0 {
		return false
	}
	for i := range rooms {
		if float64(rooms[i][0])*x+float64(rooms[i][1])*y > price[i]*(1+1e-9) {
			return false
		}
	}
	return true
}
