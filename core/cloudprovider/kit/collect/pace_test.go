// SPDX-License-Identifier: Apache-2.0

package collect_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"karpenter.sh/core/testkit/stubmanager"
)

// KIT-135: failed rounds follow one another at the second interval at the latest.
func TestPaceOfFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		w, r := newWorld(t, same), &stubmanager.Manager{}
		w.failing = "list"
		if err := w.Register(ctx, r); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error)
		go func() { ended <- r.Added.Start(ctx) }()
		time.Sleep(time.Hour)
		cancel()
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		if len(w.order) < 30 || len(w.order) > 60 {
			t.Errorf("%d rounds in an hour", len(w.order))
		}
	})
}
