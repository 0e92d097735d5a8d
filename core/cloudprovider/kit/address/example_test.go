// SPDX-License-Identifier: Apache-2.0

package address_test

import (
	"fmt"
	"time"

	clocktesting "k8s.io/utils/clock/testing"

	"karpenter.sh/core/cloudprovider/kit/address"
	"karpenter.sh/core/cloudprovider/kit/health"
)

// A provider chooses networks by their free addresses. That a full network takes
// its zone away is glue between the pool and the record of marks.
func Example() {
	clock := clocktesting.NewFakePassiveClock(time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC))
	pool := address.New(address.Options{Clock: clock})
	record := health.New(health.Options{Clock: clock})
	const smallest = 11 // the smallest type: itself and ten pods

	refresh := func(networks ...address.Network) {
		if err := pool.Read(clock.Now(), networks); err != nil {
			fmt.Println(err)
		}
		for _, n := range networks {
			scope := health.Scope{Network: n.ID}
			if free, _ := pool.Free(n.ID); free >= smallest {
				record.Lift(scope)
			} else if err := record.Mark(health.Mark{Scope: scope, Reason: "SubnetIsFull", TTL: address.DefaultRetention}); err != nil {
				fmt.Println(err)
			}
		}
	}
	show := func() {
		mark, _ := record.Snapshot().Why(health.Offering{Zone: "a", Networks: []string{"subnet-1", "subnet-2"}})
		fmt.Printf("zone a is unavailable for %q\n", mark.Reason)
	}

	refresh(address.Network{ID: "subnet-1", Free: 20}, address.Network{ID: "subnet-2", Free: 5})
	chosen := pool.Reserve("nodeclaim-uid", []address.Want{{Zone: "a", Networks: []string{"subnet-1", "subnet-2"}, Need: smallest}})
	fmt.Println("launching into", chosen["a"])
	pool.Settle("nodeclaim-uid", chosen["a"], 17)

	clock.SetTime(clock.Now().Add(5 * time.Minute))
	refresh(address.Network{ID: "subnet-1", Free: 3}, address.Network{ID: "subnet-2", Free: 5})
	show()
	clock.SetTime(clock.Now().Add(5 * time.Minute))
	refresh(address.Network{ID: "subnet-1", Free: 200}, address.Network{ID: "subnet-2", Free: 5})
	show()
	// Output:
	// launching into subnet-1
	// zone a is unavailable for "SubnetIsFull"
	// zone a is unavailable for ""
}
