// SPDX-License-Identifier: Apache-2.0

package pricing

import (
	"encoding/json"
	"strconv"
)

// product is what of a document of the price list is read.
type product struct {
	Product struct {
		Attributes struct {
			InstanceType string `json:"instanceType"`
		} `json:"attributes"`
	} `json:"product"`
	Terms struct {
		OnDemand map[string]struct {
			PriceDimensions map[string]struct {
				PricePerUnit map[string]string `json:"pricePerUnit"`
			} `json:"priceDimensions"`
		} `json:"OnDemand"`
	} `json:"terms"`
}

// readProduct returns the hourly price of a document; false if it has none. Of several,
// the highest: an estimate of costs must not be too low.
func readProduct(document, currency string) (instanceType string, hourly float64, ok bool) {
	var p product
	if err := json.Unmarshal([]byte(document), &p); err != nil {
		return "", 0, false
	}
	for _, term := range p.Terms.OnDemand {
		for _, dimension := range term.PriceDimensions {
			if price, err := strconv.ParseFloat(dimension.PricePerUnit[currency], 64); err == nil && price > hourly {
				hourly = price
			}
		}
	}
	instanceType = p.Product.Attributes.InstanceType
	return instanceType, hourly, instanceType != "" && hourly > 0
}
