// SPDX-License-Identifier: Apache-2.0

package pricing_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	listapi "github.com/aws/aws-sdk-go-v2/service/pricing"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"karpenter.sh/core/cloudprovider/kit/price"
	"karpenter.sh/providers/aws/pricing"
)

// AWS-231, AWS-232: what is asked for, to the last page, and what comes of it.
func TestPricesOfTheCloud(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	m.refresh()
	if q := m.quote("m5.large", "on-demand"); q != (price.Quote{Price: 0.096, Source: price.FromCloud}) {
		t.Errorf("m5.large costs %+v", q)
	}
	m.from("m5.metal", "on-demand", price.FromCloud)
	if q := m.quote("m5.large", "spot"); q.Source != price.FromCloud || q.Price < 0.096/5 || q.Price > 0.096*3/5 {
		t.Errorf("m5.large costs %+v as spot", q)
	}
	var parts []string
	for _, r := range m.Requests("pricing:GetProducts") {
		text, err := json.Marshal(r.Input)
		if err != nil {
			t.Fatal(err)
		}
		var in struct {
			Filters    []struct{ Type, Field, Value string }
			MaxResults int
		}
		if err := json.Unmarshal(text, &in); err != nil {
			t.Fatal(err)
		}
		terms := map[string]string{}
		for _, f := range in.Filters {
			terms[f.Field] = f.Value + " " + f.Type
		}
		parts = append(parts, fmt.Sprint(in.MaxResults, terms))
	}
	slices.Sort(parts)
	const common = "100 map[capacitystatus:Used TERM_MATCH marketoption:OnDemand TERM_MATCH operatingSystem:Linux TERM_MATCH preInstalledSw:NA TERM_MATCH productFamily:Compute Instance%s TERM_MATCH regionCode:us-west-2 TERM_MATCH serviceCode:AmazonEC2 TERM_MATCH tenancy:%s TERM_MATCH]"
	if want := []string{fmt.Sprintf(common, " (bare metal)", "Dedicated"), fmt.Sprintf(common, "", "Shared")}; !slices.Equal(parts, want) {
		t.Errorf("the price list is asked for\n%s", strings.Join(parts, "\n"))
	}
}

// CP-089: all pages count, and one that fails fails the whole.
func TestPages(t *testing.T) {
	t.Parallel()
	m := newMarket(t, func(o *pricing.Options) {
		small := smallPages{list: o.List.(*listapi.Client), spot: o.Spot.(*ec2.Client)}
		o.List, o.Spot = small, small
	})
	m.FailPage("pricing:GetProducts", 2)
	m.FailPage("ec2:DescribeSpotPriceHistory", 3)
	if err := m.prices.Refresh(t.Context()); err == nil {
		t.Error("lost pages are no error")
	}
	m.from("m5.large", "on-demand", price.FromEstimate)
	m.from("m5.large", "spot", price.FromEstimate)
	m.Heal()
	m.Step(time.Minute)
	m.refresh()
	if list, spot := m.Calls("pricing:GetProducts"), m.Calls("ec2:DescribeSpotPriceHistory"); list < 8 || spot < 20 {
		t.Errorf("%d pages of the price list and %d of spot prices are not all", list, spot)
	}
	m.from("m5.large", "on-demand", price.FromCloud)
	m.from("m5.large", "spot", price.FromCloud)
}

// AWS-233: before the first answer prices are estimates, and say so; spot costs what
// on-demand does. A refresh that fails does not keep the process from starting.
func TestEstimates(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	m.Fail("pricing:*", "InternalError", "")
	m.Fail("ec2:DescribeSpotPriceHistory", "InternalError", "")
	if err := m.prices.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	const want = 2*0.034 + 8*0.004
	for _, capacityType := range []string{"on-demand", "spot"} {
		if q := m.quote("m5.large", capacityType); q.Source != price.FromEstimate || q.Price < want-1e-9 || q.Price > want+1e-9 {
			t.Errorf("m5.large costs %+v as %s", q, capacityType)
		}
	}
	m.Heal()
	m.Step(time.Minute)
	m.refresh()
	m.from("m5.large", "on-demand", price.FromCloud)
	m.from("new.large", "on-demand", price.FromEstimate)
	if q := m.quote("new.large", "spot"); q != (price.Quote{}) {
		t.Errorf("AWS-232: a pool without a record has the spot price %+v", q)
	}
}

