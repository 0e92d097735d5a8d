// SPDX-License-Identifier: Apache-2.0

package price_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/price"
	"karpenter.sh/core/engine/label"
)

func readFile(t testing.TB, text string) *price.File {
	t.Helper()
	f, err := price.ReadFile("prices.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// filed is a book with a file, in which m5.large costs 0.1, c5.large 0.08, and
// m5.new 0.2 by estimate.
func filed(t testing.TB, text string) *price.Book {
	b := newBook(nil)
	b.SetShapes(map[string]price.Shape{
		"m5.large": {Family: "m5", VCPUs: 2, GiB: 8}, "m5.new": {Family: "m5", VCPUs: 4, GiB: 16}, "c5.large": {Family: "c5", VCPUs: 2, GiB: 4},
	})
	b.SetFile(readFile(t, text))
	return b
}

func TestFile(t *testing.T) {
	for _, tc := range []struct {
		why, file                string
		name, capacityType, zone string
		want                     quote
	}{
		{"KIT-050: a negotiated price", "prices: [{instanceTypes: [m5.large], price: 0.07}]", "m5.large", label.OnDemand, "a", quote{0.07, price.FromFile}},
		{"KIT-050: JSON", `{"prices":[{"instanceTypes":["m5.large"],"price":0.07}]}`, "m5.large", label.OnDemand, "a", quote{0.07, price.FromFile}},
		{"KIT-050: free", "prices: [{instanceTypes: [m5.large], price: 0}]", "m5.large", label.OnDemand, "a", quote{0, price.FromFile}},
		{"KIT-050: a savings plan", "prices: [{families: [m5], discount: 27%}]", "m5.large", label.OnDemand, "a", quote{0.073, price.FromTable}},
		{"KIT-050: a savings plan on everything", "prices: [{discount: 50%}]", "c5.large", label.OnDemand, "a", quote{0.04, price.FromTable}},
		{"KIT-050: a pattern", `prices: [{instanceTypes: ["m?.*"], discount: 10%}]`, "m5.large", label.OnDemand, "a", quote{0.09, price.FromTable}},
		{"KIT-051: another type", "prices: [{instanceTypes: [m5.large], price: 0.07}]", "c5.large", label.OnDemand, "a", quote{0.08, price.FromTable}},
		{"KIT-051: another family", "prices: [{families: [c5], discount: 27%}]", "m5.large", label.OnDemand, "a", quote{0.1, price.FromTable}},
		{"KIT-051: spot must be asked for", "prices: [{families: [m5], discount: 27%}]", "m5.large", label.Spot, "a", quote{0.1, price.FromEstimate}},
		{"KIT-051: spot asked for", "prices: [{families: [m5], discount: 50%, capacityTypes: [spot]}]", "m5.large", label.Spot, "a", quote{0.05, price.FromEstimate}},
		{"KIT-051: spot only is not on-demand", "prices: [{families: [m5], discount: 50%, capacityTypes: [spot]}]", "m5.large", label.OnDemand, "a", quote{0.1, price.FromTable}},
		{"KIT-051: all that is given must hold", "prices: [{families: [m5], instanceTypes: [c5.large], price: 1}]", "c5.large", label.OnDemand, "a", quote{0.08, price.FromTable}},
		{"KIT-051, KIT-053: its zone", "prices: [{families: [m5], zones: [a], discount: 50%}]", "m5.large", label.OnDemand, "a", quote{0.05, price.FromTable}},
		{"KIT-051, KIT-053: another zone", "prices: [{families: [m5], zones: [a], discount: 50%}]", "m5.large", label.OnDemand, "b", quote{0.1, price.FromTable}},
		{"KIT-052: the last row decides", "prices: [{instanceTypes: [m5.large], price: 1}, {families: [m5], price: 2}, {instanceTypes: ['m*'], price: 3}]", "m5.large", label.OnDemand, "a", quote{3, price.FromFile}},
		{"KIT-052: the last row, narrower", "prices: [{instanceTypes: ['m*'], price: 3}, {families: [m5], price: 2}, {instanceTypes: [m5.large], price: 1}]", "m5.large", label.OnDemand, "a", quote{1, price.FromFile}},
		{"KIT-052: a discount is taken off the list price", "prices: [{instanceTypes: [m5.large], price: 3}, {families: [m5], discount: 50%}]", "m5.large", label.OnDemand, "a", quote{0.05, price.FromTable}},
		{"KIT-052: a discount on an estimate", "prices: [{families: [m5], discount: 50%}]", "m5.new", label.OnDemand, "a", quote{0.1, price.FromEstimate}},
		{"KIT-052: a price for what has none", "prices: [{instanceTypes: [odd], price: 5}]", "odd", label.OnDemand, "a", quote{5, price.FromFile}},
		{"KIT-052: a discount on what has none", "prices: [{instanceTypes: [odd], discount: 5%}]", "odd", label.OnDemand, "a", quote{source: "none"}},
	} {
		t.Run(tc.why, func(t *testing.T) {
			if got := of(filed(t, tc.file), tc.name, tc.capacityType, tc.zone); got != tc.want {
				t.Errorf("got %+v, want %+v", got, tc.want)
			}
		})
	}
}

// KIT-043, KIT-053: reserved follows on-demand, file and zone included.
func TestFileAndReserved(t *testing.T) {
	b := filed(t, "prices: [{instanceTypes: [m5.large], zones: [a], price: 7}]")
	q, _ := b.Snapshot().Price(price.Offering{InstanceType: "m5.large", CapacityType: label.Reserved, Zone: "a"})
	if q.Price != cloudprovider.ReservedPrice(7) || q.Row != 1 {
		t.Errorf("got %+v", q)
	}
}

// KIT-055
func TestReplacingAFile(t *testing.T) {
	b := filed(t, "prices: [{instanceTypes: [m5.large], price: 7}]")
	b.SetFile(readFile(t, "prices: [{instanceTypes: [m5.large], price: 8}]"))
	if got := of(b, "m5.large", label.OnDemand, ""); got.price != 8 {
		t.Errorf("got %+v", got)
	}
	if f, err := price.ReadFile("f", []byte("prices: [{}]")); f != nil || err == nil {
		t.Error("a broken file is one")
	}
}

func TestProblems(t *testing.T) { // KIT-054
	for _, tc := range []struct {
		why, file string
		line, row int
		field     string
	}{
		{"empty", "", 1, 0, ""},
		{"not a mapping", "- a", 1, 0, ""},
		{"no list", "prices: 7", 1, 0, "prices"},
		{"no prices", "{}", 1, 0, "prices"},
		{"an unknown field beside", "currency: USD\nprices: []", 1, 0, "currency"},
		{"a row that is none", "prices:\n- 7", 2, 1, ""},
		{"an unknown field", "prices:\n- families: [a]\n  price: 1\n  zone: [b]", 4, 1, "zone"},
		{"a field twice", "prices:\n- families: [a]\n  price: 1\n  price: 2", 4, 1, "price"},
		{"no amount", "prices:\n- families: [a]\n  discount: 1%\n- families: [b]", 4, 2, ""},
		{"two amounts", "prices:\n- families: [a]\n  discount: 1%\n  price: 1", 2, 1, ""},
		{"a price that is none", "prices:\n- families: [a]\n  price: cheap", 3, 1, "price"},
		{"a negative price", "prices:\n- families: [a]\n  price: -1", 3, 1, "price"},
		{"no number", "prices:\n- families: [a]\n  price: .nan", 3, 1, "price"},
		{"infinite", "prices:\n- families: [a]\n  price: Inf", 3, 1, "price"},
		{"a discount without percent", "prices:\n- discount: 0.3", 2, 1, "discount"},
		{"more than everything", "prices:\n- discount: 101%", 2, 1, "discount"},
		{"a dearer discount", "prices:\n- discount: -5%", 2, 1, "discount"},
		{"an empty list", "prices:\n- families: []\n  discount: 1%", 2, 1, "families"},
		{"no list of types", "prices:\n- instanceTypes: m5\n  discount: 1%", 2, 1, "instanceTypes"},
		{"an entry that is no name", "prices:\n- zones:\n  - {}\n  discount: 1%", 3, 1, "zones"},
		{"a bad pattern", "prices:\n- instanceTypes: ['m[5']\n  discount: 1%", 2, 1, "instanceTypes"},
		{"a pattern of zones", "prices:\n- zones: ['a*']\n  discount: 1%", 2, 1, "zones"},
		{"reserved", "prices:\n- capacityTypes: [reserved]\n  discount: 1%", 2, 1, "capacityTypes"},
		{"one price for everything", "prices:\n- price: 1", 2, 1, "price"},
	} {
		t.Run(tc.why, func(t *testing.T) {
			_, err := price.ReadFile("prices.yaml", []byte(tc.file))
			var p *price.Problem
			if !errors.As(err, &p) || p.File != "prices.yaml" || p.Line != tc.line || p.Row != tc.row || p.Field != tc.field {
				t.Errorf("got %v (%+v)", err, p)
			}
		})
	}
	t.Run("all at once", func(t *testing.T) {
		_, err := price.ReadFile("f", []byte("prices:\n- price: -1\n  families: [a]\n- discount: 7\n"))
		if n := strings.Count(fmt.Sprint(err), "\n") + 1; n != 2 {
			t.Errorf("%d problems: %v", n, err)
		}
	})
	t.Run("no YAML", func(t *testing.T) {
		if _, err := price.ReadFile("f", []byte("prices: [")); err == nil || !strings.Contains(err.Error(), "line 1") {
			t.Errorf("got %v", err)
		}
	})
}

// KIT-054: no text makes reading or asking panic, or gives an impossible price.
func FuzzReadFile(f *testing.F) {
	f.Add("prices: [{families: [m5], discount: 27%}]")
	f.Add("prices: [{instanceTypes: [\"m*\"], price: 1e3, zones: [a], capacityTypes: [spot]}]")
	f.Add("a: &a [*a]\nprices: *a")
	f.Fuzz(func(t *testing.T, text string) {
		file, err := price.ReadFile("f", []byte(text))
		if (file == nil) == (err == nil) {
			t.Fatalf("got %v, %v", file, err)
		}
		b := newBook(nil)
		b.SetFile(file)
		q, _ := b.Snapshot().Price(price.Offering{InstanceType: "m5.large", CapacityType: label.OnDemand, Zone: "a"})
		if !(q.Price >= 0) {
			t.Errorf("price %v", q.Price)
		}
	})
}
