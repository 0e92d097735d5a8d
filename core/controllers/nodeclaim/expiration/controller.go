// SPDX-License-Identifier: Apache-2.0

package expiration

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/controllers/nodeclaim/internal/removal"
	"karpenter.sh/core/metrics"
	"karpenter.sh/core/reconcile/concurrency"
	"karpenter.sh/core/reconcile/staleness"
)

// Name is the name of the controller in logs and metrics.
const Name = "nodeclaim.expiration"

// Options are what the controller works with; all but CPUMillis are required.
type Options struct {
	// Client reads from the cache, with the indexes of package index.
	Client      client.Client
	NodeClasses cloudprovider.NodeClassKinds
	Clock       clock.PassiveClock
	NodeClaims  *metrics.NodeClaims
	// CPUMillis is the CPU request of the process.
	CPUMillis int64
}

// Controller is nodeclaim.expiration.
type Controller struct {
	Options
	written staleness.Tracker
}

// New returns the controller.
func New(o Options) *Controller {
	return &Controller{Options: o}
}

// Register adds the controller to a manager.
func (c *Controller) Register(_ context.Context, m manager.Manager) error {
	return builder.ControllerManagedBy(m).
		Named(Name).
		For(&v1.NodeClaim{}, builder.WithPredicates(predicate.Funcs{
			UpdateFunc: func(event.UpdateEvent) bool { return false },
		})).
		WithOptions(concurrency.Options[reconcile.Request](concurrency.Fixed(1), c.CPUMillis)).
		Complete(c)
}

// Reconcile deletes a NodeClaim that has expired, or waits until it has.
func (c *Controller) Reconcile(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	nodeClaim := &v1.NodeClaim{}
	if err := c.Client.Get(ctx, req.NamespacedName, nodeClaim); err != nil {
		if errors.IsNotFound(err) {
			c.written.Forget(req.NamespacedName)
			return reconcile.Result{}, nil
		}
		return reconcile.Result{}, fmt.Errorf("reading nodeclaim %s: %w", req.Name, err)
	}
	expiry, finite := expiresAt(nodeClaim)
	if !finite || !nodeClaim.DeletionTimestamp.IsZero() ||
		!c.NodeClasses.Manages(nodeClaim.Spec.NodeClassRef) || c.written.Stale(nodeClaim) {
		return reconcile.Result{}, nil
	}
	if left := expiry.Sub(c.Clock.Now()); left > 0 {
		return reconcile.Result{RequeueAfter: left}, nil
	}
	return reconcile.Result{}, c.expire(ctx, nodeClaim)
}

func (c *Controller) expire(ctx context.Context, nodeClaim *v1.NodeClaim) error {
	removed, err := removal.Remover{Client: c.Client, NodeClaims: c.NodeClaims}.Remove(ctx, nodeClaim, metrics.Expired)
	if err != nil || !removed {
		return err
	}
	c.written.Deleted(nodeClaim)
	log.FromContext(ctx).V(1).Info("deleting expired nodeclaim")
	return nil
}

// expiresAt returns when the NodeClaim expires, and false when it never does
// (LIF-190).
func expiresAt(nodeClaim *v1.NodeClaim) (time.Time, bool) {
	lifetime, finite := nodeClaim.Spec.ExpireAfter.Value()
	return nodeClaim.CreationTimestamp.Add(lifetime), finite
}
