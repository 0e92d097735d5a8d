// SPDX-License-Identifier: Apache-2.0

package cache_test

import (
	"context"
	"fmt"
	"time"

	"k8s.io/utils/clock"

	"karpenter.sh/core/cloudprovider/kit/cache"
)

// selector is what subnets are resolved for: the NodeClass as it was read.
type selector struct {
	NodeClassUID string
	Generation   int64
}

// A provider that resolves the subnets of a NodeClass.
func ExampleCache() {
	subnets := cache.New(cache.Options{Name: "subnets", TTL: time.Minute, Clock: clock.RealClock{}},
		cache.Source[selector, []string]{
			Load: func(context.Context, selector) ([]string, error) {
				fmt.Println("one request")
				return []string{"subnet-1", "subnet-2"}, nil
			},
		})
	defer subnets.Close()
	for range 2 {
		found, err := subnets.Get(context.Background(), selector{"4f1c", 7})
		fmt.Println(found, err)
	}
	// Output:
	// one request
	// [subnet-1 subnet-2] <nil>
	// [subnet-1 subnet-2] <nil>
}
