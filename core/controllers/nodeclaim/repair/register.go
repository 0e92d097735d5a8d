// SPDX-License-Identifier: Apache-2.0

package repair

import (
	"context"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"karpenter.sh/core/objects/nodes"
	"karpenter.sh/core/reconcile/concurrency"
)

// Register adds the controller to a manager.
func (c *Controller) Register(_ context.Context, m manager.Manager) error {
	profile := concurrency.Profile{Min: 10, Max: 1000, Backoff: concurrency.Backoff{
		Base: 100 * time.Millisecond, Longest: time.Minute, Rate: 10, Burst: 100,
	}}
	return builder.ControllerManagedBy(m).
		Named(Name).
		For(&corev1.Node{}, builder.WithPredicates(predicate.Funcs{UpdateFunc: c.worthALook})).
		WithOptions(concurrency.Options[reconcile.Request](profile, c.CPUMillis)).
		Complete(c)
}

// worthALook passes the updates of Nodes that say something of their health, or by which
// they come to be ours (EXT-139). Heartbeats are not among them.
func (c *Controller) worthALook(e event.UpdateEvent) bool {
	before, after := e.ObjectOld.(*corev1.Node), e.ObjectNew.(*corev1.Node)
	return c.managed(before) != c.managed(after) || nodes.Registered(before) != nodes.Registered(after) ||
		c.managed(after) && !slices.EqualFunc(before.Status.Conditions, after.Status.Conditions, sameHealth)
}

func sameHealth(a, b corev1.NodeCondition) bool {
	return a.Type == b.Type && a.Status == b.Status && a.LastTransitionTime.Equal(&b.LastTransitionTime)
}

// managed reports whether a Node belongs to the provider (LIF-002).
func (c *Controller) managed(node client.Object) bool {
	return slices.ContainsFunc(c.labels, func(key string) bool {
		_, ok := node.GetLabels()[key]
		return ok
	})
}
