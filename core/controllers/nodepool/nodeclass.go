// SPDX-License-Identifier: Apache-2.0

package nodepool

import (
	"context"
	"fmt"

	"github.com/awslabs/operatorpkg/status"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "karpenter.sh/core/apis/v1"
)

// kindOf is the group and kind of a NodeClass; empty if its type is not
// registered, which the operator makes sure of.
func (o Options) kindOf(nodeClass status.Object) schema.GroupKind {
	gvk, err := o.Client.GroupVersionKindFor(nodeClass)
	if err != nil {
		return schema.GroupKind{}
	}
	return gvk.GroupKind()
}

// supported returns an empty object of the kind that a reference names, or nil
// for a kind of another provider. Versions are not compared (CP-003).
func (o Options) supported(ref v1.NodeClassReference) status.Object {
	for _, nodeClass := range o.NodeClassObjects() {
		if o.kindOf(nodeClass) == ref.GroupKind() {
			return nodeClass
		}
	}
	return nil
}

func (o Options) manages(pool *v1.NodePool) bool {
	return o.supported(pool.Spec.Template.Spec.NodeClassRef) != nil
}

// nodeClass reads the NodeClass of a managed pool, and reports whether there is
// one.
func (o Options) nodeClass(ctx context.Context, pool *v1.NodePool) (nodeClass status.Object, found bool, err error) {
	ref := pool.Spec.Template.Spec.NodeClassRef
	nodeClass = o.supported(ref)
	err = o.Client.Get(ctx, client.ObjectKey{Name: ref.Name}, nodeClass)
	if apierrors.IsNotFound(err) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("reading %s %s of nodepool %s: %w", ref.Kind, ref.Name, pool.Name, err)
	}
	return nodeClass, true, nil
}

// withNodeClasses makes the events of a NodeClass examine the pools that refer
// to it (API-089).
func (o Options) withNodeClasses(b *builder.Builder) {
	for _, nodeClass := range o.NodeClassObjects() {
		b.Watches(nodeClass, handler.EnqueueRequestsFromMapFunc(o.poolsOf(o.kindOf(nodeClass))))
	}
}

// poolsOf finds the pools that refer to a NodeClass of a kind.
func (o Options) poolsOf(kind schema.GroupKind) handler.MapFunc {
	return func(ctx context.Context, nodeClass client.Object) []reconcile.Request {
		pools := &v1.NodePoolList{}
		if err := o.Client.List(ctx, pools, client.UnsafeDisableDeepCopy); err != nil {
			log.FromContext(ctx).Error(err, "mapping a node class to nodepools", kind.Kind, client.ObjectKeyFromObject(nodeClass))
		}
		var requests []reconcile.Request
		for i := range pools.Items {
			ref := pools.Items[i].Spec.Template.Spec.NodeClassRef
			if ref.GroupKind() == kind && ref.Name == nodeClass.GetName() {
				requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&pools.Items[i])})
			}
		}
		return requests
	}
}
