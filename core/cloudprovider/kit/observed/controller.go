// SPDX-License-Identifier: Apache-2.0

package observed

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/reconcile/concurrency"
	"karpenter.sh/core/reconcile/index"
)

// Name is the controller's name in logs and metrics.
const Name = "providers.instancetype.capacity"

// Observe is told how much memory the Node of a NodeClaim has, which says its instance
// type and its image. It may be told the same again, and in any order. It finds out of
// which [Type] that is and tells its [Memory], or leaves it: what no longer counts is no
// error. After an error it is told again.
type Observe func(ctx context.Context, nodeClaim *v1.NodeClaim, memory resource.Quantity) error

// Options are what the controller works with; all are required.
type Options struct {
	// Client reads from the cache, with the indexes of package index.
	Client client.Client
	// Kinds of NodeClasses that the provider manages.
	Kinds   cloudprovider.NodeClassKinds
	Observe Observe
}

// Controller is providers.instancetype.capacity.
type Controller struct{ opts Options }

// New returns the controller.
func New(o Options) *Controller { return &Controller{o} }

// Register adds the controller to a manager. It looks at a Node when it becomes
// observable, and at those that are so at start-up.
func (c *Controller) Register(_ context.Context, m manager.Manager) error {
	return builder.ControllerManagedBy(m).
		Named(Name).
		For(&corev1.Node{}, builder.WithPredicates(Observable())).
		WithOptions(concurrency.Options[reconcile.Request](concurrency.Fixed(10), 0)).
		Complete(reconcile.AsReconciler[*corev1.Node](c.opts.Client, c))
}

// Observable passes the events by which a Node comes to be registered with a memory
// capacity (KIT-220).
func Observable() predicate.Predicate {
	return predicate.Funcs{
		CreateFunc: func(e event.CreateEvent) bool { return observable(e.Object) },
		UpdateFunc: func(e event.UpdateEvent) bool {
			return observable(e.ObjectNew) && !observable(e.ObjectOld)
		},
		DeleteFunc:  func(event.DeleteEvent) bool { return false },
		GenericFunc: func(event.GenericEvent) bool { return false },
	}
}

func observable(o client.Object) bool {
	node, ok := o.(*corev1.Node)
	return ok && node.Labels[v1.NodeRegisteredLabelKey] == "true" && node.Status.Capacity.Memory().Sign() > 0
}

// Reconcile observes one Node, if its NodeClaim says what it is (KIT-221).
func (c *Controller) Reconcile(ctx context.Context, node *corev1.Node) (reconcile.Result, error) {
	if !observable(node) {
		return reconcile.Result{}, nil
	}
	claim, err := c.claim(ctx, node)
	if err != nil || claim == nil {
		return reconcile.Result{}, err
	}
	if claim.Labels[corev1.LabelInstanceTypeStable] == "" || claim.Status.ImageID == "" {
		return reconcile.Result{}, nil
	}
	if err := c.opts.Observe(ctx, claim, *node.Status.Capacity.Memory()); err != nil {
		return reconcile.Result{}, fmt.Errorf("observing the memory of Node %s: %w", node.Name, err)
	}
	return reconcile.Result{}, nil
}

// claim is the managed NodeClaim of a Node; nil if there is none, or more than one, of
// which nobody knows whose the image is.
func (c *Controller) claim(ctx context.Context, node *corev1.Node) (*v1.NodeClaim, error) {
	claims, err := index.NodeClaims(ctx, c.opts.Client, node.Spec.ProviderID)
	if err != nil {
		return nil, fmt.Errorf("finding the nodeclaim of Node %s: %w", node.Name, err)
	}
	if len(claims) != 1 || !c.opts.Kinds.Manages(claims[0].Spec.NodeClassRef) {
		return nil, nil
	}
	return &claims[0], nil
}
