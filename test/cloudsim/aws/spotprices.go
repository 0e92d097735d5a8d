// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"slices"
	"strconv"
	"time"

	"karpenter.sh/test/cloudsim/wire"
	"karpenter.sh/test/cloudsim/world"
)

// spotPrice is one record of the history.
type spotPrice struct {
	kind    *machineType
	zone    Zone
	product string
}

// spotProducts are what spot prices are told for; they cost the same.
func spotProducts() []string { return []string{"Linux/UNIX", "Linux/UNIX (Amazon VPC)"} }

// describeSpotPriceHistory tells the price in force at the end of the time asked for,
// of each product, type and zone.
func describeSpotPriceHistory(r *request) (wire.Tree, error) {
	at := r.now
	if end := r.in.Time("EndTime"); !end.IsZero() && end.Before(at) {
		at = end
	}
	types := r.in.Strs("InstanceTypes")
	products := r.in.Strs("ProductDescriptions")
	var all []spotPrice
	for _, t := range r.types.sorted {
		if t.spotless || len(types) > 0 && !slices.Contains(types, t.name) {
			continue
		}
		for _, z := range r.zones {
			if zone := r.in.Str("AvailabilityZone"); !z.sells(t) || zone != "" && zone != z.Name {
				continue
			}
			for _, p := range spotProducts() {
				price, _ := r.spotPrice(t, z.Name, at)
				if price > 0 && (len(products) == 0 || slices.Contains(products, p)) {
					all = append(all, spotPrice{t, z, p})
				}
			}
		}
	}
	all, err := selectBy(all, r.in.Trees("Filters"), attributes[spotPrice]{values: map[string]func(spotPrice) []string{
		"availability-zone":   one(func(s spotPrice) string { return s.zone.Name }),
		"instance-type":       one(func(s spotPrice) string { return s.kind.name }),
		"product-description": one(func(s spotPrice) string { return s.product }),
	}})
	if err != nil {
		return nil, err
	}
	out := wire.Tree{"NextToken": ""}
	key := func(s spotPrice) string { return s.kind.name + " " + s.zone.Name + " " + s.product }
	slices.SortFunc(all, func(a, b spotPrice) int { return compare(key(a), key(b)) })
	all, err = cut(r, all, key, paging{limit: "MaxResults", token: "NextToken", most: 1000}, out)
	var list []wire.Tree
	for _, s := range all {
		list = append(list, r.priceTree(s, at))
	}
	out["SpotPriceHistory"] = list
	return out, err
}

func (r *request) priceTree(s spotPrice, at time.Time) wire.Tree {
	price, since := r.spotPrice(s.kind, s.zone.Name, at)
	return wire.Tree{
		"InstanceType": s.kind.name, "AvailabilityZone": s.zone.Name, "AvailabilityZoneId": s.zone.ID,
		"ProductDescription": s.product, "Timestamp": since, "SpotPrice": strconv.FormatFloat(price, 'f', 6, 64),
	}
}

func (c *Cloud) spotPrice(t *machineType, zone string, at time.Time) (float64, time.Time) {
	return c.prices.Spot(world.Pool{Type: t.name, Zone: zone, Capacity: spot}, t.price, at)
}
