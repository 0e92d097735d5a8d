// SPDX-License-Identifier: Apache-2.0

package simtest

import (
	"time"

	testclock "k8s.io/utils/clock/testing"
)

// Clock is a virtual clock whose waiters do not wait: time goes on by what they would.
type Clock struct{ *testclock.FakeClock }

// After lets the time pass.
func (c *Clock) After(d time.Duration) <-chan time.Time {
	c.Step(d)
	now := make(chan time.Time, 1)
	now <- c.Now()
	return now
}
