// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"fmt"
	"reflect"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"

	"karpenter.sh/core/reconcile/index"
)

// Client reads from a cache, or from the store itself without one, and writes to
// the store.
type Client struct {
	store *Store
	cache *Cache
}

var _ client.Client = (*Client)(nil)

// NewClient returns a client; a nil cache reads what is stored.
func NewClient(s *Store, c *Cache) *Client { return &Client{store: s, cache: c} }

// objects are those of a type; the caller must not change the map.
func (c *Client) objects(t reflect.Type) map[types.NamespacedName]client.Object {
	if c.cache != nil {
		return c.cache.kinds[t]
	}
	c.store.mu.Lock()
	defer c.store.mu.Unlock()
	return c.store.ofType(t).objects
}

// Get implements client.Reader.
func (c *Client) Get(_ context.Context, key client.ObjectKey, obj client.Object, _ ...client.GetOption) error {
	t := reflect.TypeOf(obj)
	if c.cache == nil {
		c.store.mu.Lock()
		defer c.store.mu.Unlock()
		return read(c.store.ofType(t).objects, t, key, obj)
	}
	return read(c.cache.kinds[t], t, key, obj)
}

func read(from map[types.NamespacedName]client.Object, t reflect.Type, key client.ObjectKey, into client.Object) error {
	o := from[key]
	if o == nil {
		return notFound(t.Elem().Name(), key)
	}
	copyInto(o, into)
	return nil
}

// List implements client.Reader. What it returns is shared, as from a cache that
// was asked not to copy, if UnsafeDisableDeepCopy is among the options.
func (c *Client) List(_ context.Context, list client.ObjectList, opts ...client.ListOption) error {
	o := client.ListOptions{}
	o.ApplyOptions(opts)
	items := reflect.ValueOf(list).Elem().FieldByName("Items")
	if !items.IsValid() {
		return fmt.Errorf("listing %T: it has no items", list)
	}
	elem := items.Type().Elem()
	all := sorted[client.Object](c.objects(reflect.PointerTo(elem)))
	out := reflect.MakeSlice(items.Type(), 0, len(all))
	shared := o.UnsafeDisableDeepCopy != nil && *o.UnsafeDisableDeepCopy
	for _, object := range all {
		ok, err := selected(object, &o)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		if !shared {
			object = object.DeepCopyObject().(client.Object)
		}
		out = reflect.Append(out, reflect.ValueOf(object).Elem())
	}
	items.Set(out)
	return nil
}

func selected(o client.Object, opts *client.ListOptions) (bool, error) {
	if opts.Namespace != "" && opts.Namespace != o.GetNamespace() {
		return false, nil
	}
	if opts.LabelSelector != nil && !opts.LabelSelector.Matches(labels.Set(o.GetLabels())) {
		return false, nil
	}
	if opts.FieldSelector == nil {
		return true, nil
	}
	for _, r := range opts.FieldSelector.Requirements() {
		ok, err := hasField(o, r)
		if err != nil || !ok {
			return false, err
		}
	}
	return true, nil
}

// hasField looks a value up in the indexes that the product has.
func hasField(o client.Object, r fields.Requirement) (bool, error) {
	for _, f := range index.Fields() {
		if f.Name == r.Field && reflect.TypeOf(f.Object) == reflect.TypeOf(o) {
			return slices.Contains(f.Extract(o), r.Value), nil
		}
	}
	return false, fmt.Errorf("listing %T: there is no index %q", o, r.Field)
}

// Create implements client.Writer.
func (c *Client) Create(_ context.Context, obj client.Object, _ ...client.CreateOption) error {
	return c.store.Create(obj)
}

// Delete implements client.Writer.
func (c *Client) Delete(_ context.Context, obj client.Object, opts ...client.DeleteOption) error {
	o := client.DeleteOptions{}
	o.ApplyOptions(opts)
	typed, err := c.typed(obj)
	if err != nil {
		return err
	}
	return c.store.delete(typed, o.Preconditions)
}

// typed is an object of the stored type with the key of one that may only have
// metadata.
func (c *Client) typed(obj client.Object) (client.Object, error) {
	partial, ok := obj.(*metav1.PartialObjectMetadata)
	if !ok {
		return obj, nil
	}
	made, err := c.store.scheme.New(partial.GroupVersionKind())
	if err != nil {
		return nil, fmt.Errorf("finding the type of %s: %w", partial.GroupVersionKind(), err)
	}
	out := made.(client.Object)
	out.SetNamespace(obj.GetNamespace())
	out.SetName(obj.GetName())
	return out, nil
}

// DeleteAllOf implements client.Writer.
func (c *Client) DeleteAllOf(context.Context, client.Object, ...client.DeleteAllOfOption) error {
	return unsupported("DeleteAllOf")
}

// Status implements client.StatusClient.
func (c *Client) Status() client.SubResourceWriter { return c.SubResource("status") }

// SubResource implements client.SubResourceClientConstructor.
func (c *Client) SubResource(name string) client.SubResourceClient { return subResource{c, name} }

// Scheme implements client.Client.
func (c *Client) Scheme() *runtime.Scheme { return c.store.scheme }

// RESTMapper implements client.Client; there is none.
func (c *Client) RESTMapper() meta.RESTMapper { return nil }

// GroupVersionKindFor implements client.Client.
func (c *Client) GroupVersionKindFor(o runtime.Object) (schema.GroupVersionKind, error) {
	return apiutil.GVKForObject(o, c.store.scheme)
}

// IsObjectNamespaced implements client.Client.
func (c *Client) IsObjectNamespaced(o runtime.Object) (bool, error) {
	object, ok := o.(client.Object)
	return ok && object.GetNamespace() != "", nil
}

func unsupported(what string) error {
	return apierrors.NewMethodNotSupported(corev1.Resource("any"), what)
}
