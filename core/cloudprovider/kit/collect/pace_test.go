// SPDX-License-Identifier: Apache-2.0

package collect_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-logr/logr"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/manager"
)

// runner is a manager that keeps what is added to it.
type runner struct {
	manager.Manager
	added manager.Runnable
}

func (*runner) GetControllerOptions() config.Controller {
	return config.Controller{SkipNameValidation: new(true)}
}

func (*runner) GetLogger() logr.Logger { return logr.Discard() }

func (r *runner) Add(added manager.Runnable) error {
	r.added = added
	return nil
}

// KIT-135: failed rounds follow one another at the second interval at the latest.
func TestPaceOfFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		w, r := newWorld(t, same), &runner{}
		w.failing = "list"
		if err := w.Register(ctx, r); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error)
		go func() { ended <- r.added.Start(ctx) }()
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
