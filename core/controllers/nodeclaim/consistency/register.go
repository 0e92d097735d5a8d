// SPDX-License-Identifier: Apache-2.0

package consistency

import (
	"context"

	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/reconcile/concurrency"
)

// Register adds the controller to a manager.
func (c *Controller) Register(_ context.Context, m manager.Manager) error {
	return builder.ControllerManagedBy(m).
		Named(Name).
		For(&v1.NodeClaim{}, builder.WithPredicates(predicate.Funcs{UpdateFunc: becameComparable})).
		WithOptions(concurrency.Options[reconcile.Request](concurrency.Scaled(10, 1000), c.CPUMillis)).
		Complete(c)
}

// becameComparable passes the updates after which there is something to compare.
func becameComparable(e event.UpdateEvent) bool {
	before, after := e.ObjectOld.(*v1.NodeClaim), e.ObjectNew.(*v1.NodeClaim)
	return before.Status.ProviderID != after.Status.ProviderID || initialized(before) != initialized(after)
}
