// SPDX-License-Identifier: Apache-2.0

// Package observedcapacity passes on how much memory registered nodes have, since EC2
// does not say how much of a machine's memory its hypervisor and kernel take (AWS-203).
// A restart observes all registered nodes again: nothing is stored.
//
// What becomes of an observation is for others to say. It may import nothing of the
// provider but the API types.
//
// Cost: a few reads from the cache for each node, once.
//
// Start reading at [Controller.Reconcile].
package observedcapacity

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
	awsv1 "karpenter.sh/providers/aws/apis/v1"
)

// Name is the controller's name in logs and metrics.
const Name = "providers.instancetype.capacity"

// Images selects images.
type Images interface {
	// Selected is the ID of the image that a NodeClass selects now for an instance type
	// (AWS-147); empty: none.
	Selected(ctx context.Context, nodeClass *awsv1.EC2NodeClass, instanceType string) (string, error)
}

// Memory takes observations.
type Memory interface {
	// Observe is told how much memory a node of an instance type has with one of the
	// images of a NodeClass. It may be told the same again, and in any order.
	Observe(nodeClass *awsv1.EC2NodeClass, instanceType string, capacity resource.Quantity)
}

// Options are what the controller works with; all are required.
type Options struct {
	// Client reads from the cache, with the indexes of package index.
	Client client.Client
	// Kinds of NodeClasses that the provider manages.
	Kinds  cloudprovider.NodeClassKinds
	Images Images
	Memory Memory
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
// capacity.
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

// Reconcile observes one Node, if its NodeClaim's image is still the one that is
// selected.
func (c *Controller) Reconcile(ctx context.Context, node *corev1.Node) (reconcile.Result, error) {
	if !observable(node) {
		return reconcile.Result{}, nil
	}
	claim, err := c.claim(ctx, node)
	if err != nil || claim == nil {
		return reconcile.Result{}, err
	}
	instanceType := claim.Labels[corev1.LabelInstanceTypeStable]
	if instanceType == "" || claim.Status.ImageID == "" {
		return reconcile.Result{}, nil
	}
	nodeClass := &awsv1.EC2NodeClass{}
	if err := c.opts.Client.Get(ctx, client.ObjectKey{Name: claim.Spec.NodeClassRef.Name}, nodeClass); err != nil {
		if client.IgnoreNotFound(err) == nil {
			return reconcile.Result{}, nil
		}
		return reconcile.Result{}, fmt.Errorf("reading EC2NodeClass %s: %w", claim.Spec.NodeClassRef.Name, err)
	}
	image, err := c.opts.Images.Selected(ctx, nodeClass, instanceType)
	if err != nil {
		return reconcile.Result{}, fmt.Errorf("selecting the image of EC2NodeClass %s for %s: %w", nodeClass.Name, instanceType, err)
	}
	if image == claim.Status.ImageID {
		c.opts.Memory.Observe(nodeClass, instanceType, *node.Status.Capacity.Memory())
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