// AWS-231: half a price list is none.
func TestHalfAList(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	m.Fault(`[{"call": "pricing:GetProducts", "match": {"Value": "Dedicated"}, "error": {"code": "InternalErrorException", "status": 500}}]`)
	if err := m.prices.Refresh(t.Context()); err == nil || !strings.Contains(err.Error(), "tenancy Dedicated") {
		t.Errorf("the error is %v", err)
	}
	m.from("m5.large", "on-demand", price.FromEstimate)
	m.from("m5.large", "spot", price.FromCloud) // which is another source

	m = newMarket(t, func(o *pricing.Options) { o.List = shared{o.List} })
	if err := m.prices.Refresh(t.Context()); !errors.Is(err, price.ErrEmpty) {
		t.Errorf("an empty part: %v", err)
	}
	m.from("m5.large", "on-demand", price.FromEstimate)
}

// shared is a price list without dedicated machines.
type shared struct{ pricing.List }

func (s shared) GetProducts(ctx context.Context, in *listapi.GetProductsInput, o ...func(*listapi.Options)) (*listapi.GetProductsOutput, error) {
	for _, f := range in.Filters {
		if aws.ToString(f.Value) == "Dedicated" {
			return &listapi.GetProductsOutput{}, nil
		}
	}
	return s.List.GetProducts(ctx, in, o...)
}

// AWS-231: an empty part is a failure, and so is an empty history (AWS-232).
func TestEmptyAnswers(t *testing.T) {
	t.Parallel()
	m := newMarket(t, func(o *pricing.Options) { o.Region, o.Spot = "eu-west-1", nothing{} })
	err := m.prices.Refresh(t.Context())
	for _, want := range []string{"on-demand prices", "spot prices", price.ErrEmpty.Error()} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not tell of %q: %v", want, err)
		}
	}
}

// nothing is a history without prices.
type nothing struct{}

func (nothing) DescribeSpotPriceHistory(context.Context, *ec2.DescribeSpotPriceHistoryInput, ...func(*ec2.Options)) (*ec2.DescribeSpotPriceHistoryOutput, error) {
	return &ec2.DescribeSpotPriceHistoryOutput{}, nil
}

// AWS-001, AWS-231: where the price list cannot be asked, it is not.
func TestNoPriceList(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*pricing.Options){
		"isolated":   func(o *pricing.Options) { o.Isolated = true },
		"government": func(o *pricing.Options) { o.Region = "us-gov-west-1" },
		"partition":  func(o *pricing.Options) { o.Region = "us-isob-east-1" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMarket(t, change)
			if err := m.prices.Load(t.Context()); err != nil {
				t.Fatal(err)
			}
			m.Step(24 * time.Hour)
			m.refresh()
			if got := m.Calls("pricing:GetProducts"); got != 0 {
				t.Errorf("%d calls", got)
			}
			m.from("m5.large", "on-demand", price.FromEstimate)
			m.from("m5.large", "spot", price.FromCloud)
		})
	}
}

// AWS-231: what of a price list is read, in the region's currency.
func TestDocuments(t *testing.T) {
	t.Parallel()
	document := func(instanceType, currency, amount string) string {
		return fmt.Sprintf(`{"product": {"attributes": {"instanceType": %q}}, "terms": {"OnDemand": {"t": {"priceDimensions": {"d": {"pricePerUnit": {%q: %q}}}}}}}`,
			instanceType, currency, amount)
	}
	list := &documents{page: []string{
		document("good.large", "CNY", "1.5"), document("dollars.large", "USD", "1.5"), document("free.large", "CNY", "0.0"),
		document("odd.large", "CNY", "much"), document("", "CNY", "1"), `{"product": {}}`, `[`,
	}}
	m := newMarket(t, func(o *pricing.Options) { o.List, o.Region = list, "cn-north-1" })
	m.refresh()
	m.from("good.large", "on-demand", price.FromCloud)
	for _, name := range []string{"dollars.large", "free.large", "odd.large", ""} {
		if q := m.quote(name, "on-demand"); q != (price.Quote{}) {
			t.Errorf("%q costs %+v", name, q)
		}
	}
	if got := list.atOnce.Load(); got != 2 {
		t.Errorf("%d parts are asked for at once, not 2", got)
	}
}

// documents is a price list of one page, which answers when both parts are asked for.
type documents struct {
	page   []string
	atOnce atomic.Int32
}

