// SPDX-License-Identifier: Apache-2.0

package concurrency

import (
	"time"

	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// Loop returns the options of a controller with one worker that looks again every so
// often. After an error, however long it lasts, the next look is no later than that.
func Loop(every time.Duration) controller.Options {
	p := Fixed(1)
	p.Backoff.Longest = every
	return Options[reconcile.Request](p, 0)
}

// calm makes a queue that wakes the process only when there is something to do,
// and every now and then for its metrics. The libraries' own wake it twice a
// second each: with dozens of controllers that costs more than all else that an
// idle process does (OPS-289).
func calm[T comparable](name string, limiter workqueue.TypedRateLimiter[T]) workqueue.TypedRateLimitingInterface[T] {
	return workqueue.NewTypedRateLimitingQueueWithConfig(limiter, workqueue.TypedRateLimitingQueueConfig[T]{
		Name: name, Clock: slowTicks{},
	})
}

// leastTick is how long a queue goes at least without a look at itself.
const leastTick = 10 * time.Second

// slowTicks is the real clock with tickers that leave time between their ticks.
// Delays are kept by timers, which are exact.
type slowTicks struct{ clock.RealClock }

// NewTicker implements clock.WithTicker.
func (c slowTicks) NewTicker(d time.Duration) clock.Ticker {
	return c.RealClock.NewTicker(max(d, leastTick))
}
