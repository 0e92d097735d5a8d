// SPDX-License-Identifier: Apache-2.0

// Package pause waits on a clock that is passed in, so that tests need not wait. It knows
// nothing of what is waited for.
package pause

import (
	"context"
	"time"

	"k8s.io/utils/clock"
)

// For waits, and reports whether the context has outlived that: if not, it returns as soon
// as the context ends.
func For(ctx context.Context, c clock.Clock, d time.Duration) bool {
	timer := c.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C():
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}
