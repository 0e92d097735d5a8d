// SPDX-License-Identifier: Apache-2.0

package statichash

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/reconcile/concurrency"
	"karpenter.sh/core/reconcile/patch"
)

// Name is the controller's name in logs and metrics.
const Name = "nodeclass.hash"

// Options are what the controller works with; all are required.
type Options[T client.Object] struct {
	// Client reads from the cache and writes.
	Client client.Client
	// Scheme says what is hashed.
	Scheme Scheme[T]
	// Fresh returns an empty NodeClass.
	Fresh func() T
}

// Controller annotates the NodeClasses of one kind with their hash.
type Controller[T client.Object] struct{ Options[T] }

// New returns the controller nodeclass.hash.
func New[T client.Object](o Options[T]) *Controller[T] { return &Controller[T]{o} }

// Register adds the controller to a manager. It looks at a NodeClass after every
// change, since a provider may hash what its status has.
func (c *Controller[T]) Register(_ context.Context, m manager.Manager) error {
	return builder.ControllerManagedBy(m).
		Named(Name).
		For(c.Fresh()).
		WithOptions(concurrency.Options[reconcile.Request](concurrency.Fixed(10), 0)).
		Complete(reconcile.AsReconciler[T](c.Client, c))
}

// Reconcile annotates one NodeClass, after its NodeClaims when the version has
// changed (KIT-114).
func (c *Controller[T]) Reconcile(ctx context.Context, nodeClass T) (reconcile.Result, error) {
	stamp, err := c.Scheme.Stamp(nodeClass)
	if err != nil || stamp == nil {
		return reconcile.Result{}, err
	}
	kind := c.Scheme.Kind
	if nodeClass.GetAnnotations()[kind.HashVersionKey()] != c.Scheme.Version {
		if err := c.migrate(ctx, nodeClass.GetName(), stamp[kind.HashKey()]); err != nil {
			return patch.Outcome(err)
		}
	}
	return patch.Outcome(annotate(ctx, c.Client, nodeClass, stamp))
}

// migrate brings the NodeClaims of a NodeClass to this version. One that fails
// stops no other.
func (c *Controller[T]) migrate(ctx context.Context, name, hash string) error {
	claims, err := c.Scheme.Kind.NodeClaims(ctx, c.Client, name)
	if err != nil {
		return err
	}
	var errs []error
	for _, claim := range claims {
		errs = append(errs, c.migrateOne(ctx, claim, hash))
	}
	return errors.Join(errs...)
}

func (c *Controller[T]) migrateOne(ctx context.Context, claim *v1.NodeClaim, hash string) error {
	if err := annotate(ctx, c.Client, claim, c.Scheme.migration(claim, hash)); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("migrating the hash of nodeclaim %s: %w", claim.Name, err)
	}
	return nil
}

// annotate adds annotations to what is stored, and leaves what was read as it is.
func annotate(ctx context.Context, c client.Client, object client.Object, annotations map[string]string) error {
	if len(annotations) == 0 {
		return nil
	}
	after := object.DeepCopyObject().(client.Object)
	all := maps.Clone(object.GetAnnotations())
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, annotations)
	after.SetAnnotations(all)
	_, err := patch.Object(ctx, c, object, after)
	return err
}
