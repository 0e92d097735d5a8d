// SPDX-License-Identifier: Apache-2.0

package interruption_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"karpenter.sh/core/cloudprovider/kit/interruption"
	"karpenter.sh/core/testkit/stubmanager"
)

// paced counts how often it is asked.
type paced struct {
	queue
	asked int
}

func (p *paced) Receive(ctx context.Context) ([]interruption.Message, error) {
	p.asked++
	return p.queue.Receive(ctx)
}

// KIT-150: beside a source that always fails the others are asked every 10 s.
func TestPaceOfFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		healthy, r := &paced{}, &stubmanager.Manager{}
		c := interruption.New(interruption.Options{Sources: []interruption.Source{&queue{err: errDown}, healthy}, Every: time.Minute})
		if err := c.Register(ctx, r); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error)
		go func() { ended <- r.Added.Start(ctx) }()
		time.Sleep(time.Hour)
		cancel()
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		if healthy.asked < 360 || healthy.asked > 400 {
			t.Errorf("asked %d times in an hour", healthy.asked)
		}
	})
}
