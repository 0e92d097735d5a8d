// SPDX-License-Identifier: Apache-2.0

package price_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	clocktesting "k8s.io/utils/clock/testing"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/price"
	"karpenter.sh/core/engine/label"
)

func start() time.Time { return time.Date(2030, 1, 2, 0, 0, 0, 0, time.UTC) }

// embedded prices one type on demand and another one also as spot.
func embedded() price.Table {
	return price.Table{
		OnDemand: map[string]float64{"m5.large": 0.1, "c5.large": 0.08},
		Spot:     map[price.Spot]float64{{InstanceType: "c5.large"}: 0.03},
		At:       start().Add(-24 * time.Hour),
	}
}

func rates() price.Rates {
	return price.Rates{VCPU: 0.03, GiB: 0.004, Accelerator: map[string]float64{"a100": 2}, OtherAccelerator: 0.5}
}

func newBook(edit func(*price.Options)) *price.Book {
	opts := price.Options{Clock: clocktesting.NewFakePassiveClock(start()), Embedded: embedded(), Rates: rates()}
	if edit != nil {
		edit(&opts)
	}
	return price.NewBook(opts)
}

func update(t testing.TB, b *price.Book, u price.Update) {
	t.Helper()
	if _, err := b.Update(u); err != nil {
		t.Fatal(err)
	}
}

// quote is short for a price and its source; "none" if there is no price.
type quote struct {
	price  float64
	source price.Source
}

func of(b *price.Book, instanceType, capacityType, zone string) quote {
	q, ok := b.Snapshot().Price(price.Offering{InstanceType: instanceType, CapacityType: capacityType, Zone: zone})
	if !ok {
		return quote{source: "none"}
	}
	return quote{math.Round(q.Price*1e9) / 1e9, q.Source}
}

func TestOnDemand(t *testing.T) { // KIT-040, KIT-041, CP-126
	b := newBook(nil)
	check := func(why, instanceType string, want quote) {
		t.Helper()
		if got := of(b, instanceType, label.OnDemand, "a"); got != want {
			t.Errorf("%s: got %+v, want %+v", why, got, want)
		}
	}
	check("from the table", "m5.large", quote{0.1, price.FromTable})
	check("no shape, no price", "new.large", quote{source: "none"})
	b.SetShapes(map[string]price.Shape{"new.large": {VCPUs: 2, GiB: 8}})
	check("a shape has an estimate", "new.large", quote{0.092, price.FromEstimate})
	update(t, b, price.Update{OnDemand: map[string]float64{"m5.large": 0.12}})
	check("from the cloud", "m5.large", quote{0.12, price.FromCloud})
	check("what the cloud does not say stays", "c5.large", quote{0.08, price.FromTable})
	if got := of(b, "m5.large", "leased", "a"); got.source != "none" {
		t.Errorf("an unknown capacity type costs %+v", got)
	}
}

func TestSpot(t *testing.T) { // KIT-042, CP-126
	cloud := price.Update{Spot: map[price.Spot]float64{{InstanceType: "m5.large", Zone: "a"}: 0.04}}
	regional := price.Update{Spot: map[price.Spot]float64{{InstanceType: "m5.large"}: 0.05, {InstanceType: "m5.large", Zone: "b"}: 0.06}}
	for _, tc := range []struct {
		why        string
		edit       func(*price.Options)
		update     *price.Update
		name, zone string
		want       quote
	}{
		{"before the cloud: the embedded spot price", nil, nil, "c5.large", "a", quote{0.03, price.FromTable}},
		{"before the cloud: the on-demand price", nil, nil, "m5.large", "a", quote{0.1, price.FromEstimate}},
		{"before the cloud: a ratio of it", func(o *price.Options) { o.SpotRatio = 0.4 }, nil, "m5.large", "a", quote{0.04, price.FromEstimate}},
		{"before the cloud: nothing known", nil, nil, "new.large", "a", quote{source: "none"}},
		{"the cloud's", nil, &cloud, "m5.large", "a", quote{0.04, price.FromCloud}},
		{"a zone that it does not name", nil, &cloud, "m5.large", "b", quote{source: "none"}},
		{"a type that it does not name", nil, &cloud, "c5.large", "a", quote{source: "none"}},
		{"a zone that it does not name, spot being everywhere", func(o *price.Options) { o.SpotRatio, o.SpotEverywhere = 0.4, true }, &cloud, "m5.large", "b", quote{0.04, price.FromEstimate}},
		{"the embedded spot price is over", func(o *price.Options) { o.SpotEverywhere = true }, &cloud, "c5.large", "a", quote{0.08, price.FromEstimate}},
		{"a price for every zone", nil, &regional, "m5.large", "a", quote{0.05, price.FromCloud}},
		{"a zone's own goes first", nil, &regional, "m5.large", "b", quote{0.06, price.FromCloud}},
	} {
		t.Run(tc.why, func(t *testing.T) {
			b := newBook(tc.edit)
			if tc.update != nil {
				update(t, b, *tc.update)
			}
			if got := of(b, tc.name, label.Spot, tc.zone); got != tc.want {
				t.Errorf("got %+v, want %+v", got, tc.want)
			}
		})
	}
}

