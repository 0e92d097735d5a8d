// SPDX-License-Identifier: Apache-2.0

package quota_test

import (
	"fmt"
	"time"

	clocktesting "k8s.io/utils/clock/testing"

	"karpenter.sh/core/cloudprovider/kit/quota"
)

// A provider asks while it makes a view of its types, and takes quota before it
// launches.
func Example() {
	clock := clocktesting.NewFakePassiveClock(time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC))
	tracker := quota.New(quota.Options{Clock: clock})

	// Every ten minutes: what the cloud says.
	err := tracker.Read(clock.Now(), []quota.Limit{{Name: "standard/on-demand", Max: 64, Used: 40}, {Name: "region", Max: 1000, Used: 40}})
	if err != nil {
		fmt.Println(err)
	}
	large := quota.Needs{{Limit: "standard/on-demand", Amount: 16}, {Limit: "region", Amount: 16}}
	offered := func() {
		short, exceeded := tracker.Snapshot().Exceeded(large)
		if exceeded {
			fmt.Println("unavailable:", short)
			return
		}
		fmt.Println("available")
	}
	offered()
	fmt.Println("launching:", tracker.Begin("nodeclaim-uid", large))
	offered() // at once, without a call of the cloud

	tracker.Release("nodeclaim-uid") // the launch failed
	offered()
	// Output:
	// available
	// launching: <nil>
	// unavailable: 16 needed of "standard/on-demand", 8 left (limit 64, used 40, being launched 16)
	// available
}
