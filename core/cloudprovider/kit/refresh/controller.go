// SPDX-License-Identifier: Apache-2.0

// Package refresh repeats something that is to be done every so often: read a catalogue
// anew, let go of what has become old. It is specified in docs/spec/provider-kit.md
// (KIT-230 to KIT-232).
//
// It knows nothing of what that is.
package refresh

import (
	"context"
	"time"

	"github.com/awslabs/operatorpkg/reconciler"
	"github.com/awslabs/operatorpkg/singleton"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"karpenter.sh/core/reconcile/concurrency"
)

// Options are what a Controller is made of; all but Done are required.
type Options struct {
	// Name is the controller's name in logs and metrics.
	Name string
	// Every is the time between two successes. After a failure it is tried again with
	// back-off, no later than after this time.
	Every time.Duration
	// Done is when it was last done, as at the start; the zero time means never. A
	// replica may wait for days until it leads, so the age counts and not the start.
	Done time.Time
	// Clock tells when it is due.
	Clock clock.PassiveClock
	// Do does it.
	Do func(context.Context) error
}

// Controller repeats one thing.
type Controller struct {
	opts Options
	// last is when it was done. Rounds do not overlap, so only one of them touches it.
	last time.Time
}

// New returns a controller that has not begun.
func New(o Options) *Controller { return &Controller{opts: o, last: o.Done} }

// Register adds the controller to a manager.
func (c *Controller) Register(_ context.Context, m manager.Manager) error {
	return builder.ControllerManagedBy(m).
		Named(c.opts.Name).
		WatchesRawSource(singleton.Source()).
		WithOptions(concurrency.Loop(c.opts.Every)).
		Complete(singleton.AsReconciler(c))
}

// Reconcile does it if it is due. Rounds do not overlap.
func (c *Controller) Reconcile(ctx context.Context) (reconciler.Result, error) {
	if wait := c.last.Add(c.opts.Every).Sub(c.opts.Clock.Now()); wait > 0 {
		return reconciler.Result{RequeueAfter: wait}, nil
	}
	if err := c.opts.Do(ctx); err != nil {
		return reconciler.Result{}, err
	}
	c.last = c.opts.Clock.Now()
	return reconciler.Result{RequeueAfter: c.opts.Every}, nil
}
