// SPDX-License-Identifier: Apache-2.0

package pricing_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	listapi "github.com/aws/aws-sdk-go-v2/service/pricing"
	"github.com/prometheus/client_golang/prometheus"

	"karpenter.sh/core/cloudprovider/kit/price"
	"karpenter.sh/providers/aws/internal/simtest"
	"karpenter.sh/providers/aws/pricing"
)

// market is an account and prices of it.
type market struct {
	*testing.T
	*simtest.Account
	opts   pricing.Options
	prices *pricing.Prices
}

// newMarket makes prices for an account; types m5.large and gpu.large have shapes.
func newMarket(t *testing.T, change ...func(*pricing.Options)) *market {
	t.Helper()
	m := &market{T: t, Account: simtest.New(t)}
	m.opts = pricing.Options{
		List: listapi.NewFromConfig(m.Config), Spot: ec2.NewFromConfig(m.Config), Region: m.Setup.Region,
		Rates: price.Rates{VCPU: 0.034, GiB: 0.004, OtherAccelerator: 1}, Registerer: prometheus.NewRegistry(), Clock: m.Clock,
	}
	for _, f := range change {
		f(&m.opts)
	}
	var err error
	if m.prices, err = pricing.New(m.opts); err != nil {
		t.Fatal(err)
	}
	m.prices.Book().SetShapes(map[string]price.Shape{
		"m5.large": {Family: "m5", VCPUs: 2, GiB: 8}, "new.large": {Family: "new", VCPUs: 10, GiB: 10},
	})
	return m
}

// quote is the price of a type in the first zone; the zero Quote without one.
func (m *market) quote(instanceType, capacityType string) price.Quote {
	m.Helper()
	q, ok := m.prices.Book().Snapshot().Price(price.Offering{InstanceType: instanceType, CapacityType: capacityType, Zone: m.Setup.Zones[0].Name})
	if !ok {
		return price.Quote{}
	}
	return q
}

// from checks where a price comes from.
func (m *market) from(instanceType, capacityType string, want price.Source) {
	m.Helper()
	if got := m.quote(instanceType, capacityType); got.Source != want {
		m.Errorf("the %s price of %s is %+v, not from %q", capacityType, instanceType, got, want)
	}
}

func (m *market) refresh() {
	m.Helper()
	if err := m.prices.Refresh(m.Context()); err != nil {
		m.Fatal(err)
	}
}

// smallPages are the services of an account with pages of ten.
type smallPages struct {
	list *listapi.Client
	spot *ec2.Client
}

func (s smallPages) GetProducts(ctx context.Context, in *listapi.GetProductsInput, o ...func(*listapi.Options)) (*listapi.GetProductsOutput, error) {
	small := *in
	small.MaxResults = aws.Int32(10)
	return s.list.GetProducts(ctx, &small, o...)
}

func (s smallPages) DescribeSpotPriceHistory(ctx context.Context, in *ec2.DescribeSpotPriceHistoryInput, o ...func(*ec2.Options)) (*ec2.DescribeSpotPriceHistoryOutput, error) {
	small := *in
	small.MaxResults = aws.Int32(10)
	return s.spot.DescribeSpotPriceHistory(ctx, &small, o...)
}
