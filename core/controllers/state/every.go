// SPDX-License-Identifier: Apache-2.0

package state

import (
	"context"
	"time"

	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"
)

// every is a source of requests that are looked for at an interval.
func every(clk clock.WithTicker, interval time.Duration, find func(context.Context) []reconcile.Request) source.Source {
	return source.Func(func(ctx context.Context, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) error {
		ticker := clk.NewTicker(interval)
		go enqueue(ctx, queue, ticker, find)
		return nil
	})
}

func enqueue(
	ctx context.Context, queue workqueue.TypedRateLimitingInterface[reconcile.Request],
	ticker clock.Ticker, find func(context.Context) []reconcile.Request,
) {
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C():
			for _, request := range find(ctx) {
				queue.Add(request)
			}
		}
	}
}
