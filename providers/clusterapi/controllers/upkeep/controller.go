// SPDX-License-Identifier: Apache-2.0

// Package upkeep looks after MachineDeployments that take part: Machines that nobody has
// for long are released (CAPI-056), and those that Cluster API should have deleted are
// deleted (CAPI-059).
//
// It decides how long is long. A Machine whose Node serves pods is its user's, and never
// touched. Everything is read from caches; what is changed is read again by package
// scaling.
package upkeep

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/awslabs/operatorpkg/reconciler"
	"github.com/awslabs/operatorpkg/singleton"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"karpenter.sh/core/reconcile/concurrency"
	"karpenter.sh/providers/clusterapi/capi"
	"karpenter.sh/providers/clusterapi/claim"
	"karpenter.sh/providers/clusterapi/inventory"
)

// Name is the controller's name in logs and metrics.
const Name = "machinedeployment.upkeep"

const (
	// Patience is how long a Machine may be nobody's.
	Patience = 15 * time.Minute

	every = time.Minute
)

// Scaler is what the controller changes deployments by.
type Scaler interface {
	Waiting(deployment types.NamespacedName) bool
	Release(ctx context.Context, deployment types.NamespacedName, machine *capi.Machine) error
	Settle(ctx context.Context, deployment types.NamespacedName) error
	Tidy(ctx context.Context) error
}

// Options are what the controller works with; all are required.
type Options struct {
	Inventory *inventory.Reader
	Scaler    Scaler
	Clock     clock.PassiveClock
}

// Controller looks after deployments, one round after another.
type Controller struct {
	opts Options
	// idle is since when Machines were seen to be nobody's, one round after another.
	idle map[types.UID]time.Time
}

// New returns the controller.
func New(o Options) *Controller { return &Controller{opts: o, idle: map[types.UID]time.Time{}} }

// Register adds the controller to a manager.
func (c *Controller) Register(_ context.Context, m manager.Manager) error {
	return builder.ControllerManagedBy(m).
		Named(Name).
		WatchesRawSource(singleton.Source()).
		WithOptions(concurrency.Loop(every)).
		Complete(singleton.AsReconciler(c))
}

// Reconcile makes one round. An error about one deployment does not stop the others.
func (c *Controller) Reconcile(ctx context.Context) (reconciler.Result, error) {
	var list capi.MachineDeploymentList
	if err := c.opts.Inventory.Management.Cache.List(ctx, &list); err != nil {
		return reconciler.Result{}, fmt.Errorf("listing MachineDeployments: %w", err)
	}
	var errs []error
	seen := map[types.UID]time.Time{}
	for i := range list.Items {
		if d := &list.Items[i]; c.opts.Inventory.Scope.Member(d) {
			errs = append(errs, c.visit(ctx, client.ObjectKeyFromObject(d), seen))
		}
	}
	c.idle = seen
	errs = append(errs, c.opts.Scaler.Tidy(ctx))
	return reconciler.Result{RequeueAfter: every}, errors.Join(errs...)
}

// visit looks after one deployment.
func (c *Controller) visit(ctx context.Context, deployment types.NamespacedName, seen map[types.UID]time.Time) error {
	inv, err := c.opts.Inventory.Cached(ctx, deployment)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	var errs []error
	if len(inv.Going()) > 0 {
		errs = append(errs, c.opts.Scaler.Settle(ctx, deployment))
	}
	if c.opts.Scaler.Waiting(deployment) { // whoever waits takes what is nobody's
		return errors.Join(errs...)
	}
	for _, candidate := range inv.Machines {
		errs = append(errs, c.consider(ctx, deployment, candidate, seen))
	}
	return errors.Join(errs...)
}

// consider releases a Machine that has been nobody's for long.
func (c *Controller) consider(ctx context.Context, deployment types.NamespacedName, candidate claim.Candidate, seen map[types.UID]time.Time) error {
	m, now := candidate.Machine, c.opts.Clock.Now()
	if !candidate.Surplus() {
		return nil
	}
	since, known := c.idle[m.UID]
	if !known {
		since = now
	}
	seen[m.UID] = since
	if now.Sub(since) < Patience {
		return nil
	}
	if err := c.opts.Scaler.Release(ctx, deployment, m); err != nil && !apierrors.IsNotFound(err) {
		return err
	}
	log.FromContext(ctx).Info("released a Machine that nobody had", "Machine", claim.NameOf(m), "MachineDeployment", deployment)
	return nil
}
