// SPDX-License-Identifier: Apache-2.0

// Package garbagecollection deletes fake nodes that no NodeClaim refers to
// (KWOK-030): what a launch left behind whose result never reached the API
// server.
//
// It decides which machines are orphans and nothing else; deleting them is the
// provider's business. Machines are listed before NodeClaims, so that one
// launched in between is not taken for an orphan (CP-117). Each round costs one
// list of the Nodes.
package garbagecollection

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/awslabs/operatorpkg/reconciler"
	"github.com/awslabs/operatorpkg/singleton"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/reconcile/concurrency"
	"karpenter.sh/kwok/provider"
)

// Name is the controller's name in logs and metrics.
const Name = "instance.garbagecollection"

const (
	interval = 2 * time.Minute
	// grace is how old an orphan must be.
	grace = 30 * time.Second
	// parallel is how many orphans are deleted at a time (CP-117).
	parallel = 100
)

// Machines is what of a provider the controller works with.
type Machines interface {
	List(context.Context) ([]*v1.NodeClaim, error)
	Delete(context.Context, *v1.NodeClaim) error
}

// Controller collects orphans.
type Controller struct {
	// NodeClaims reads from the cache.
	NodeClaims client.Reader
	Machines   Machines
	Clock      clock.PassiveClock
}

// Register adds the controller to a manager.
func (c *Controller) Register(_ context.Context, m manager.Manager) error {
	return builder.ControllerManagedBy(m).
		Named(Name).
		WatchesRawSource(singleton.Source()).
		WithOptions(concurrency.Single()).
		Complete(singleton.AsReconciler(c))
}

// Reconcile makes one round. An error about one orphan does not stop the others.
func (c *Controller) Reconcile(ctx context.Context) (reconciler.Result, error) {
	machines, err := c.Machines.List(ctx)
	if err != nil {
		return reconciler.Result{}, fmt.Errorf("listing fake nodes: %w", err)
	}
	var claims v1.NodeClaimList
	if err := c.NodeClaims.List(ctx, &claims, client.UnsafeDisableDeepCopy); err != nil {
		return reconciler.Result{}, fmt.Errorf("listing nodeclaims: %w", err)
	}
	if err := c.deleteAll(ctx, Orphans(machines, claims.Items, c.Clock.Now())); err != nil {
		return reconciler.Result{}, err
	}
	return reconciler.Result{RequeueAfter: interval}, nil
}

func (c *Controller) deleteAll(ctx context.Context, orphans []*v1.NodeClaim) error {
	return errors.Join(concurrency.Each(orphans, parallel, func(_ int, orphan *v1.NodeClaim) error { return c.delete(ctx, orphan) })...)
}

func (c *Controller) delete(ctx context.Context, orphan *v1.NodeClaim) error {
	id := orphan.Status.ProviderID
	if err := c.Machines.Delete(ctx, orphan); cloudprovider.IgnoreNodeClaimNotFoundError(err) != nil {
		return fmt.Errorf("deleting orphaned fake node %s: %w", id, err)
	}
	log.FromContext(ctx).Info("deleted fake node without nodeclaim", "provider-id", id)
	return nil
}

// Orphans returns the machines, not terminating and past the grace period, that
// no NodeClaim has. A live NodeClaim that does not know its machine yet has the
// one that its launch leads to.
func Orphans(machines []*v1.NodeClaim, claims []v1.NodeClaim, now time.Time) []*v1.NodeClaim {
	claimed := make(map[string]bool, len(claims))
	for i := range claims {
		claim := &claims[i]
		claimed[claim.Status.ProviderID] = true
		if claim.Status.ProviderID == "" && claim.DeletionTimestamp.IsZero() {
			claimed[provider.ProviderID(claim)] = true
		}
	}
	var orphans []*v1.NodeClaim
	for _, m := range machines {
		old := now.Sub(m.CreationTimestamp.Time) > grace
		if old && m.DeletionTimestamp.IsZero() && !claimed[m.Status.ProviderID] {
			orphans = append(orphans, m)
		}
	}
	return orphans
}
