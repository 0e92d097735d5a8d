// SPDX-License-Identifier: Apache-2.0

package price

import (
	"maps"
	"math"
	"slices"
)

// Shape is what an estimate of a type's price is made from.
type Shape struct {
	// Family of the type; Kind is a wider group of types that cost alike, such as
	// an architecture and generation. Empty is none.
	Family, Kind string
	VCPUs        float64
	GiB          float64
	// Accelerators is their number, Accelerator their model.
	Accelerators float64
	Accelerator  string
}

// Rates are what an hour costs for each part of a shape.
type Rates struct {
	VCPU, GiB float64
	// Accelerator by model.
	Accelerator map[string]float64
	// OtherAccelerator is for models that Accelerator does not name.
	OtherAccelerator float64
}

// parts is how many parts a price is made of: vCPUs, GiB, accelerators.
const parts = 3

// vector holds one number for each part.
type vector [parts]float64

func (v vector) dot(w vector) float64 {
	sum := 0.0
	for i := range v {
		sum += v[i] * w[i]
	}
	return sum
}

// cost is what each part of a shape costs by the configured rates.
func (r Rates) cost(s Shape) vector {
	accelerator, ok := r.Accelerator[s.Accelerator]
	if !ok {
		accelerator = r.OtherAccelerator
	}
	return vector{r.VCPU * s.VCPUs, r.GiB * s.GiB, accelerator * s.Accelerators}
}

// sample is a type whose price somebody said: the cost of its parts by the
// configured rates, for each unit of the price.
type sample vector

// estimates returns a price for each type that has a shape and no known price
// (KIT-047). Types whose parts cost nothing by the rates get none.
func estimates(shapes map[string]Shape, known map[string]float64, rates Rates) map[string]float64 {
	groups := samples(shapes, known, rates)
	factors := make(map[group]vector, len(groups))
	for g, list := range groups {
		factors[g] = fit(list)
	}
	out := map[string]float64{}
	for name, shape := range shapes {
		if _, ok := known[name]; ok {
			continue
		}
		if price := rates.cost(shape).dot(factorOf(shape, factors)); price > 0 && !math.IsInf(price, 1) {
			out[name] = price
		}
	}
	return out
}

// group is a family, a kind, or with two empty names all types.
type group struct{ family, kind string }

// groupsOf are those of a shape, the narrowest first.
func groupsOf(s Shape) []group {
	var out []group
	if s.Family != "" {
		out = append(out, group{family: s.Family})
	}
	if s.Kind != "" {
		out = append(out, group{kind: s.Kind})
	}
	return append(out, group{})
}

// samples collects the known prices of each group, in the order of names, so that
// rounding does not depend on the order of a map (KIT-048).
func samples(shapes map[string]Shape, known map[string]float64, rates Rates) map[group][]sample {
	out := map[group][]sample{}
	for _, name := range slices.Sorted(maps.Keys(known)) {
		cost := rates.cost(shapes[name])
		if cost == (vector{}) {
			continue
		}
		for i := range cost {
			cost[i] /= known[name]
		}
		for _, g := range groupsOf(shapes[name]) {
			out[g] = append(out[g], sample(cost))
		}
	}
	return out
}

func factorOf(s Shape, factors map[group]vector) vector {
	for _, g := range groupsOf(s) {
		if f, ok := factors[g]; ok {
			return f
		}
	}
	return vector{1, 1, 1}
}
