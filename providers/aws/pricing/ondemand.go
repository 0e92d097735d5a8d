// SPDX-License-Identifier: Apache-2.0

package pricing

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/pricing"
	"github.com/aws/aws-sdk-go-v2/service/pricing/types"

	"karpenter.sh/core/cloudprovider/kit/price"
	"karpenter.sh/core/reconcile/concurrency"
)

// List is what of the price list is called.
type List interface {
	GetProducts(context.Context, *pricing.GetProductsInput, ...func(*pricing.Options)) (*pricing.GetProductsOutput, error)
}

// part is a part of the price list that is asked for by itself (AWS-231).
type part struct{ tenancy, family string }

// refreshOnDemand asks for both parts at once. Either without an answer is a failure:
// half a list would make the other half look as if it were not sold.
func (p *Prices) refreshOnDemand(ctx context.Context) error {
	parts := []part{{"Shared", "Compute Instance"}, {"Dedicated", "Compute Instance (bare metal)"}}
	lists := make([]map[string]float64, len(parts))
	errs := concurrency.Each(parts, len(parts), func(i int, asked part) (err error) {
		if lists[i], err = p.list(ctx, asked); err != nil {
			return fmt.Errorf("listing products of %s, tenancy %s: %w", asked.family, asked.tenancy, err)
		}
		return nil
	})
	if err := errors.Join(errs...); err != nil {
		return err
	}
	all := map[string]float64{}
	for _, list := range lists {
		maps.Copy(all, list)
	}
	_, err := p.book.Update(price.Update{OnDemand: all})
	return err
}

// list is one part of the price list, all pages.
func (p *Prices) list(ctx context.Context, asked part) (map[string]float64, error) {
	pages := pricing.NewGetProductsPaginator(p.opts.List, &pricing.GetProductsInput{
		ServiceCode: aws.String("AmazonEC2"), MaxResults: aws.Int32(100), FormatVersion: aws.String("aws_v1"),
		Filters: filters(map[string]string{
			"regionCode": p.opts.Region, "serviceCode": "AmazonEC2", "preInstalledSw": "NA", "operatingSystem": "Linux",
			"capacitystatus": "Used", "marketoption": "OnDemand", "tenancy": asked.tenancy, "productFamily": asked.family,
		}),
	})
	prices := map[string]float64{}
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, document := range page.PriceList {
			if instanceType, hourly, ok := readProduct(document, Currency(p.opts.Region)); ok {
				prices[instanceType] = hourly
			}
		}
	}
	if len(prices) == 0 {
		return nil, price.ErrEmpty
	}
	return prices, nil
}

func filters(terms map[string]string) []types.Filter {
	var out []types.Filter
	for field, value := range terms {
		out = append(out, types.Filter{Type: types.FilterTypeTermMatch, Field: &field, Value: &value})
	}
	return out
}

// Currency of a region's prices.
func Currency(region string) string {
	if strings.HasPrefix(region, "cn-") {
		return "CNY"
	}
	return "USD"
}
