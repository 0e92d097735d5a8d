// SPDX-License-Identifier: Apache-2.0

package state

import (
	"context"
	"fmt"
	"iter"

	"k8s.io/apimachinery/pkg/types"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// store hands out the objects of one kind as the watch cache holds them, without
// a copy. They must not be changed.
type store[T client.Object] struct{ indexer toolscache.Indexer }

// newStore finds the store behind a cache, and starts the watch if need be.
func newStore[T client.Object](ctx context.Context, c cache.Cache, kind T) (store[T], error) {
	informer, err := c.GetInformer(ctx, kind, cache.BlockUntilSynced(false))
	if err != nil {
		return store[T]{}, fmt.Errorf("watching %T: %w", kind, err)
	}
	indexed, ok := informer.(interface{ GetIndexer() toolscache.Indexer })
	if !ok {
		return store[T]{}, fmt.Errorf("watching %T: the cache (%T) does not show its store", kind, informer)
	}
	return store[T]{indexed.GetIndexer()}, nil
}

// get returns the object of a name, if there is one.
func (s store[T]) get(key types.NamespacedName) (T, bool) {
	var none T
	name := key.Name
	if key.Namespace != "" {
		name = key.Namespace + "/" + key.Name
	}
	found, ok, err := s.indexer.GetByKey(name)
	if err != nil || !ok {
		return none, false
	}
	object, ok := found.(T)
	return object, ok
}

// all yields every object.
func (s store[T]) all() iter.Seq[T] {
	return func(yield func(T) bool) {
		for _, found := range s.indexer.List() {
			if object, ok := found.(T); ok && !yield(object) {
				return
			}
		}
	}
}
