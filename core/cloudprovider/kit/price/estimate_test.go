// SPDX-License-Identifier: Apache-2.0

package price_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"karpenter.sh/core/cloudprovider/kit/price"
	"karpenter.sh/core/engine/label"
)

func estimate(t *testing.T, shapes map[string]price.Shape, known map[string]float64, name string) float64 {
	t.Helper()
	b := newBook(func(o *price.Options) { o.Embedded = price.Table{OnDemand: known} })
	b.SetShapes(shapes)
	q := of(b, name, label.OnDemand, "a")
	if q.source != price.FromEstimate {
		t.Fatalf("%s: got %+v", name, q)
	}
	return q.price
}

func close(got, want, share float64) bool { return math.Abs(got-want) <= share*want }

func TestEstimate(t *testing.T) { // KIT-047
	shape := func(family, kind string, vcpus, gib float64) price.Shape {
		return price.Shape{Family: family, Kind: kind, VCPUs: vcpus, GiB: gib}
	}
	gpu := func(family string, vcpus, gib, n float64, model string) price.Shape {
		return price.Shape{Family: family, VCPUs: vcpus, GiB: gib, Accelerators: n, Accelerator: model}
	}
	for _, tc := range []struct {
		why    string
		shapes map[string]price.Shape
		known  map[string]float64
		want   float64
	}{
		{"nothing known: the configured rates", map[string]price.Shape{"new": shape("f", "k", 4, 16)}, nil, 4*0.03 + 16*0.004},
		{"nothing known: an accelerator that is named", map[string]price.Shape{"new": gpu("f", 10, 100, 2, "a100")}, nil, 0.3 + 0.4 + 4},
		{"nothing known: another accelerator", map[string]price.Shape{"new": gpu("f", 10, 100, 2, "t4")}, nil, 0.3 + 0.4 + 1},
		{"one of the family: in proportion", map[string]price.Shape{"new": shape("f", "k", 8, 32), "a": shape("f", "k", 2, 8)}, map[string]float64{"a": 0.2}, 0.8},
		{
			"the family goes before the kind",
			map[string]price.Shape{"new": shape("f", "k", 2, 8), "a": shape("f", "k", 2, 8), "b": shape("g", "k", 2, 8)},
			map[string]float64{"a": 0.2, "b": 5}, 0.2,
		},
		{
			"the kind goes before all",
			map[string]price.Shape{"new": shape("f", "k", 2, 8), "a": shape("g", "k", 2, 8), "b": shape("h", "l", 2, 8)},
			map[string]float64{"a": 0.2, "b": 5}, 0.2,
		},
		{
			"all go before nothing",
			map[string]price.Shape{"new": shape("f", "k", 4, 16), "b": shape("h", "l", 2, 8)},
			map[string]float64{"b": 5}, 10,
		},
		{
			"rates follow from shapes that differ",
			map[string]price.Shape{"new": shape("f", "", 16, 16), "a": shape("f", "", 4, 16), "b": shape("f", "", 4, 32), "c": shape("f", "", 8, 32)},
			map[string]float64{"a": 4*0.05 + 16*0.01, "b": 4*0.05 + 32*0.01, "c": 8*0.05 + 32*0.01}, 16*0.05 + 16*0.01,
		},
		{
			"no rate is negative: memory that seems to cost less than nothing costs nothing",
			map[string]price.Shape{"new": shape("f", "", 4, 64), "a": shape("f", "", 4, 8), "b": shape("f", "", 4, 16)},
			map[string]float64{"a": 0.4, "b": 0.2}, 0.24, // between the two; never below 0
		},
		{
			"an accelerator's rate follows from the family",
			map[string]price.Shape{"new": gpu("p", 8, 64, 4, "t4"), "a": gpu("p", 8, 64, 1, "t4"), "b": gpu("p", 8, 64, 2, "t4"), "c": gpu("p", 16, 64, 1, "t4"), "d": gpu("p", 8, 128, 1, "t4")},
			map[string]float64{"a": 1 + 0.4 + 0.64, "b": 2 + 0.4 + 0.64, "c": 1 + 0.8 + 0.64, "d": 1 + 0.4 + 1.28}, 4 + 0.4 + 0.64,
		},
	} {
		t.Run(tc.why, func(t *testing.T) {
			if got := estimate(t, tc.shapes, tc.known, "new"); !close(got, tc.want, 0.01) {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}

// KIT-041, KIT-047: a shape without anything that costs has no estimate rather than 0.
func TestNoEstimate(t *testing.T) {
	b := newBook(nil)
	b.SetShapes(map[string]price.Shape{"empty": {Family: "f"}})
	if got := of(b, "empty", label.OnDemand, "a"); got.source != "none" {
		t.Errorf("got %+v", got)
	}
}

// KIT-047: types whose price is an estimate do not fit others.
func TestEstimatesDoNotSpread(t *testing.T) {
	shapes := map[string]price.Shape{"a": {Family: "f", VCPUs: 1}, "b": {Family: "f", VCPUs: 2}}
	for i := range 50 {
		shapes[fmt.Sprint("c", i)] = price.Shape{Family: "f", VCPUs: 3, GiB: 1000}
	}
	if got := estimate(t, shapes, map[string]float64{"a": 1}, "b"); !close(got, 2, 1e-6) {
		t.Errorf("got %v", got)
	}
}

// KIT-048, KIT-049: linear prices are found again, for any order of types, and all
// estimates are finite and not negative.
func TestLinearFamilies(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 100 {
		cpu, gib, gpu := 0.01+random.Float64()*0.1, 0.001+random.Float64()*0.02, random.Float64()*4
		shapes, known := map[string]price.Shape{}, map[string]float64{}
		truth := func(s price.Shape) float64 { return cpu*s.VCPUs + gib*s.GiB + gpu*s.Accelerators }
		for i := range 12 {
			s := price.Shape{Family: "f", VCPUs: float64(int(1) << (i % 6)), Accelerators: float64(i % 3), Accelerator: "t4"}
			s.GiB = s.VCPUs * []float64{2, 4, 8}[random.IntN(3)]
			name := fmt.Sprint("t", i)
			shapes[name] = s
			if i > 0 {
				known[name] = truth(s)
			}
		}
		first := estimate(t, shapes, known, "t0")
		if want := truth(shapes["t0"]); !close(first, want, 0.01) {
			t.Errorf("rates %v %v %v: got %v, want %v", cpu, gib, gpu, first, want)
		}
		if again := estimate(t, shapes, known, "t0"); again != first {
			t.Errorf("got %v, then %v", first, again)
		}
	}
}

// KIT-047: proportional shapes with prices that are a little off do not make a
// rate wild.
func TestProportionalFamily(t *testing.T) {
	shapes, known := map[string]price.Shape{}, map[string]float64{}
	for i, noise := range []float64{1.01, 0.99, 1.02, 0.98, 1} {
		s := price.Shape{Family: "f", VCPUs: float64(int(2) << i), GiB: float64(int(8) << i)}
		name := fmt.Sprint("t", i)
		shapes[name], known[name] = s, noise*(0.05*s.VCPUs)
	}
	shapes["lean"] = price.Shape{Family: "f", VCPUs: 8, GiB: 16}
	if got := estimate(t, shapes, known, "lean"); got < 0.2 || got > 0.4 {
		t.Errorf("got %v", got)
	}
}
