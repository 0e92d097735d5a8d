// SPDX-License-Identifier: Apache-2.0

package batch_test

import (
	"context"
	"fmt"
	"sync"
	"time"

	"k8s.io/utils/clock"

	"karpenter.sh/core/cloudprovider/kit/batch"
)

// fleet is the parameters of a launch: all that callers must share.
type fleet struct{ Template, Zones, CapacityType string }

// A provider that launches through a request for n equal machines.
func ExampleNewLaunch() {
	launches := batch.NewLaunch(batch.Options{
		Name: "create_fleet", Idle: 35 * time.Millisecond, MaxWait: time.Second, MaxItems: 2, Clock: clock.RealClock{},
	}, batch.Launch[fleet, string, string]{
		Call: func(_ context.Context, f fleet, nodeClaims []string) ([]string, error) {
			fmt.Printf("one request for %d machines of %s\n", len(nodeClaims), f.Template)
			return []string{"i-1", "i-2"}, nil
		},
		Surplus: func(_ fleet, machines []string) { fmt.Println("surplus", machines) },
	})
	var all sync.WaitGroup
	for _, nodeClaim := range []string{"default-x7k2p", "default-9qz4d"} {
		all.Go(func() {
			_, _ = launches.Do(context.Background(), fleet{"lt-1", "a,b", "spot"}, nodeClaim)
		})
	}
	all.Wait()
	_ = launches.Close(context.Background())
	// Output: one request for 2 machines of lt-1
}
