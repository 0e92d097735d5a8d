// SPDX-License-Identifier: Apache-2.0

// Package refresh repeats something that is to be done every so often: read a catalogue
// anew, let go of what has become old.
//
// It knows nothing of what that is.
package refresh

import (
	"context"
	"time"

	"github.com/awslabs/operatorpkg/reconciler"
	"github.com/awslabs/operatorpkg/singleton"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"karpenter.sh/core/reconcile/concurrency"
)

// Controller repeats one thing.
type Controller struct {
	// Name is the controller's name in logs and metrics.
	Name string
	// Every is the time between two successes. After a failure it is tried again with
	// back-off, no later than after this time.
	Every time.Duration
	// First is how long the first round waits: what was done at the start need not be
	// done again.
	First time.Duration
	// Do does it.
	Do func(context.Context) error

	begun bool
}

// Register adds the controller to a manager.
func (c *Controller) Register(_ context.Context, m manager.Manager) error {
	return builder.ControllerManagedBy(m).
		Named(c.Name).
		WatchesRawSource(singleton.Source()).
		WithOptions(concurrency.Loop(c.Every)).
		Complete(singleton.AsReconciler(c))
}

// Reconcile does it once. Rounds do not overlap.
func (c *Controller) Reconcile(ctx context.Context) (reconciler.Result, error) {
	if !c.begun && c.First > 0 {
		c.begun = true
		return reconciler.Result{RequeueAfter: c.First}, nil
	}
	if err := c.Do(ctx); err != nil {
		return reconciler.Result{}, err
	}
	return reconciler.Result{RequeueAfter: c.Every}, nil
}