func TestReserved(t *testing.T) { // KIT-043, CP-065
	b := newBook(nil)
	for name, want := range map[string]float64{"m5.large": cloudprovider.ReservedPrice(0.1), "unknown": 0} {
		q, ok := b.Snapshot().Price(price.Offering{InstanceType: name, CapacityType: label.Reserved, Zone: "a"})
		if !ok || q.Price != want {
			t.Errorf("%s: got %+v, %t", name, q, ok)
		}
	}
}

func TestUpdate(t *testing.T) { // KIT-044, CP-126
	bad := map[string]float64{"zero": 0, "negative": -1, "infinite": math.Inf(1), "nan": math.NaN()}
	t.Run("merges", func(t *testing.T) {
		b := newBook(nil)
		update(t, b, price.Update{OnDemand: map[string]float64{"x": 1, "y": 2}})
		update(t, b, price.Update{OnDemand: map[string]float64{"y": 3}})
		if x, y := of(b, "x", label.OnDemand, ""), of(b, "y", label.OnDemand, ""); x.price != 1 || y.price != 3 {
			t.Errorf("got %+v, %+v", x, y)
		}
	})
	t.Run("replaces when complete", func(t *testing.T) {
		b := newBook(nil)
		update(t, b, price.Update{OnDemand: map[string]float64{"x": 1}, Spot: map[price.Spot]float64{{InstanceType: "x", Zone: "a"}: 1, {InstanceType: "x", Zone: "b"}: 1}})
		update(t, b, price.Update{Spot: map[price.Spot]float64{{InstanceType: "x", Zone: "b"}: 2}, Complete: true})
		if gone, left := of(b, "x", label.Spot, "a"), of(b, "x", label.OnDemand, ""); gone.source != "none" || left.price != 1 {
			t.Errorf("got %+v, %+v", gone, left)
		}
	})
	t.Run("leaves out what no price is", func(t *testing.T) {
		b := newBook(nil)
		skipped, err := b.Update(price.Update{OnDemand: map[string]float64{"x": 1, "zero": 0, "nan": math.NaN()}})
		if skipped != 2 || err != nil || of(b, "zero", label.OnDemand, "").source != "none" {
			t.Errorf("got %d, %v", skipped, err)
		}
	})
	t.Run("refuses nothing", func(t *testing.T) {
		b := newBook(nil)
		update(t, b, price.Update{OnDemand: map[string]float64{"x": 1}, Spot: map[price.Spot]float64{{InstanceType: "x", Zone: "a"}: 1}})
		generation := b.Snapshot().Generation()
		for why, u := range map[string]price.Update{
			"no kind": {}, "an empty kind": {OnDemand: map[string]float64{}, Complete: true}, "nothing usable": {OnDemand: bad, Complete: true},
			"one kind empty": {OnDemand: map[string]float64{"x": 5}, Spot: map[price.Spot]float64{}},
		} {
			if _, err := b.Update(u); !errors.Is(err, price.ErrEmpty) {
				t.Errorf("%s: got %v", why, err)
			}
		}
		if b.Snapshot().Generation() != generation || of(b, "x", label.OnDemand, "").price != 1 {
			t.Error("something was taken")
		}
	})
	t.Run("embedded prices, too, must be prices", func(t *testing.T) {
		b := newBook(func(o *price.Options) { o.Embedded.OnDemand = bad })
		for name := range bad {
			if got := of(b, name, label.OnDemand, ""); got.source != "none" {
				t.Errorf("%s: got %+v", name, got)
			}
		}
	})
}

