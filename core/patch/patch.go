// SPDX-License-Identifier: Apache-2.0

package patch

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// Retry is the delay after a conflict. What conflicted arrives through the watch
// as well, usually sooner; the delay is for the case that it did already.
const Retry = 100 * time.Millisecond

// All writes what differs, metadata and spec before status, and reports whether
// anything was sent.
func All(ctx context.Context, c client.Client, before, after client.Object) (bool, error) {
	changes, err := difference(before, after)
	if err != nil {
		return false, err
	}
	object, status := split(changes)
	sentObject, err := sendObject(ctx, c, after, object)
	if err != nil {
		return sentObject, err
	}
	sentStatus, err := sendStatus(ctx, c, after, status)
	return sentObject || sentStatus, err
}

// Object writes what differs outside of the status, and reports whether
// anything was sent.
func Object(ctx context.Context, c client.Client, before, after client.Object) (bool, error) {
	changes, err := difference(before, after)
	if err != nil {
		return false, err
	}
	object, _ := split(changes)
	return sendObject(ctx, c, after, object)
}

// Status writes what differs in the status, and reports whether anything was
// sent.
func Status(ctx context.Context, c client.Client, before, after client.Object) (bool, error) {
	changes, err := difference(before, after)
	if err != nil {
		return false, err
	}
	_, status := split(changes)
	return sendStatus(ctx, c, after, status)
}

// changes is a merge patch by top-level field.
type changes map[string]any

// split parts the changes of the status from the others.
func split(all changes) (object, status changes) {
	object, status = changes{}, changes{}
	for field, change := range all {
		if field == "status" {
			status[field] = change
		} else {
			object[field] = change
		}
	}
	return object, status
}

func sendObject(ctx context.Context, c client.Client, after client.Object, part changes) (bool, error) {
	return send(c, after, part, func(target client.Object, p client.Patch) error { return c.Patch(ctx, target, p) })
}

func sendStatus(ctx context.Context, c client.Client, after client.Object, part changes) (bool, error) {
	return send(c, after, part, func(target client.Object, p client.Patch) error { return c.Status().Patch(ctx, target, p) })
}

// send writes the changes, guarded by the version that after was read with. The
// answer is asked for without spec and status: only the new version is of
// interest.
func send(c client.Client, after client.Object, part changes, write func(client.Object, client.Patch) error) (bool, error) {
	if len(part) == 0 {
		return false, nil
	}
	metadata, _ := part["metadata"].(map[string]any)
	if metadata == nil {
		metadata = map[string]any{}
	}
	metadata["resourceVersion"] = after.GetResourceVersion()
	part["metadata"] = metadata
	data, err := json.Marshal(part)
	if err != nil {
		return false, fmt.Errorf("writing patch of %s: %w", describe(after), err)
	}
	target, err := metadataOf(c, after)
	if err != nil {
		return false, err
	}
	if err := write(target, client.RawPatch(types.MergePatchType, data)); err != nil {
		return false, fmt.Errorf("patching %s: %w", describe(after), err)
	}
	after.SetResourceVersion(target.GetResourceVersion())
	return true, nil
}

func metadataOf(c client.Client, obj client.Object) (*metav1.PartialObjectMetadata, error) {
	kind, err := c.GroupVersionKindFor(obj)
	if err != nil {
		return nil, fmt.Errorf("finding the kind of %s: %w", describe(obj), err)
	}
	target := &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Namespace: obj.GetNamespace(), Name: obj.GetName()}}
	target.SetGroupVersionKind(kind)
	return target, nil
}

func describe(obj client.Object) string {
	return fmt.Sprintf("%T %s", obj, client.ObjectKeyFromObject(obj))
}

// Outcome ends a reconcile whose last word is the error of a write: a conflict
// is tried again and an object that is gone is done with, both without an error
// (LIF-004).
func Outcome(err error) (reconcile.Result, error) {
	switch {
	case errors.IsConflict(err):
		return reconcile.Result{RequeueAfter: Retry}, nil
	case errors.IsNotFound(err):
		return reconcile.Result{}, nil
	}
	return reconcile.Result{}, err
}
