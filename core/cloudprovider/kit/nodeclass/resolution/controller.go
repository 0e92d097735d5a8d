// SPDX-License-Identifier: Apache-2.0

package resolution

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/awslabs/operatorpkg/status"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider/kit/nodeclass"
	"karpenter.sh/core/reconcile/concurrency"
	"karpenter.sh/core/reconcile/patch"
)

// Name is the controller's name in logs and metrics.
const Name = "nodeclass.status"

// Options are what the controller works with. All but Sources and CPUMillis are
// required.
type Options[T status.Object] struct {
	// Client reads from the cache and writes.
	Client client.Client
	// Kind of the NodeClass.
	Kind nodeclass.Kind
	// Fresh returns an empty NodeClass.
	Fresh func() T
	// Resolvers in the order in which they run.
	Resolvers []Resolver[T]
	// Clock dates the transitions of conditions.
	Clock clock.Clock
	// Sources ask for a NodeClass to be resolved, by name, when something that
	// only the provider watches has changed.
	Sources []source.Source
}

// Controller resolves the NodeClasses of one kind.
type Controller[T status.Object] struct{ Options[T] }

// New returns the controller nodeclass.status.
func New[T status.Object](o Options[T]) *Controller[T] { return &Controller[T]{o} }

// profile is 10 NodeClasses at a time, retries after 100 ms to 1 min, 10 a second
// with a burst of 100 (CP-100).
func profile() concurrency.Profile {
	return concurrency.Profile{Min: 10, Max: 10, Backoff: concurrency.Backoff{
		Base: 100 * time.Millisecond, Longest: time.Minute, Rate: 10, Burst: 100,
	}}
}

// Register adds the controller to a manager (KIT-108).
func (c *Controller[T]) Register(_ context.Context, m manager.Manager) error {
	edited := predicate.Or[client.Object](predicate.GenerationChangedPredicate{}, predicate.AnnotationChangedPredicate{}, predicate.LabelChangedPredicate{})
	b := builder.ControllerManagedBy(m).
		Named(Name).
		For(c.Fresh(), builder.WithPredicates(edited)).
		Watches(&v1.NodeClaim{}, c.Kind.OfNodeClaim(), builder.WithPredicates(nodeclass.Deletions())).
		WithOptions(concurrency.Options[reconcile.Request](profile(), 0))
	for _, s := range c.Sources {
		b = b.WatchesRawSource(s)
	}
	return b.Complete(reconcile.AsReconciler[T](c.Client, c))
}

// Reconcile resolves one NodeClass (KIT-104 to KIT-107).
func (c *Controller[T]) Reconcile(ctx context.Context, stored T) (reconcile.Result, error) {
	if !stored.GetDeletionTimestamp().IsZero() {
		return reconcile.Result{}, nil
	}
	held, err := c.hold(ctx, stored)
	if err != nil {
		return patch.Outcome(err)
	}
	resolved := Run(ctx, held, c.Resolvers, status.WithClock(c.Clock))
	err = c.write(ctx, held, resolved.NodeClass)
	if ignorable(err) && resolved.Err == nil {
		result, err := patch.Outcome(err)
		return sooner(result, resolved.After), err
	}
	if ignorable(err) {
		err = nil
	}
	return reconcile.Result{}, errors.Join(resolved.Err, err)
}

// ignorable holds for what patch.Outcome makes no error of.
func ignorable(err error) bool {
	return err == nil || apierrors.IsConflict(err) || apierrors.IsNotFound(err)
}

// sooner adds an interval to a result that asks for none.
func sooner(result reconcile.Result, after time.Duration) reconcile.Result {
	if result.RequeueAfter == 0 {
		result.RequeueAfter = after
	}
	return result
}

// hold returns the NodeClass with the finalizer, once that is stored (KIT-106).
func (c *Controller[T]) hold(ctx context.Context, stored T) (T, error) {
	held := copyOf(stored)
	if !controllerutil.AddFinalizer(held, c.Kind.Finalizer()) {
		return held, nil
	}
	if _, err := patch.Object(ctx, c.Client, stored, held); err != nil {
		return held, fmt.Errorf("adding the finalizer to %s %s: %w", c.Kind.Kind, stored.GetName(), err)
	}
	return held, nil
}

// write stores the status, if it has changed and nobody else has changed the
// NodeClass (KIT-105).
func (c *Controller[T]) write(ctx context.Context, before, after T) error {
	if equality.Semantic.DeepEqual(before, after) {
		return nil
	}
	locked := client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})
	if err := c.Client.Status().Patch(ctx, after, locked); err != nil {
		return fmt.Errorf("writing the status of %s %s: %w", c.Kind.Kind, before.GetName(), err)
	}
	return nil
}
