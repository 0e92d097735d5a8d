// SPDX-License-Identifier: Apache-2.0

package concurrency_test

import (
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"karpenter.sh/core/reconcile/concurrency"
)

// All items are worked on, so many at a time, whatever becomes of the others.
func TestEach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		odd := errors.New("odd")
		var now, most atomic.Int32
		errs := concurrency.Each([]int{10, 11, 12, 13, 14}, 2, func(i, item int) error {
			most.Store(max(most.Load(), now.Add(1)))
			time.Sleep(time.Duration(10-i) * time.Second)
			now.Add(-1)
			if item != 10+i {
				t.Errorf("item %d is %d", i, item)
			}
			if item%2 == 1 {
				return odd
			}
			return nil
		})
		if len(errs) != 5 || most.Load() != 2 {
			t.Errorf("%d answers, %d at a time", len(errs), most.Load())
		}
		for i, err := range errs {
			if want := i%2 == 1; errors.Is(err, odd) != want {
				t.Errorf("the answer of item %d is %v", i, err)
			}
		}
	})
}
