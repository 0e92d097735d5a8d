// SPDX-License-Identifier: Apache-2.0

package patch

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// Retry is the delay after a conflict that is not retried at once. What
// conflicted arrives through the watch as well, usually sooner; the delay is for
// the case that it did already.
const Retry = 100 * time.Millisecond

// Condition is what must still hold of an object for a change to be made.
type Condition []path

// If makes a write depend on fields of the object being as they were read, each
// named by the keys that lead to it. Otherwise the write is a conflict.
func If(fields ...[]string) Condition {
	condition := make(Condition, len(fields))
	for i, field := range fields {
		condition[i] = field
	}
	return condition
}

// All writes what differs, metadata and spec before status, and reports whether
// anything was sent.
func All(ctx context.Context, c client.Client, before, after client.Object) (bool, error) {
	sentObject, err := Object(ctx, c, before, after)
	if err != nil {
		return sentObject, err
	}
	sentStatus, err := Status(ctx, c, before, after)
	return sentObject || sentStatus, err
}

// Object writes what differs outside of the status, and reports whether
// anything was sent.
func Object(ctx context.Context, c client.Client, before, after client.Object, conditions ...Condition) (bool, error) {
	return send(before, after, slices.Concat(conditions...), writing{
		client: c, fields: func(field string) bool { return field != "status" },
		patch: func(target client.Object, p client.Patch) error { return c.Patch(ctx, target, p) },
	})
}

// Status writes what differs in the status, and reports whether anything was
// sent.
func Status(ctx context.Context, c client.Client, before, after client.Object, conditions ...Condition) (bool, error) {
	return send(before, after, slices.Concat(conditions...), writing{
		client: c, fields: func(field string) bool { return field == "status" },
		patch: func(target client.Object, p client.Patch) error { return c.Status().Patch(ctx, target, p) },
	})
}

// writing is how one part of an object is written.
type writing struct {
	client client.Client
	// fields tells the top-level fields of the part.
	fields func(string) bool
	patch  func(client.Object, client.Patch) error
}

// send writes what differs in one part. The answer is asked for without spec and
// status: only the new version is of interest.
func send(before, after client.Object, condition Condition, w writing) (bool, error) {
	c, err := difference(before, after, w.fields)
	if err != nil || !c.changed() {
		return false, err
	}
	if err := c.require(before, condition); err != nil {
		return false, err
	}
	target, err := metadataOf(w.client, after)
	if err != nil {
		return false, err
	}
	if err := c.submit(w, target); err != nil {
		return false, fmt.Errorf("patching %s: %w", describe(after), err)
	}
	after.SetResourceVersion(target.GetResourceVersion())
	return true, nil
}

// submit sends the operations to a target. What the API server has not, it may
// also have empty: the second attempt tells.
func (c *changes) submit(w writing, target client.Object) error {
	err := c.submitOnce(w, target)
	if !failedTest(err) || len(c.absent) == 0 {
		return asConflict(err, target)
	}
	c.expectEmpty()
	return asConflict(c.submitOnce(w, target), target)
}

func (c *changes) submitOnce(w writing, target client.Object) error {
	data, err := json.Marshal(c.operations)
	if err != nil {
		return fmt.Errorf("writing the patch: %w", err)
	}
	return w.patch(target, client.RawPatch(types.JSONPatchType, data))
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