func TestGeneration(t *testing.T) { // KIT-045
	b := newBook(nil)
	file, err := price.ReadFile("f", []byte("prices: []"))
	if err != nil {
		t.Fatal(err)
	}
	shapes := map[string]price.Shape{"x": {VCPUs: 1}}
	one := price.Update{OnDemand: map[string]float64{"x": 1}}
	for _, step := range []struct {
		why     string
		act     func()
		changes bool
	}{
		{"a price", func() { update(t, b, one) }, true},
		{"the same price", func() { update(t, b, one) }, false},
		{"another price", func() { update(t, b, price.Update{OnDemand: map[string]float64{"x": 2}}) }, true},
		{"shapes", func() { b.SetShapes(shapes) }, true},
		{"the same shapes", func() { b.SetShapes(map[string]price.Shape{"x": {VCPUs: 1}}) }, false},
		{"a file", func() { b.SetFile(file) }, true},
		{"the same file", func() { b.SetFile(file) }, false},
		{"no file", func() { b.SetFile(nil) }, true},
	} {
		before := b.Snapshot()
		old, had := before.Price(price.Offering{InstanceType: "x", CapacityType: label.OnDemand})
		step.act()
		if now := b.Snapshot(); (now.Generation() != before.Generation()) != step.changes || (now != before) != step.changes {
			t.Errorf("%s: generation %d, before %d", step.why, now.Generation(), before.Generation())
		}
		if again, has := before.Price(price.Offering{InstanceType: "x", CapacityType: label.OnDemand}); again != old || has != had {
			t.Errorf("%s: a snapshot changed", step.why)
		}
	}
}

func TestAge(t *testing.T) { // KIT-046
	clock := clocktesting.NewFakePassiveClock(start())
	b := newBook(func(o *price.Options) { o.Clock = clock })
	clock.SetTime(start().Add(time.Hour))
	update(t, b, price.Update{Spot: map[price.Spot]float64{{InstanceType: "x", Zone: "a"}: 1}})
	clock.SetTime(start().Add(2 * time.Hour))
	want := `
# HELP karpenter_cloudprovider_price_age_seconds Time since the cloud last gave prices, or since the embedded prices were collected.
# TYPE karpenter_cloudprovider_price_age_seconds gauge
karpenter_cloudprovider_price_age_seconds{capacity_type="on-demand"} 93600
karpenter_cloudprovider_price_age_seconds{capacity_type="spot"} 3600
`
	registry := prometheus.NewPedanticRegistry()
	if err := price.RegisterAges(registry, b); err != nil {
		t.Fatal(err)
	}
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want)); err != nil {
		t.Error(err)
	}
}

// KIT-045, KIT-056: a replaced table counts where the cloud says nothing, in snapshots
// to come only, and changes the generation when its prices differ.
func TestReplacedTable(t *testing.T) {
	b := price.NewBook(price.Options{Clock: clocktesting.NewFakePassiveClock(start())})
	asked := price.Offering{InstanceType: "a.large", CapacityType: "on-demand"}
	before := b.Snapshot()
	table := price.Table{OnDemand: map[string]float64{"a.large": 1, "b.large": -1}, At: start()}
	b.SetTable(table)
	after := b.Snapshot()
	if q, ok := after.Price(asked); !ok || q.Price != 1 || q.Source != price.FromTable {
		t.Errorf("the price is %+v, %t", q, ok)
	}
	if _, ok := before.Price(asked); ok || before.Generation() == after.Generation() {
		t.Errorf("the snapshot before has it: %t, generations %d, %d", ok, before.Generation(), after.Generation())
	}
	b.SetTable(price.Table{OnDemand: map[string]float64{"a.large": 1}})
	if b.Snapshot() != after {
		t.Error("a table with the same prices changes something")
	}
	if _, err := b.Update(price.Update{OnDemand: map[string]float64{"a.large": 2}}); err != nil {
		t.Fatal(err)
	}
	if q, _ := b.Snapshot().Price(asked); q.Price != 2 || q.Source != price.FromCloud {
		t.Errorf("beside the cloud's the price is %+v", q)
	}
}
