// SPDX-License-Identifier: Apache-2.0

package refresh_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/utils/clock"

	"karpenter.sh/core/cloudprovider/kit/refresh"
	"karpenter.sh/core/testkit/stubmanager"
)

// rounds counts what a controller does in an hour when it leads, every five minutes.
func rounds(t *testing.T, do func(context.Context) error) int {
	t.Helper()
	var n atomic.Int32
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		m := &stubmanager.Manager{}
		c := refresh.New(refresh.Options{Name: "test", Every: 5 * time.Minute, Clock: clock.RealClock{}, Do: func(ctx context.Context) error {
			n.Add(1)
			return do(ctx)
		}})
		if err := c.Register(ctx, m); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error)
		go func() { ended <- m.Added.Start(ctx) }()
		time.Sleep(time.Hour - time.Second)
		cancel()
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
	})
	return int(n.Load())
}

// KIT-230: what was never done is done at once, and then whenever it is due.
func TestPace(t *testing.T) {
	if n := rounds(t, func(context.Context) error { return nil }); n != 12 {
		t.Errorf("%d rounds in an hour", n)
	}
}

// KIT-231: failures follow one another with back-off, after five minutes at the latest.
func TestPaceOfFailures(t *testing.T) {
	if n := rounds(t, func(context.Context) error { return errors.New("the cloud is down") }); n < 24 || n > 30 {
		t.Errorf("%d rounds in an hour", n)
	}
}

// KIT-232: a round that takes longer than it may be until the next one is alone.
func TestNoOverlap(t *testing.T) {
	var running atomic.Int32
	n := rounds(t, func(ctx context.Context) error {
		if running.Add(1) > 1 {
			t.Error("two rounds at once")
		}
		defer running.Add(-1)
		select {
		case <-ctx.Done():
		case <-time.After(7 * time.Minute):
		}
		return nil
	})
	if n != 5 { // each takes twelve minutes with the wait after it
		t.Errorf("%d rounds in an hour", n)
	}
}
