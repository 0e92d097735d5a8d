// SPDX-License-Identifier: Apache-2.0

package health_test

import (
	"fmt"
	"time"

	clocktesting "k8s.io/utils/clock/testing"

	"karpenter.sh/core/cloudprovider/kit/health"
)

// A provider marks what a launch found out, and asks while it lists its types.
func Example() {
	clock := clocktesting.NewFakePassiveClock(time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC))
	record := health.New(health.Options{Clock: clock})

	// The cloud is out of one offering, and the account out of large machines.
	for _, mark := range []health.Mark{
		{Scope: health.Scope{CapacityType: "spot", InstanceType: "m5.large", Zone: "a"}, Reason: "InsufficientInstanceCapacity", TTL: 3 * time.Minute},
		{Scope: health.Scope{CapacityType: "on-demand", Family: "p4", MinVCPUs: 48}, Reason: "QuotaExceeded", TTL: 10 * time.Minute},
	} {
		if err := record.Mark(mark); err != nil {
			fmt.Println(err)
		}
	}
	ask := func(capacityType, instanceType, family string, vcpus int64) {
		mark, _ := record.Snapshot().Why(health.Offering{
			CapacityType: capacityType, InstanceType: instanceType, Family: family, VCPUs: vcpus, Zone: "a", Networks: []string{"subnet-1"},
		})
		fmt.Printf("%s %s: %q\n", capacityType, instanceType, mark.Reason)
	}
	ask("spot", "m5.large", "m5", 2)
	ask("on-demand", "m5.large", "m5", 2)
	ask("on-demand", "p4.24xlarge", "p4", 96)

	// Nobody sweeps: the end is seen by the clock, and so does what is keyed by the generation.
	generation := record.Generation()
	clock.SetTime(clock.Now().Add(3 * time.Minute))
	ask("spot", "m5.large", "m5", 2)
	fmt.Println("same generation:", record.Generation() == generation)
	// Output:
	// spot m5.large: "InsufficientInstanceCapacity"
	// on-demand m5.large: ""
	// on-demand p4.24xlarge: "QuotaExceeded"
	// spot m5.large: ""
	// same generation: false
}
