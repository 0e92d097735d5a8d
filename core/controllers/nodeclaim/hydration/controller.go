// SPDX-License-Identifier: Apache-2.0

package hydration

import (
	"context"
	"fmt"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/reconcile/concurrency"
	"karpenter.sh/core/reconcile/patch"
)

// Name is the name of the controller in logs and metrics.
const Name = "nodeclaim.hydration"

// Options are what the controller works with; all but CPUMillis are required.
type Options struct {
	Client      client.Client
	NodeClasses cloudprovider.NodeClassKinds
	// CPUMillis is the CPU request of the process, which scales the number of
	// workers.
	CPUMillis int64
}

// Controller is nodeclaim.hydration.
type Controller struct{ Options }

// New returns the controller.
func New(o Options) *Controller {
	return &Controller{o}
}

// profile has fewer workers than LIF-260 allows: writes of a few milliseconds
// leave them nothing to wait for (LIF-261).
func profile() concurrency.Profile {
	return concurrency.Profile{Min: 10, Max: 1000, Backoff: concurrency.Backoff{
		Base: 100 * time.Millisecond, Longest: time.Minute, Rate: 10, Burst: 100,
	}}
}

// Register adds the controller to a manager.
func (c *Controller) Register(_ context.Context, m manager.Manager) error {
	lacking := predicate.NewPredicateFuncs(func(o client.Object) bool { return c.lacks(o.(*v1.NodeClaim)) })
	return builder.ControllerManagedBy(m).
		Named(Name).
		For(&v1.NodeClaim{}, builder.WithPredicates(lacking)).
		WithOptions(concurrency.Options[reconcile.Request](profile(), c.CPUMillis)).
		Complete(c)
}

// lacks reports whether a managed NodeClaim has not the right label (LIF-200).
func (c *Controller) lacks(nodeClaim *v1.NodeClaim) bool {
	key, value := cloudprovider.NodeClassLabel(nodeClaim.Spec.NodeClassRef)
	return c.NodeClasses.Manages(nodeClaim.Spec.NodeClassRef) && nodeClaim.Labels[key] != value
}

// Reconcile labels a NodeClaim that lacks the label.
func (c *Controller) Reconcile(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	nodeClaim := &v1.NodeClaim{}
	if err := c.Client.Get(ctx, req.NamespacedName, nodeClaim); err != nil {
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	if !c.lacks(nodeClaim) {
		return reconcile.Result{}, nil
	}
	before := nodeClaim.DeepCopy()
	key, value := cloudprovider.NodeClassLabel(nodeClaim.Spec.NodeClassRef)
	if nodeClaim.Labels == nil {
		nodeClaim.Labels = map[string]string{}
	}
	nodeClaim.Labels[key] = value
	if _, err := patch.Object(ctx, c.Client, before, nodeClaim); err != nil {
		return patch.Outcome(fmt.Errorf("labelling nodeclaim %s: %w", req.Name, err))
	}
	return reconcile.Result{}, nil
}
