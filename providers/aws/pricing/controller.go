// SPDX-License-Identifier: Apache-2.0

package pricing

import (
	"context"
	"time"

	"github.com/awslabs/operatorpkg/reconciler"
	"github.com/awslabs/operatorpkg/singleton"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"karpenter.sh/core/reconcile/concurrency"
)

// ControllerName is the controller's name in logs and metrics.
const ControllerName = "providers.pricing"

// Controller keeps prices up to date.
type Controller struct{ prices *Prices }

// NewController returns the controller providers.pricing.
func NewController(p *Prices) *Controller { return &Controller{prices: p} }

// Register adds the controller to a manager. An error of one source must not keep the
// others waiting: the next round looks whether another is due.
func (c *Controller) Register(_ context.Context, m manager.Manager) error {
	return builder.ControllerManagedBy(m).
		Named(ControllerName).
		WatchesRawSource(singleton.Source()).
		WithOptions(concurrency.Loop(fileInterval)).
		Complete(singleton.AsReconciler(c))
}

// Reconcile reads what is due.
func (c *Controller) Reconcile(ctx context.Context) (reconciler.Result, error) {
	if err := c.prices.Refresh(ctx); err != nil {
		return reconciler.Result{}, err
	}
	return reconciler.Result{RequeueAfter: max(time.Second, c.prices.Next())}, nil
}
