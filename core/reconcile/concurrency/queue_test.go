// SPDX-License-Identifier: Apache-2.0

package concurrency_test

import (
	"testing"
	"time"

	"karpenter.sh/core/reconcile/concurrency"
)

// OPS-289: a queue that looks at itself seldom keeps delays exactly nevertheless.
func TestDelaysAreKept(t *testing.T) {
	options := concurrency.Options[string](concurrency.Fixed(1), 1000)
	queue := options.NewQueue("test", options.RateLimiter)
	defer queue.ShutDown()
	began := time.Now()
	queue.AddAfter("later", 100*time.Millisecond)
	queue.Add("now")
	for _, want := range []string{"now", "later"} {
		if got, _ := queue.Get(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if took := time.Since(began); took < 100*time.Millisecond || took > 5*time.Second {
		t.Errorf("the delay took %s", took)
	}
}
