// SPDX-License-Identifier: Apache-2.0

package conditions

import (
	"context"

	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/reconcile/concurrency"
)

// Register adds the controller to a manager.
func (c *Controller) Register(_ context.Context, m manager.Manager) error {
	managed := predicate.NewPredicateFuncs(func(o client.Object) bool {
		return c.NodeClasses.Manages(o.(*v1.NodeClaim).Spec.NodeClassRef)
	})
	b := builder.ControllerManagedBy(m).
		Named(Name).
		For(&v1.NodeClaim{}, builder.WithPredicates(managed)).
		Watches(&v1.NodePool{}, handler.EnqueueRequestsFromMapFunc(c.ofPool),
			builder.WithPredicates(predicate.Or(predicate.GenerationChangedPredicate{}, predicate.AnnotationChangedPredicate{}))).
		WithOptions(concurrency.Options[reconcile.Request](concurrency.Scaled(10, 1000), c.CPUMillis))
	for _, nodeClass := range c.NodeClassObjects() {
		// Changes of the status too: there is what a provider resolved, which machines are
		// compared with.
		b.Watches(nodeClass, handler.EnqueueRequestsFromMapFunc(c.ofNodeClass),
			builder.WithPredicates(predicate.ResourceVersionChangedPredicate{}))
	}
	return b.Complete(c)
}

// ofNodeClass returns the NodeClaims that refer to a NodeClass (DIS-001).
func (c *Controller) ofNodeClass(ctx context.Context, nodeClass client.Object) []reconcile.Request {
	gvk, err := c.Client.GroupVersionKindFor(nodeClass)
	var list v1.NodeClaimList
	if err == nil {
		err = c.Client.List(ctx, &list, client.UnsafeDisableDeepCopy)
	}
	if err != nil {
		log.FromContext(ctx).Error(err, "mapping nodeclass to nodeclaims", gvk.Kind, client.ObjectKeyFromObject(nodeClass))
	}
	var requests []reconcile.Request
	for i := range list.Items {
		ref := list.Items[i].Spec.NodeClassRef
		if ref.GroupKind() == gvk.GroupKind() && ref.Name == nodeClass.GetName() {
			requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&list.Items[i])})
		}
	}
	return requests
}

// ofPool returns the NodeClaims of a pool.
func (c *Controller) ofPool(ctx context.Context, pool client.Object) []reconcile.Request {
	var list v1.NodeClaimList
	err := c.Client.List(ctx, &list, client.MatchingLabels{v1.NodePoolLabelKey: pool.GetName()}, client.UnsafeDisableDeepCopy)
	if err != nil {
		log.FromContext(ctx).Error(err, "mapping nodepool to nodeclaims", "NodePool", client.ObjectKeyFromObject(pool))
	}
	requests := make([]reconcile.Request, len(list.Items))
	for i := range list.Items {
		requests[i].NamespacedName = client.ObjectKeyFromObject(&list.Items[i])
	}
	return requests
}
