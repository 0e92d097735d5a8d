// SPDX-License-Identifier: Apache-2.0

package price_test

import (
	"fmt"
	"time"

	clocktesting "k8s.io/utils/clock/testing"

	"karpenter.sh/core/cloudprovider/kit/price"
)

// A provider starts with embedded prices, takes the cloud's when they come, and
// lets the user's contract decide.
func Example() {
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	book := price.NewBook(price.Options{
		Clock:    clocktesting.NewFakePassiveClock(now),
		Embedded: price.Table{OnDemand: map[string]float64{"m5.large": 0.096}, At: now.AddDate(0, -1, 0)},
		Rates:    price.Rates{VCPU: 0.03, GiB: 0.004, OtherAccelerator: 0.5},
	})
	book.SetShapes(map[string]price.Shape{
		"m5.large":  {Family: "m5", VCPUs: 2, GiB: 8},
		"m5.xlarge": {Family: "m5", VCPUs: 4, GiB: 16}, // not in the table
	})
	show := func(instanceType, capacityType string) {
		q, ok := book.Snapshot().Price(price.Offering{InstanceType: instanceType, CapacityType: capacityType, Zone: "a"})
		fmt.Printf("%s %s: %.3f %s %t\n", instanceType, capacityType, q.Price, q.Source, ok)
	}
	show("m5.large", "on-demand")
	show("m5.xlarge", "on-demand")

	if _, err := book.Update(price.Update{Spot: map[price.Spot]float64{{InstanceType: "m5.large", Zone: "a"}: 0.04}}); err != nil {
		fmt.Println(err)
	}
	show("m5.large", "spot")
	show("m5.xlarge", "spot") // not sold as spot there

	file, err := price.ReadFile("prices.yaml", []byte(`
prices:
- families: [m5]       # a savings plan
  discount: 25%
`))
	if err != nil {
		fmt.Println(err)
	}
	book.SetFile(file)
	show("m5.xlarge", "on-demand")
	// Output:
	// m5.large on-demand: 0.096 embedded true
	// m5.xlarge on-demand: 0.192 estimate true
	// m5.large spot: 0.040 cloud true
	// m5.xlarge spot: 0.000  false
	// m5.xlarge on-demand: 0.144 estimate true
}
