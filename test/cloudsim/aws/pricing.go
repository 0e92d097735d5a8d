// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"encoding/json"
	"fmt"
	"strconv"

	"karpenter.sh/test/cloudsim/wire"
)

// product is an on-demand price: a type with a tenancy.
type product struct {
	kind    *machineType
	tenancy string
}

func (p product) key() string { return p.kind.name + " " + p.tenancy }

func (p product) family() string {
	if p.kind.metal {
		return "Compute Instance (bare metal)"
	}
	return "Compute Instance"
}

// dedicatedFactor is how much more dedicated machines cost.
const dedicatedFactor = 1.1

func (p product) price() float64 {
	if p.tenancy == "Dedicated" {
		return p.kind.price * dedicatedFactor
	}
	return p.kind.price
}

func getProducts(r *request) (wire.Tree, error) {
	if code := r.in.Str("ServiceCode"); code != "AmazonEC2" {
		return nil, wire.Errorf("NotFoundException", "There is no service %s", code)
	}
	var items []product
	for _, t := range r.types.sorted {
		for _, tenancy := range []string{"Dedicated", "Shared"} {
			p := product{t, tenancy}
			if p.matches(r.options.Setup.Region, r.in.Trees("Filters")) {
				items = append(items, p)
			}
		}
	}
	out := wire.Tree{"FormatVersion": "aws_v1"}
	items, err := cut(r, items, product.key, paging{limit: "MaxResults", token: "NextToken", most: 100}, out)
	var list []string
	for _, p := range items {
		text, err := json.Marshal(p.document(r.options.Setup.Region))
		if err != nil {
			return nil, fmt.Errorf("price of %s: %w", p.kind.name, err)
		}
		list = append(list, string(text))
	}
	out["PriceList"] = list
	return out, err
}

func (p product) attributes(region string) map[string]string {
	return map[string]string{
		"regionCode": region, "servicecode": "AmazonEC2", "serviceCode": "AmazonEC2", "preInstalledSw": "NA",
		"operatingSystem": "Linux", "capacitystatus": "Used", "marketoption": "OnDemand", "tenancy": p.tenancy,
		"productFamily": p.family(), "instanceType": p.kind.name, "vcpu": itoa(p.kind.vcpus),
	}
}

// matches: all filters are TERM_MATCH; an attribute that there is not matches nothing.
func (p product) matches(region string, filters []wire.Tree) bool {
	has := p.attributes(region)
	for _, f := range filters {
		if has[f.Str("Field")] != f.Str("Value") {
			return false
		}
	}
	return true
}

// document is the price in the form of the price list.
func (p product) document(region string) map[string]any {
	has := p.attributes(region)
	family := has["productFamily"]
	delete(has, "productFamily")
	delete(has, "serviceCode")
	sku := fmt.Sprintf("SKU%s%s", p.kind.name, p.tenancy)
	return map[string]any{
		"serviceCode": "AmazonEC2", "version": "20260101000000", "publicationDate": "2026-01-01T00:00:00Z",
		"product": map[string]any{"productFamily": family, "sku": sku, "attributes": has},
		"terms": map[string]any{"OnDemand": map[string]any{sku + ".JRTCKXETXF": map[string]any{
			"sku": sku, "offerTermCode": "JRTCKXETXF",
			"priceDimensions": map[string]any{sku + ".JRTCKXETXF.6YS6EN2CT7": map[string]any{
				"unit": "Hrs", "pricePerUnit": map[string]string{"USD": strconv.FormatFloat(p.price(), 'f', 10, 64)},
			}},
		}}},
	}
}
