// SPDX-License-Identifier: Apache-2.0

package strictapi

import (
	"context"
	stderrors "errors"
	"fmt"
	"net/http"
	"testing"

	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/uuid"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
)

// Client returns the client of an API in memory with the rules of this package.
func Client(t testing.TB, api client.WithWatch) client.WithWatch {
	return interceptor.NewClient(api, interceptor.Funcs{
		Create: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.CreateOption) error {
			if o.GetUID() == "" {
				o.SetUID(uuid.NewUUID())
			}
			return c.Create(ctx, o, opts...)
		},
		Delete: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.DeleteOption) error {
			options := client.DeleteOptions{}
			options.ApplyOptions(opts)
			if err := meant(ctx, t, c, o, options.Preconditions); err != nil {
				return err
			}
			return c.Delete(ctx, o, opts...)
		},
		DeleteAllOf: func(_ context.Context, _ client.WithWatch, o client.Object, _ ...client.DeleteAllOfOption) error {
			t.Errorf("all %T are deleted, whatever their UIDs", o)
			return fmt.Errorf("deleting all %T: not allowed", o)
		},
		SubResourceCreate: func(ctx context.Context, c client.Client, sub string, o, body client.Object, opts ...client.SubResourceCreateOption) error {
			if eviction, ok := body.(*policyv1.Eviction); ok {
				options := eviction.DeleteOptions
				if options == nil {
					options = &metav1.DeleteOptions{}
				}
				if err := meant(ctx, t, c, o, options.Preconditions); err != nil {
					return err
				}
			}
			return c.SubResource(sub).Create(ctx, o, body, opts...)
		},
		Patch: func(ctx context.Context, c client.WithWatch, o client.Object, p client.Patch, opts ...client.PatchOption) error {
			if err := unique(ctx, c, o, p); err != nil {
				return err
			}
			return answer(p, c.Patch(ctx, o, p, opts...))
		},
		SubResourcePatch: func(ctx context.Context, c client.Client, sub string, o client.Object, p client.Patch, opts ...client.SubResourcePatchOption) error {
			if err := unique(ctx, c, o, p); err != nil {
				return err
			}
			return answer(p, c.SubResource(sub).Patch(ctx, o, p, opts...))
		},
	})
}

// meant fails the test when a request names no UID, and refuses it when it names
// another than the object has.
func meant(ctx context.Context, t testing.TB, c client.Reader, o client.Object, given *metav1.Preconditions) error {
	if given == nil || given.UID == nil || *given.UID == "" {
		t.Errorf("%T %s is deleted or evicted without its UID: a successor of its name would go instead", o, o.GetName())
		return nil
	}
	stored := o.DeepCopyObject().(client.Object)
	if err := c.Get(ctx, client.ObjectKeyFromObject(o), stored); err != nil {
		return err
	}
	if stored.GetUID() != *given.UID {
		return errors.NewConflict(schema.GroupResource{Resource: fmt.Sprintf("%T", o)}, o.GetName(),
			fmt.Errorf("the UID in the precondition is %s, that of the object %s", *given.UID, stored.GetUID()))
	}
	return nil
}

// answer is what the API server makes of a JSON patch that does not apply.
func answer(p client.Patch, err error) error {
	var known errors.APIStatus
	if err == nil || p.Type() != types.JSONPatchType || stderrors.As(err, &known) {
		return err
	}
	return errors.NewGenericServerResponse(http.StatusUnprocessableEntity, "patch", schema.GroupResource{}, "", err.Error(), 0, false)
}
