// SPDX-License-Identifier: Apache-2.0

package finalization

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider/kit/nodeclass"
	"karpenter.sh/core/events"
	"karpenter.sh/core/reconcile/concurrency"
	"karpenter.sh/core/reconcile/patch"
)

// Name is the controller's name in logs and metrics.
const Name = "nodeclass.termination"

const (
	recheck = 10 * time.Minute
	// named is how many NodeClaims the event names.
	named = 5
)

// CleanUp deletes what the provider owns for a NodeClass that no NodeClaim uses any
// more. It is repeated until it returns zero and no error, and so must be
// idempotent; a positive duration asks to be called again after it (KIT-121).
type CleanUp[T client.Object] func(ctx context.Context, nodeClass T) (time.Duration, error)

// Nothing is the clean-up of a provider that owns nothing for a NodeClass.
func Nothing[T client.Object](context.Context, T) (time.Duration, error) { return 0, nil }

// Options are what the controller works with; all are required.
type Options[T client.Object] struct {
	// Client reads from the cache and writes.
	Client client.Client
	// Live reads past the cache. The last look at the NodeClaims is through it:
	// one that the cache does not show yet still needs its NodeClass.
	Live client.Reader
	// Kind of the NodeClass.
	Kind nodeclass.Kind
	// Fresh returns an empty NodeClass.
	Fresh func() T
	// CleanUp deletes what the provider owns.
	CleanUp CleanUp[T]
	// Events takes what users should see.
	Events events.Recorder
}

// Controller ends NodeClasses of one kind.
type Controller[T client.Object] struct{ Options[T] }

// New returns the controller nodeclass.termination.
func New[T client.Object](o Options[T]) *Controller[T] { return &Controller[T]{o} }

// Register adds the controller to a manager.
func (c *Controller[T]) Register(_ context.Context, m manager.Manager) error {
	deleting := predicate.NewPredicateFuncs(func(o client.Object) bool { return !o.GetDeletionTimestamp().IsZero() })
	profile := concurrency.Profile{Min: 10, Max: 10, Backoff: concurrency.Backoff{
		Base: 100 * time.Millisecond, Longest: time.Minute, Rate: 10, Burst: 100,
	}}
	return builder.ControllerManagedBy(m).
		Named(Name).
		For(c.Fresh(), builder.WithPredicates(deleting)).
		Watches(&v1.NodeClaim{}, c.Kind.OfNodeClaim(), builder.WithPredicates(nodeclass.Deletions())).
		WithOptions(concurrency.Options[reconcile.Request](profile, 0)).
		Complete(reconcile.AsReconciler[T](c.Client, c))
}

// Reconcile brings one NodeClass closer to its end.
func (c *Controller[T]) Reconcile(ctx context.Context, stored T) (reconcile.Result, error) {
	if stored.GetDeletionTimestamp().IsZero() || !controllerutil.ContainsFinalizer(stored, c.Kind.Finalizer()) {
		return reconcile.Result{}, nil
	}
	users, err := c.users(ctx, stored.GetName())
	if err != nil {
		return reconcile.Result{}, err
	}
	if len(users) > 0 {
		c.Events.Publish(waiting(stored, users))
		return reconcile.Result{RequeueAfter: recheck}, nil
	}
	after, err := c.CleanUp(ctx, stored)
	if err != nil {
		return reconcile.Result{}, fmt.Errorf("cleaning up after %s %s: %w", c.Kind.Kind, stored.GetName(), err)
	}
	if after > 0 {
		return reconcile.Result{RequeueAfter: after}, nil
	}
	return patch.Outcome(c.release(ctx, stored))
}

// users are the names of the NodeClaims that refer to a NodeClass, sorted. Only
// when the cache shows none is the API server asked.
func (c *Controller[T]) users(ctx context.Context, name string) ([]string, error) {
	for _, reader := range []client.Reader{c.Client, c.Live} {
		claims, err := c.Kind.NodeClaims(ctx, reader, name)
		if err != nil || len(claims) > 0 {
			return namesOf(claims), err
		}
	}
	return nil, nil
}

func namesOf(claims []*v1.NodeClaim) []string {
	names := make([]string, len(claims))
	for i, claim := range claims {
		names[i] = claim.Name
	}
	slices.Sort(names)
	return names
}

// waiting is the event about the NodeClaims that are in the way (KIT-120).
func waiting(nodeClass client.Object, users []string) events.Event {
	text := strings.Join(users[:min(len(users), named)], ", ")
	if more := len(users) - named; more > 0 {
		text = fmt.Sprintf("%s and %d other(s)", text, more)
	}
	return events.Event{
		Object:       nodeClass,
		Type:         events.Normal,
		Reason:       events.WaitingOnNodeClaimTermination,
		Message:      "Waiting on NodeClaim termination for " + text,
		DedupeValues: []string{string(nodeClass.GetUID())},
	}
}

// release takes the finalizer off the very NodeClass that was read.
func (c *Controller[T]) release(ctx context.Context, stored T) error {
	after := stored.DeepCopyObject().(T)
	controllerutil.RemoveFinalizer(after, c.Kind.Finalizer())
	if _, err := patch.Object(ctx, c.Client, stored, after); err != nil {
		return fmt.Errorf("removing the finalizer of %s %s: %w", c.Kind.Kind, stored.GetName(), err)
	}
	return nil
}
