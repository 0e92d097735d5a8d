// SPDX-License-Identifier: Apache-2.0

// Package expiration deletes the NodeClaims in a capacity block before EC2 reclaims its
// instances, so that their pods leave in good order (AWS-354).
//
// Which blocks are expiring is for others to say (AWS-351). It may import nothing of
// the provider but the API types, and is not to be registered without reserved capacity
// (AWS-433).
//
// Invariant: a NodeClaim is read past the cache before it is deleted, and counted once.
//
// Cost: a look at the cache every minute; with capacity blocks, one look at those in
// use.
//
// Start reading at [Controller.Reconcile].
package expiration

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/awslabs/operatorpkg/reconciler"
	"github.com/awslabs/operatorpkg/singleton"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/metrics"
	"karpenter.sh/core/reconcile/concurrency"
	awsv1 "karpenter.sh/providers/aws/apis/v1"
)

// Name is the controller's name in logs and metrics.
const Name = "capacityreservation.expiration"

// Expiring is the reason that the deletions are counted by.
const Expiring metrics.Reason = "capacity_block_expiring"

const (
	every    = time.Minute
	parallel = 10
)

// Reservations describes capacity reservations.
type Reservations interface {
	// Expiring returns those of some reservations that are capacity blocks in state
	// expiring (AWS-351). IDs that are not found are left out.
	Expiring(ctx context.Context, ids []string) ([]string, error)
}

// Options are what the controller works with; all are required.
type Options struct {
	// Client reads from the cache and deletes.
	Client client.Client
	// Live reads past the cache.
	Live client.Reader
	// Kinds of NodeClasses that the provider manages.
	Kinds        cloudprovider.NodeClassKinds
	Reservations Reservations
	// NodeClaims counts deletions.
	NodeClaims *metrics.NodeClaims
}

// Controller is capacityreservation.expiration.
type Controller struct{ opts Options }

// New returns the controller.
func New(o Options) *Controller { return &Controller{o} }

// Register adds the controller to a manager.
func (c *Controller) Register(_ context.Context, m manager.Manager) error {
	return builder.ControllerManagedBy(m).
		Named(Name).
		WatchesRawSource(singleton.Source()).
		WithOptions(concurrency.Loop(every)).
		Complete(singleton.AsReconciler(c))
}

// Reconcile makes one round. One NodeClaim that fails stops no other.
func (c *Controller) Reconcile(ctx context.Context) (reconciler.Result, error) {
	blocks, err := c.blocks(ctx)
	if err != nil {
		return reconciler.Result{}, err
	}
	next := reconciler.Result{RequeueAfter: every}
	if len(blocks) == 0 {
		return next, nil
	}
	ending, err := c.opts.Reservations.Expiring(ctx, slices.Sorted(maps.Keys(blocks)))
	if err != nil {
		return reconciler.Result{}, fmt.Errorf("looking up capacity blocks: %w", err)
	}
	var claims []*v1.NodeClaim
	for _, id := range ending {
		claims = append(claims, blocks[id]...)
	}
	if err := errors.Join(concurrency.Each(claims, parallel, func(_ int, claim *v1.NodeClaim) error { return c.expire(ctx, claim) })...); err != nil {
		return reconciler.Result{}, err
	}
	return next, nil
}

// blocks are the NodeClaims to watch by the ID of their capacity block.
func (c *Controller) blocks(ctx context.Context) (map[string][]*v1.NodeClaim, error) {
	var claims v1.NodeClaimList
	if err := c.opts.Client.List(ctx, &claims, client.UnsafeDisableDeepCopy); err != nil {
		return nil, fmt.Errorf("listing nodeclaims: %w", err)
	}
	blocks := map[string][]*v1.NodeClaim{}
	for i := range claims.Items {
		claim := &claims.Items[i]
		if id := blockOf(claim); id != "" && c.opts.Kinds.Manages(claim.Spec.NodeClassRef) {
			blocks[id] = append(blocks[id], claim)
		}
	}
	return blocks, nil
}

// blockOf is the capacity block that a NodeClaim is in; empty: none, or it is being
// deleted.
func blockOf(claim *v1.NodeClaim) string {
	if !claim.DeletionTimestamp.IsZero() || claim.Labels[awsv1.LabelCapacityReservationType] != string(awsv1.CapacityReservationTypeCapacityBlock) {
		return ""
	}
	return claim.Labels[awsv1.LabelCapacityReservationID]
}

// expire deletes the very NodeClaim if it is in its block still.
func (c *Controller) expire(ctx context.Context, cached *v1.NodeClaim) error {
	claim := &v1.NodeClaim{}
	switch err := c.opts.Live.Get(ctx, client.ObjectKeyFromObject(cached), claim); {
	case apierrors.IsNotFound(err):
		return nil
	case err != nil:
		return fmt.Errorf("reading nodeclaim %s: %w", cached.Name, err)
	}
	if claim.UID != cached.UID || blockOf(claim) != blockOf(cached) {
		return nil
	}
	switch err := c.opts.Client.Delete(ctx, claim, client.Preconditions{UID: &claim.UID}); {
	case apierrors.IsNotFound(err), apierrors.IsConflict(err): // a conflict: the name is another's by now
		return nil
	case err != nil:
		return fmt.Errorf("deleting nodeclaim %s: %w", claim.Name, err)
	}
	c.opts.NodeClaims.Disrupted(metrics.Disruption{NodeClaim: claim, Reason: Expiring})
	log.FromContext(ctx).Info("deleted nodeclaim in an expiring capacity block", "NodeClaim", claim.Name, "capacity-reservation-id", blockOf(cached))
	return nil
}
