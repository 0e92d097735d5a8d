// SPDX-License-Identifier: Apache-2.0

package management

import (
	"context"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"karpenter.sh/providers/clusterapi/capi"
)

// reader reads one namespace, or all. For who reads one only there is nothing elsewhere.
type reader struct {
	client.Reader
	namespace string
	// ready returns why nothing can be read now.
	ready func() error
}

// Get implements client.Reader.
func (r *reader) Get(ctx context.Context, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
	if err := r.ready(); err != nil {
		return err
	}
	if r.namespace != "" && key.Namespace != r.namespace {
		return apierrors.NewNotFound(schema.GroupResource{Group: capi.Group, Resource: fmt.Sprintf("%T", o)}, key.String())
	}
	return r.Reader.Get(ctx, key, o, opts...)
}

// List implements client.Reader.
func (r *reader) List(ctx context.Context, list client.ObjectList, opts ...client.ListOption) error {
	if err := r.ready(); err != nil {
		return err
	}
	if r.namespace != "" {
		opts = slices.Concat([]client.ListOption{client.InNamespace(r.namespace)}, opts)
	}
	return r.Reader.List(ctx, list, opts...)
}
