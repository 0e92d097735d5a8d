// SPDX-License-Identifier: Apache-2.0

package hydration

import (
	"context"
	"fmt"
	"maps"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/objects/nodes"
	"karpenter.sh/core/reconcile/concurrency"
	"karpenter.sh/core/reconcile/index"
	"karpenter.sh/core/reconcile/patch"
)

// Name is the name of the controller in logs and metrics.
const Name = "node.hydration"

// registrationLead is how long a new Node is left to registration.
const registrationLead = time.Minute

// Options are what the controller works with; all but CPUMillis are required.
type Options struct {
	// Client reads from the cache, with the indexes of package index.
	Client      client.Client
	NodeClasses cloudprovider.NodeClassKinds
	Clock       clock.PassiveClock
	// CPUMillis is the CPU request of the process, which scales the number of
	// workers.
	CPUMillis int64
}

// Controller is node.hydration.
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
	return builder.ControllerManagedBy(m).
		Named(Name).
		For(&corev1.Node{}, builder.WithPredicates(predicate.Funcs{UpdateFunc: nodeChanged})).
		Watches(&v1.NodeClaim{}, handler.EnqueueRequestsFromMapFunc(c.nodes),
			builder.WithPredicates(predicate.Funcs{UpdateFunc: providerIDChanged})).
		WithOptions(concurrency.Options[reconcile.Request](profile(), c.CPUMillis)).
		Complete(c)
}

func nodeChanged(e event.UpdateEvent) bool {
	before, after := e.ObjectOld.(*corev1.Node), e.ObjectNew.(*corev1.Node)
	return before.Spec.ProviderID != after.Spec.ProviderID || !maps.Equal(before.Labels, after.Labels)
}

func providerIDChanged(e event.UpdateEvent) bool {
	return e.ObjectOld.(*v1.NodeClaim).Status.ProviderID != e.ObjectNew.(*v1.NodeClaim).Status.ProviderID
}

// nodes returns the Nodes with the provider ID of a NodeClaim.
func (c *Controller) nodes(ctx context.Context, o client.Object) []reconcile.Request {
	nodes, err := index.Nodes(ctx, c.Client, o.(*v1.NodeClaim).Status.ProviderID)
	if err != nil {
		log.FromContext(ctx).Error(err, "mapping nodeclaim to nodes")
	}
	requests := make([]reconcile.Request, len(nodes))
	for i := range nodes {
		requests[i].Name = nodes[i].Name
	}
	return requests
}

// Reconcile labels a Node with exactly one managed NodeClaim (LIF-200).
func (c *Controller) Reconcile(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	node := &corev1.Node{}
	if err := c.Client.Get(ctx, req.NamespacedName, node); err != nil {
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	nodeClaims, err := index.NodeClaims(ctx, c.Client, node.Spec.ProviderID)
	if err != nil || len(nodeClaims) != 1 || !c.NodeClasses.Manages(nodeClaims[0].Spec.NodeClassRef) {
		return reconcile.Result{}, err
	}
	key, value := cloudprovider.NodeClassLabel(nodeClaims[0].Spec.NodeClassRef)
	if node.Labels[key] == value {
		return reconcile.Result{}, nil
	}
	if left := node.CreationTimestamp.Add(registrationLead).Sub(c.Clock.Now()); left > 0 && !nodes.Registered(node) {
		return reconcile.Result{RequeueAfter: left}, nil
	}
	return c.label(ctx, node, key, value)
}

func (c *Controller) label(ctx context.Context, node *corev1.Node, key, value string) (reconcile.Result, error) {
	before := node.DeepCopy()
	if node.Labels == nil {
		node.Labels = map[string]string{}
	}
	node.Labels[key] = value
	if _, err := patch.Object(ctx, c.Client, before, node); err != nil {
		return patch.Outcome(fmt.Errorf("labelling node %s: %w", node.Name, err))
	}
	return reconcile.Result{}, nil
}
