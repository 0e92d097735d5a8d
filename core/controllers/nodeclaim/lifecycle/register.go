// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/objects/nodes"
	"karpenter.sh/core/reconcile/concurrency"
	"karpenter.sh/core/reconcile/index"
)

// profile has many workers because each may wait for the provider.
func profile() concurrency.Profile {
	return concurrency.Profile{Min: 1000, Max: 5000, Backoff: concurrency.Backoff{
		Base: time.Second, Longest: time.Minute, RatePercent: 1,
	}}
}

// Register adds the controller to a manager.
func (c *Controller) Register(_ context.Context, m manager.Manager) error {
	managed := predicate.NewPredicateFuncs(func(o client.Object) bool {
		return c.NodeClasses.Manages(o.(*v1.NodeClaim).Spec.NodeClassRef)
	})
	return builder.ControllerManagedBy(m).
		Named(Name).
		For(&v1.NodeClaim{}, builder.WithPredicates(managed)).
		Watches(&corev1.Node{}, handler.EnqueueRequestsFromMapFunc(c.owners), builder.WithPredicates(nodeChanged())).
		WithOptions(concurrency.Options[reconcile.Request](profile(), c.CPUMillis)).
		Complete(c)
}

// owners returns the NodeClaims with the provider ID of a Node.
func (c *Controller) owners(ctx context.Context, o client.Object) []reconcile.Request {
	nodeClaims, err := index.NodeClaims(ctx, c.Client, o.(*corev1.Node).Spec.ProviderID)
	if err != nil {
		log.FromContext(ctx).Error(err, "mapping node to nodeclaims")
	}
	requests := make([]reconcile.Request, len(nodeClaims))
	for i := range nodeClaims {
		requests[i].NamespacedName = client.ObjectKeyFromObject(&nodeClaims[i])
	}
	return requests
}

// nodeChanged passes what the steps read of a Node, and not the heartbeats.
func nodeChanged() predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		before, after := e.ObjectOld.(*corev1.Node), e.ObjectNew.(*corev1.Node)
		return before.Spec.ProviderID != after.Spec.ProviderID ||
			nodes.Ready(before) != nodes.Ready(after) ||
			before.DeletionTimestamp.IsZero() != after.DeletionTimestamp.IsZero() ||
			!equality.Semantic.DeepEqual(before.Labels, after.Labels) ||
			!equality.Semantic.DeepEqual(before.Finalizers, after.Finalizers) ||
			!equality.Semantic.DeepEqual(before.OwnerReferences, after.OwnerReferences) ||
			!equality.Semantic.DeepEqual(before.Spec.Taints, after.Spec.Taints) ||
			!equality.Semantic.DeepEqual(before.Status.Allocatable, after.Status.Allocatable)
	}}
}
