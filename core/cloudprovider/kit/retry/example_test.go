// SPDX-License-Identifier: Apache-2.0

package retry_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"k8s.io/utils/clock"

	"karpenter.sh/core/cloudprovider/kit/retry"
)

// A call that the cloud throttles once.
func ExampleDo() {
	errThrottled, calls := errors.New("request limit exceeded"), 0
	id, err := retry.Do(context.Background(), retry.Policy{
		Throttled: func(err error) bool { return errors.Is(err, errThrottled) },
		First:     time.Millisecond,
		Clock:     clock.RealClock{},
	}, func(context.Context) (string, error) {
		if calls++; calls == 1 {
			return "", errThrottled
		}
		return "i-1", nil
	})
	fmt.Println(id, err)
	// Output: i-1 <nil>
}
