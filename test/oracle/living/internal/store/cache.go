// SPDX-License-Identifier: Apache-2.0

package store

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Cache is what one process has seen of the store. It serves one goroutine at a
// time.
type Cache struct {
	kinds map[reflect.Type]map[types.NamespacedName]client.Object
}

// NewCache returns a cache that has seen all there is.
func (s *Store) NewCache() *Cache {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := &Cache{kinds: map[reflect.Type]map[types.NamespacedName]client.Object{}}
	for t, k := range s.kinds {
		for key, o := range k.objects {
			c.of(t)[key] = o
		}
	}
	return c
}

func (c *Cache) of(t reflect.Type) map[types.NamespacedName]client.Object {
	if c.kinds[t] == nil {
		c.kinds[t] = map[types.NamespacedName]client.Object{}
	}
	return c.kinds[t]
}

// See takes in an event.
func (c *Cache) See(e Event) {
	objects := c.of(reflect.TypeOf(e.Object()))
	if e.New == nil {
		delete(objects, e.Key)
		return
	}
	objects[e.Key] = e.New
}

// Seen returns what the cache has of a type, by namespace and name.
func Seen[T client.Object](c *Cache) []T {
	var none T
	return sorted[T](c.of(reflect.TypeOf(none)))
}

// Sees returns the object of a key.
func Sees[T client.Object](c *Cache, key types.NamespacedName) (T, bool) {
	var none T
	o, ok := c.of(reflect.TypeOf(none))[key]
	if !ok {
		return none, false
	}
	return o.(T), true
}

// All returns everything that the cache has, kind by kind.
func (c *Cache) All() []client.Object {
	var out []client.Object
	for _, t := range slices.SortedFunc(maps.Keys(c.kinds), func(a, b reflect.Type) int { return strings.Compare(a.String(), b.String()) }) {
		out = append(out, sorted[client.Object](c.kinds[t])...)
	}
	return out
}