func (d *documents) GetProducts(ctx context.Context, _ *listapi.GetProductsInput, _ ...func(*listapi.Options)) (*listapi.GetProductsOutput, error) {
	d.atOnce.Add(1)
	for d.atOnce.Load() < 2 {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		time.Sleep(time.Millisecond)
	}
	return &listapi.GetProductsOutput{PriceList: d.page}, nil
}

// AWS-232: of several records of a pool the latest counts, of two at once the higher.
func TestHistory(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	record := func(zone, hourly string, at time.Time) types.SpotPrice {
		return types.SpotPrice{InstanceType: "m5.large", AvailabilityZone: aws.String(zone), SpotPrice: aws.String(hourly), Timestamp: aws.Time(at)}
	}
	records := records{
		record("us-west-2a", "0.5", now.Add(-time.Hour)), record("us-west-2a", "0.3", now), record("us-west-2a", "0.2", now), record("us-west-2a", "0.9", now.Add(-time.Minute)),
		record("us-west-2b", "odd", now), {InstanceType: "m5.large"},
	}
	m := newMarket(t, func(o *pricing.Options) { o.Spot, o.Isolated = records, true })
	m.refresh()
	if q := m.quote("m5.large", "spot"); q.Price != 0.3 {
		t.Errorf("the price is %+v", q)
	}
	if q, ok := m.prices.Book().Snapshot().Price(price.Offering{InstanceType: "m5.large", CapacityType: "spot", Zone: "us-west-2b"}); ok {
		t.Errorf("what cannot be read is %+v", q)
	}
}

type records []types.SpotPrice

func (r records) DescribeSpotPriceHistory(context.Context, *ec2.DescribeSpotPriceHistoryInput, ...func(*ec2.Options)) (*ec2.DescribeSpotPriceHistoryOutput, error) {
	return &ec2.DescribeSpotPriceHistoryOutput{SpotPriceHistory: r}, nil
}

// AWS-232: every 12 h both; a source that fails keeps what it gave, and is asked again
// by itself, later each time up to half an hour.
func TestPace(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	loop := pricing.NewController(m.prices)
	var waits []time.Duration
	round := func() error {
		result, err := loop.Reconcile(t.Context())
		wait := result.RequeueAfter
		if err != nil {
			wait = m.prices.Next()
		}
		waits = append(waits, wait)
		m.Step(wait)
		return err
	}
	if err := round(); err != nil {
		t.Fatal(err)
	}
	spot := m.quote("m5.large", "spot")
	list := m.Calls("pricing:GetProducts")
	m.Fail("ec2:DescribeSpotPriceHistory", "InternalError", "")
	for range 8 {
		if err := round(); err == nil {
			t.Error("a failure is no error")
		}
	}
	want := []time.Duration{12 * time.Hour, 1 * time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute, 16 * time.Minute, 30 * time.Minute, 30 * time.Minute, 30 * time.Minute}
	if !slices.Equal(waits, want) {
		t.Errorf("the pauses are %v", waits)
	}
	if got := m.Calls("pricing:GetProducts"); got != 2*list {
		t.Errorf("%d calls of the price list, not %d: the retries are of spot prices only", got, 2*list)
	}
	if got := m.quote("m5.large", "spot"); got != spot {
		t.Errorf("the spot price was %+v and is %+v", spot, got)
	}
	m.Heal()
	if err := round(); err != nil {
		t.Error(err)
	}
	if got := m.quote("m5.large", "spot"); got == spot {
		t.Error("the spot price of the next half-day is the old one")
	}
	m.Fail("ec2:DescribeSpotPriceHistory", "InternalError", "")
	for range 5 { // the other source is due before
		if round() != nil {
			break
		}
	}
	if got := waits[len(waits)-1]; got != time.Minute {
		t.Errorf("the first pause after a success is %v", got)
	}
}

// KIT-046: the age of prices is told.
func TestAge(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	m := newMarket(t, func(o *pricing.Options) { o.Registerer, o.Isolated = registry, true })
	m.refresh()
	m.Step(time.Hour)
	const want = `
# HELP karpenter_cloudprovider_price_age_seconds Time since the cloud last gave prices, or since the embedded prices were collected.
# TYPE karpenter_cloudprovider_price_age_seconds gauge
karpenter_cloudprovider_price_age_seconds{capacity_type="spot"} 3600
`
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want)); err != nil {
		t.Error(err)
	}
	if _, err := pricing.New(m.opts); err == nil {
		t.Error("registering twice is no error")
	}
}
