// SPDX-License-Identifier: Apache-2.0

package patch

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// Retry is the delay after a conflict. What conflicted arrives through the watch
// as well, usually sooner; the delay is for the case that it did already.
const Retry = 100 * time.Millisecond

// Object writes what differs outside of the status, and reports whether
// anything was sent.
func Object(ctx context.Context, c client.Client, before, after client.Object) (bool, error) {
	changes, err := difference(before, after)
	if err != nil {
		return false, err
	}
	delete(changes, "status")
	return send(after, changes, func(target client.Object, p client.Patch) error {
		return c.Patch(ctx, target, p)
	})
}

// Status writes what differs in the status, and reports whether anything was
// sent.
func Status(ctx context.Context, c client.Client, before, after client.Object) (bool, error) {
	changes, err := difference(before, after)
	if err != nil {
		return false, err
	}
	for field := range changes {
		if field != "status" {
			delete(changes, field)
		}
	}
	return send(after, changes, func(target client.Object, p client.Patch) error {
		return c.Status().Patch(ctx, target, p)
	})
}

// difference returns the merge patch between two versions of an object, without
// their resource versions.
func difference(before, after client.Object) (map[string]any, error) {
	before = before.DeepCopyObject().(client.Object)
	before.SetResourceVersion(after.GetResourceVersion())
	data, err := client.MergeFrom(before).Data(after)
	if err != nil {
		return nil, fmt.Errorf("computing patch of %s: %w", describe(after), err)
	}
	var changes map[string]any
	if err := json.Unmarshal(data, &changes); err != nil {
		return nil, fmt.Errorf("reading patch of %s: %w", describe(after), err)
	}
	return changes, nil
}

// send writes the changes, guarded by the version that after was read with.
func send(after client.Object, changes map[string]any, write func(client.Object, client.Patch) error) (bool, error) {
	if len(changes) == 0 {
		return false, nil
	}
	metadata, _ := changes["metadata"].(map[string]any)
	if metadata == nil {
		metadata = map[string]any{}
	}
	metadata["resourceVersion"] = after.GetResourceVersion()
	changes["metadata"] = metadata
	data, err := json.Marshal(changes)
	if err != nil {
		return false, fmt.Errorf("writing patch of %s: %w", describe(after), err)
	}
	target := after.DeepCopyObject().(client.Object)
	if err := write(target, client.RawPatch(types.MergePatchType, data)); err != nil {
		return false, fmt.Errorf("patching %s: %w", describe(after), err)
	}
	after.SetResourceVersion(target.GetResourceVersion())
	return true, nil
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
