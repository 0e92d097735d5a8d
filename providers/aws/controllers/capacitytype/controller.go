// SPDX-License-Identifier: Apache-2.0

// Package capacitytype keeps up with instances that have left their capacity
// reservation: EC2 lets them run on, on demand, and prices and drift must know
// (AWS-353). What is on demand is never made reserved.
//
// It decides by labels and by what EC2 says of the instances. It may import nothing of
// the provider but the API types and providerid. It is not to be registered without
// reserved capacity (AWS-433).
//
// Cost: a look at the cache every minute; one look at the instances that are labelled
// reserved, if there are any.
//
// Start reading at [Controller.Reconcile].
package capacitytype

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/awslabs/operatorpkg/reconciler"
	"github.com/awslabs/operatorpkg/singleton"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/reconcile/concurrency"
	"karpenter.sh/core/reconcile/patch"
	"karpenter.sh/providers/aws/providerid"
)

// Name is the controller's name in logs and metrics.
const Name = "capacityreservation.capacitytype"

const (
	every    = time.Minute
	parallel = 10
	// settled is how long after the launch EC2 is believed: before, it may not tell of
	// the reservation yet, and what is made on demand stays so.
	settled = time.Minute
)

// Instances describes instances.
type Instances interface {
	// CapacityTypes describes instances afresh and returns their capacity types
	// (AWS-323) by ID. Those that are gone are left out.
	CapacityTypes(ctx context.Context, ids []string) (map[string]string, error)
}

// Options are what the controller works with; all are required.
type Options struct {
	// Client reads from the cache and writes.
	Client client.Client
	// Live reads past the cache.
	Live client.Reader
	// Kinds of NodeClasses that the provider manages.
	Kinds     cloudprovider.NodeClassKinds
	Instances Instances
	// Clock dates rounds.
	Clock clock.PassiveClock
}

// Controller is capacityreservation.capacitytype.
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

// Reconcile makes one round. One object that fails stops no other. If all that went
// wrong are conflicts, the next round comes soon and without an error.
func (c *Controller) Reconcile(ctx context.Context) (reconciler.Result, error) {
	suspects, err := c.suspects(ctx)
	if err != nil {
		return reconciler.Result{}, err
	}
	if len(suspects) == 0 {
		return reconciler.Result{RequeueAfter: every}, nil
	}
	types, err := c.opts.Instances.CapacityTypes(ctx, slices.Sorted(maps.Keys(suspects)))
	if err != nil {
		return reconciler.Result{}, fmt.Errorf("describing instances that are labelled reserved: %w", err)
	}
	var wrong []client.Object
	for _, id := range slices.Sorted(maps.Keys(suspects)) {
		if types[id] == v1.CapacityTypeOnDemand {
			wrong = append(wrong, suspects[id]...)
		}
	}
	return outcome(concurrency.Each(wrong, parallel, func(_ int, o client.Object) error { return c.demote(ctx, o) }))
}

func outcome(errs []error) (reconciler.Result, error) {
	conflict := false
	var others []error
	for _, err := range errs {
		if apierrors.IsConflict(err) {
			conflict = true
		} else {
			others = append(others, client.IgnoreNotFound(err))
		}
	}
	switch err := errors.Join(others...); {
	case err != nil:
		return reconciler.Result{}, err
	case conflict:
		return reconciler.Result{RequeueAfter: patch.Retry}, nil
	}
	return reconciler.Result{RequeueAfter: every}, nil
}

// suspects are the managed NodeClaims, and the Nodes of managed NodeClaims, that are
// labelled reserved, by the ID of their instance. A Node may be one whose NodeClaim is
// none any more, since the two are not written together.
func (c *Controller) suspects(ctx context.Context) (map[string][]client.Object, error) {
	var claims v1.NodeClaimList
	if err := c.opts.Client.List(ctx, &claims, client.UnsafeDisableDeepCopy); err != nil {
		return nil, fmt.Errorf("listing nodeclaims: %w", err)
	}
	suspects, managed := map[string][]client.Object{}, map[string]string{}
	for i := range claims.Items {
		claim := &claims.Items[i]
		id, err := providerid.InstanceID(claim.Status.ProviderID)
		if err != nil || !c.opts.Kinds.Manages(claim.Spec.NodeClassRef) || !c.settled(claim) {
			continue
		}
		managed[claim.Status.ProviderID] = id
		if toDemote(claim) {
			suspects[id] = append(suspects[id], claim)
		}
	}
	if len(managed) == 0 {
		return nil, nil
	}
	var nodes corev1.NodeList
	if err := c.opts.Client.List(ctx, &nodes, client.MatchingLabels{v1.CapacityTypeLabelKey: v1.CapacityTypeReserved}, client.UnsafeDisableDeepCopy); err != nil {
		return nil, fmt.Errorf("listing nodes that are labelled reserved: %w", err)
	}
	for i := range nodes.Items {
		node := &nodes.Items[i]
		if id := managed[node.Spec.ProviderID]; id != "" && toDemote(node) {
			suspects[id] = append(suspects[id], node)
		}
	}
	return suspects, nil
}

func (c *Controller) settled(claim *v1.NodeClaim) bool {
	for _, condition := range claim.Status.Conditions {
		if condition.Type == v1.ConditionTypeLaunched {
			return condition.IsTrue() && c.opts.Clock.Since(condition.LastTransitionTime.Time) >= settled
		}
	}
	return false
}
