// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	policyv1 "k8s.io/api/policy/v1"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
)

// part is what a write may change of an object.
type part func(before, after client.Object)

// main leaves the status out, and status everything else.
func main(before, after client.Object)   { keepStatus(before, after) }
func status(before, after client.Object) { onlyStatus(before, after) }

// Update implements client.Writer.
func (c *Client) Update(_ context.Context, obj client.Object, _ ...client.UpdateOption) error {
	return c.update(obj, main)
}

func (c *Client) update(obj client.Object, p part) error {
	return c.write(obj, obj, p, func(client.Object) (client.Object, error) {
		return obj.DeepCopyObject().(client.Object), nil
	})
}

// Patch implements client.Writer.
func (c *Client) Patch(_ context.Context, obj client.Object, patch client.Patch, _ ...client.PatchOption) error {
	return c.patch(obj, patch, main)
}

func (c *Client) patch(obj client.Object, patch client.Patch, p part) error {
	data, err := patch.Data(obj)
	if err != nil {
		return fmt.Errorf("writing a patch of %T %s: %w", obj, obj.GetName(), err)
	}
	typed, err := c.typed(obj)
	if err != nil {
		return err
	}
	return c.write(typed, obj, p, func(before client.Object) (client.Object, error) {
		return apply(before, patch.Type(), data)
	})
}

// apply returns a patched copy.
func apply(before client.Object, t types.PatchType, data []byte) (client.Object, error) {
	doc, err := json.Marshal(before)
	if err != nil {
		return nil, fmt.Errorf("reading %T %s: %w", before, before.GetName(), err)
	}
	switch t {
	case types.MergePatchType:
		doc, err = jsonpatch.MergePatch(doc, data)
	case types.JSONPatchType:
		doc, err = jsonPatch(doc, data)
	default:
		return nil, unsupported(string(t))
	}
	if err != nil {
		return nil, err
	}
	after := reflect.New(reflect.TypeOf(before).Elem()).Interface().(client.Object)
	if err := json.Unmarshal(doc, after); err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	return after, nil
}

// jsonPatch answers a test that fails as the API server does.
func jsonPatch(doc, data []byte) ([]byte, error) {
	patch, err := jsonpatch.DecodePatch(data)
	if err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	if doc, err = patch.Apply(doc); err != nil {
		return nil, &apierrors.StatusError{ErrStatus: metav1.Status{
			Status: metav1.StatusFailure, Code: http.StatusUnprocessableEntity, Reason: metav1.StatusReasonInvalid, Message: err.Error(),
		}}
	}
	return doc, nil
}

// write replaces the object of a key and tells the caller what is stored.
func (c *Client) write(of, answer client.Object, p part, change func(client.Object) (client.Object, error)) error {
	s := c.store
	s.mu.Lock()
	defer s.mu.Unlock()
	k, key := s.of(of), client.ObjectKeyFromObject(of)
	before := k.objects[key]
	if before == nil {
		return notFound(k.name, key)
	}
	after, err := change(before)
	if err != nil {
		return err
	}
	if v := after.GetResourceVersion(); v != "" && v != before.GetResourceVersion() {
		return conflict(k.name, key, fmt.Errorf("it is of version %s by now, not %s", before.GetResourceVersion(), v))
	}
	if uid := after.GetUID(); uid != "" && uid != before.GetUID() {
		return conflict(k.name, key, fmt.Errorf("its UID is %s, not %s", before.GetUID(), uid))
	}
	p(before, after)
	after.SetUID(before.GetUID())
	after.SetResourceVersion(before.GetResourceVersion())
	after.SetCreationTimestamp(before.GetCreationTimestamp())
	after.SetDeletionTimestamp(before.GetDeletionTimestamp())
	after.SetGeneration(before.GetGeneration())
	if !sameSpec(before, after) {
		after.SetGeneration(before.GetGeneration() + 1)
	}
	s.replace(k, key, before, after)
	tell(after, answer)
	return nil
}

// tell gives the caller the stored object, or as much as it asked for.
func tell(stored, answer client.Object) {
	if partial, ok := answer.(*metav1.PartialObjectMetadata); ok {
		partial.SetResourceVersion(stored.GetResourceVersion())
		partial.SetUID(stored.GetUID())
		partial.SetFinalizers(stored.GetFinalizers())
		partial.SetGeneration(stored.GetGeneration())
		return
	}
	copyInto(stored, answer)
}

// Apply implements client.Writer.
func (c *Client) Apply(context.Context, runtime.ApplyConfiguration, ...client.ApplyOption) error {
	return unsupported("Apply")
}

// subResource is the status of an object, or the eviction of a pod.
type subResource struct {
	client *Client
	name   string
}

// Get implements client.SubResourceReader.
func (r subResource) Get(context.Context, client.Object, client.Object, ...client.SubResourceGetOption) error {
	return unsupported(r.name)
}

// Create implements client.SubResourceWriter for evictions.
func (r subResource) Create(_ context.Context, obj, body client.Object, _ ...client.SubResourceCreateOption) error {
	pod, isPod := obj.(*corev1.Pod)
	eviction, isEviction := body.(*policyv1.Eviction)
	if !isPod || !isEviction {
		return unsupported(r.name)
	}
	var p *metav1.Preconditions
	if eviction.DeleteOptions != nil {
		p = eviction.DeleteOptions.Preconditions
	}
	return r.client.store.delete(pod, p)
}

// Update implements client.SubResourceWriter.
func (r subResource) Update(_ context.Context, obj client.Object, _ ...client.SubResourceUpdateOption) error {
	return r.client.update(obj, status)
}

// Patch implements client.SubResourceWriter.
func (r subResource) Patch(_ context.Context, obj client.Object, patch client.Patch, _ ...client.SubResourcePatchOption) error {
	return r.client.patch(obj, patch, status)
}

// Apply implements client.SubResourceWriter.
func (r subResource) Apply(context.Context, runtime.ApplyConfiguration, ...client.SubResourceApplyOption) error {
	return unsupported(r.name)
}
