// SPDX-License-Identifier: Apache-2.0

package state

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/reconcile/concurrency"
)

const (
	// appearance is how long a NodeClaim may be in the model before its
	// existence is checked (LIF-016).
	appearance = 15 * time.Second
	// appearanceCheck is how often that is looked after.
	appearanceCheck = time.Second
)

// NodeClaimGC is state.nodeclaimgc. It drops from the model the NodeClaims that
// were put there when they were created and were gone before any watch showed
// them: nothing else would ever release the pods that wait for them.
type NodeClaimGC struct {
	Options
	store store[*v1.NodeClaim]
}

// NewNodeClaimGC returns the controller.
func NewNodeClaimGC(o Options) *NodeClaimGC { return &NodeClaimGC{Options: o} }

// Register adds the controller to a manager.
func (g *NodeClaimGC) Register(ctx context.Context, m manager.Manager) error {
	var err error
	if g.store, err = newStore(ctx, m.GetCache(), &v1.NodeClaim{}); err != nil {
		return err
	}
	return builder.ControllerManagedBy(m).
		Named("state.nodeclaimgc").
		WatchesRawSource(every(g.Clock, appearanceCheck, g.missing)).
		WithOptions(concurrency.Options[reconcile.Request](concurrency.Fixed(1), g.CPUMillis)).
		Complete(g)
}

// missing names the unlaunched NodeClaims that should have appeared by now.
func (g *NodeClaimGC) missing(context.Context) []reconcile.Request {
	var out []reconcile.Request
	for _, u := range g.Cluster.Unlaunched() {
		key := types.NamespacedName{Name: u.NodeClaim.Name}
		if _, appeared := g.store.get(key); !appeared && g.Clock.Since(u.Since) >= appearance {
			out = append(out, reconcile.Request{NamespacedName: key})
		}
	}
	return out
}

// Reconcile drops a NodeClaim that the API server does not have.
func (g *NodeClaimGC) Reconcile(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	err := g.Live.Get(ctx, req.NamespacedName, &v1.NodeClaim{})
	switch {
	case apierrors.IsNotFound(err):
		g.Cluster.DropUnlaunched(req.Name)
		return reconcile.Result{}, nil
	case err != nil:
		return reconcile.Result{}, fmt.Errorf("checking whether nodeclaim %q exists: %w", req.Name, err)
	}
	return reconcile.Result{}, nil
}
