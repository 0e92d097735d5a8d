// SPDX-License-Identifier: Apache-2.0

// Package nodeaddress tells the book of addresses which ones the Nodes have, so that no
// machine is given one of them (PVE-083, PVE-084).
//
// Those of before the first event are told by package inventory. It calls no cluster.
//
// Start reading at [Controller].
package nodeaddress

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"karpenter.sh/core/reconcile/concurrency"
	"karpenter.sh/providers/proxmox/inventory"
	"karpenter.sh/providers/proxmox/network"
)

// Name is the controller's name in logs and metrics.
const Name = "node.addresses"

// Options are what the controller works with; all are required.
type Options struct {
	// Client reads from the cache.
	Client client.Reader
	Book   *network.Book
}

// Controller follows the addresses of Nodes.
type Controller struct{ Options }

// New returns the controller node.addresses.
func New(o Options) *Controller { return &Controller{o} }

// Register adds the controller to a manager.
func (c *Controller) Register(_ context.Context, m manager.Manager) error {
	profile := concurrency.Profile{Min: 10, Max: 10, Backoff: concurrency.Backoff{Base: 10 * time.Second, Longest: 10 * time.Second, Rate: 10, Burst: 100}}
	return builder.ControllerManagedBy(m).
		Named(Name).
		For(&corev1.Node{}, builder.WithPredicates(moved())).
		WithOptions(concurrency.Options[reconcile.Request](profile, 0)).
		Complete(c)
}

// moved passes Nodes that come, go or have other addresses: kubelets write their status all
// the time.
func moved() predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		before, ok := e.ObjectOld.(*corev1.Node)
		after, also := e.ObjectNew.(*corev1.Node)
		return !ok || !also || !equality.Semantic.DeepEqual(before.Status.Addresses, after.Status.Addresses)
	}}
}

// Reconcile tells the addresses of one Node; none, if it is gone.
func (c *Controller) Reconcile(ctx context.Context, r reconcile.Request) (reconcile.Result, error) {
	node := &corev1.Node{}
	err := c.Client.Get(ctx, r.NamespacedName, node)
	switch {
	case apierrors.IsNotFound(err):
		c.Book.Release(network.NodeHolder(r.Name))
	case err != nil:
		return reconcile.Result{}, fmt.Errorf("reading the addresses of node %s: %w", r.Name, err)
	default:
		c.Book.Hold(network.NodeHolder(r.Name), inventory.AddressesOf(node)...)
	}
	return reconcile.Result{}, nil
}
