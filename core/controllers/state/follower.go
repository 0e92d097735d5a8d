// SPDX-License-Identifier: Apache-2.0

package state

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"karpenter.sh/core/reconcile/concurrency"
)

// follower hands the objects of one kind to the model.
type follower[T client.Object] struct {
	name  string
	kind  T
	clock clock.WithTicker
	cpu   int64
	// managed picks the objects that count; nil picks all.
	managed func(T) bool
	// take hands over an object, drop that there is none.
	take func(ctx context.Context, object T)
	drop func(key types.NamespacedName)
	// current reports whether the model has nothing to learn from an object; nil
	// leaves re-examination out.
	current func(T) bool
	// beside is another kind whose objects, of the same names, matter too.
	beside client.Object

	store store[T]
}

// Register adds the controller to a manager.
func (f *follower[T]) Register(ctx context.Context, m manager.Manager) error {
	var err error
	if f.store, err = newStore(ctx, m.GetCache(), f.kind); err != nil {
		return fmt.Errorf("setting up %s: %w", f.name, err)
	}
	b := builder.ControllerManagedBy(m).
		Named(f.name).
		For(f.kind, builder.WithPredicates(predicate.NewPredicateFuncs(f.isManaged))).
		WithOptions(concurrency.Options[reconcile.Request](concurrency.Scaled(10, 3000), f.cpu))
	if f.beside != nil {
		b = b.Watches(f.beside, &handler.EnqueueRequestForObject{})
	}
	if f.current != nil {
		b = b.WatchesRawSource(every(f.clock, reexamination, f.sweep))
	}
	return b.Complete(f)
}

func (f *follower[T]) isManaged(o client.Object) bool {
	object, ok := o.(T)
	return ok && (f.managed == nil || f.managed(object))
}

// Reconcile takes in one object as the cache has it now.
func (f *follower[T]) Reconcile(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	if object, ok := f.store.get(req.NamespacedName); ok {
		f.take(ctx, object)
	} else {
		f.drop(req.NamespacedName)
	}
	return reconcile.Result{}, nil
}

// sweep names the objects that the model should look at again (LIF-017).
func (f *follower[T]) sweep(context.Context) []reconcile.Request {
	var out []reconcile.Request
	for object := range f.store.all() {
		if f.isManaged(object) && !f.current(object) {
			out = append(out, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(object)})
		}
	}
	return out
}
