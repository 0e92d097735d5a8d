// SPDX-License-Identifier: Apache-2.0

package refresh_test

import (
	"context"
	"errors"
	"testing"
	"time"

	clocktesting "k8s.io/utils/clock/testing"

	"karpenter.sh/core/cloudprovider/kit/refresh"
)

// KIT-230, KIT-231, AWS-142, AWS-200: it is done when it is due by its age, however long a replica waits
// for the lease, and a failure is tried again.
func TestReconcile(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	clock := clocktesting.NewFakePassiveClock(start)
	failure := errors.New("the cloud is down")
	var done int
	var fails error
	c := refresh.New(refresh.Options{
		Name: "test", Every: time.Hour, Done: start, Clock: clock,
		Do: func(context.Context) error { done++; return fails },
	})
	for _, step := range []struct {
		name  string
		at    time.Duration
		fails error
		done  int
		after time.Duration
	}{
		{"what was done at the start is not done again", 10 * time.Minute, nil, 0, 50 * time.Minute},
		{"a lease that came late", 72 * time.Hour, nil, 1, time.Hour},
		{"asked too early", 72*time.Hour + 59*time.Minute, nil, 1, time.Minute},
		{"a failure", 73 * time.Hour, failure, 2, 0},
		{"is tried again", 73*time.Hour + time.Minute, nil, 3, time.Hour},
	} {
		clock.SetTime(start.Add(step.at))
		fails = step.fails
		got, err := c.Reconcile(t.Context())
		if got.RequeueAfter != step.after || !errors.Is(err, step.fails) || done != step.done {
			t.Errorf("%s: got %+v, %v, done %d times", step.name, got, err, done)
		}
	}
}
