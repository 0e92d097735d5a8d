// SPDX-License-Identifier: Apache-2.0

package garbagecollection

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/awslabs/operatorpkg/reconciler"
	"github.com/awslabs/operatorpkg/singleton"
	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/controllers/nodeclaim/internal/removal"
	"karpenter.sh/core/metrics"
	"karpenter.sh/core/objects/nodes"
	"karpenter.sh/core/reconcile/concurrency"
	"karpenter.sh/core/reconcile/index"
)

// Name is the name of the controller in logs and metrics.
const Name = "nodeclaim.garbagecollection"

const (
	interval = 2 * time.Minute
	// parallel is how many candidates are judged at a time.
	parallel = 20
)

// Options are what the controller works with; all are required.
type Options struct {
	// Client reads from the cache, with the indexes of package index.
	Client      client.Client
	Provider    cloudprovider.CloudProvider
	NodeClasses cloudprovider.NodeClassKinds
	NodeClaims  *metrics.NodeClaims
}

// Controller is nodeclaim.garbagecollection.
type Controller struct{ Options }

// New returns the controller.
func New(o Options) *Controller {
	return &Controller{o}
}

// Register adds the controller to a manager.
func (c *Controller) Register(_ context.Context, m manager.Manager) error {
	return builder.ControllerManagedBy(m).
		Named(Name).
		WatchesRawSource(singleton.Source()).
		WithOptions(concurrency.Loop(interval)).
		Complete(singleton.AsReconciler(c))
}

// Reconcile makes one round.
func (c *Controller) Reconcile(ctx context.Context) (reconciler.Result, error) {
	launched, err := c.registered(ctx)
	if err != nil {
		return reconciler.Result{}, err
	}
	instances, err := c.Provider.List(ctx)
	if err != nil {
		return reconciler.Result{}, fmt.Errorf("listing instances: %w", err)
	}
	running := runningIDs(instances)
	var judged errgroup.Group
	judged.SetLimit(parallel)
	for i := range launched {
		if nodeClaim := &launched[i]; !running.Has(nodeClaim.Status.ProviderID) {
			judged.Go(func() error {
				c.collect(ctx, nodeClaim)
				return nil
			})
		}
	}
	_ = judged.Wait() // collect reports its own errors: one candidate must not stop the others
	return reconciler.Result{RequeueAfter: interval}, nil
}

// registered lists the NodeClaims that ought to have an instance. They are shared
// with the cache.
func (c *Controller) registered(ctx context.Context) ([]v1.NodeClaim, error) {
	var list v1.NodeClaimList
	if err := c.Client.List(ctx, &list, client.UnsafeDisableDeepCopy); err != nil {
		return nil, fmt.Errorf("listing nodeclaims: %w", err)
	}
	return slices.DeleteFunc(list.Items, func(nodeClaim v1.NodeClaim) bool {
		return !c.NodeClasses.Manages(nodeClaim.Spec.NodeClassRef) ||
			!nodeClaim.DeletionTimestamp.IsZero() || !isRegistered(&nodeClaim)
	}), nil
}

func isRegistered(nodeClaim *v1.NodeClaim) bool {
	for _, condition := range nodeClaim.Status.Conditions {
		if condition.Type == v1.ConditionTypeRegistered {
			return condition.IsTrue()
		}
	}
	return false
}

// runningIDs are the provider IDs of the instances that are not terminating.
func runningIDs(instances []*v1.NodeClaim) sets.Set[string] {
	ids := sets.New[string]()
	for _, instance := range instances {
		if instance.DeletionTimestamp.IsZero() {
			ids.Insert(instance.Status.ProviderID)
		}
	}
	return ids
}

// collect deletes a candidate that is confirmed to be gone (LIF-181).
func (c *Controller) collect(ctx context.Context, nodeClaim *v1.NodeClaim) {
	logger := log.FromContext(ctx).WithValues("NodeClaim", klog.KRef("", nodeClaim.Name), "provider-id", nodeClaim.Status.ProviderID)
	gone, err := c.gone(ctx, nodeClaim)
	if err != nil {
		logger.Error(err, "judging nodeclaim without instance")
	}
	if !gone {
		return
	}
	removed, err := removal.Remover{Client: c.Client, NodeClaims: c.NodeClaims}.Remove(ctx, nodeClaim.DeepCopy(), metrics.GarbageCollected)
	if err != nil {
		logger.Error(err, "garbage collecting nodeclaim")
		return
	}
	if removed {
		logger.V(1).Info("garbage collecting nodeclaim without instance")
	}
}

// gone reports whether a candidate has neither a ready Node nor an instance.
func (c *Controller) gone(ctx context.Context, nodeClaim *v1.NodeClaim) (bool, error) {
	found, err := index.Nodes(ctx, c.Client, nodeClaim.Status.ProviderID)
	if err != nil {
		return false, err
	}
	if slices.ContainsFunc(found, func(node corev1.Node) bool { return nodes.Ready(&node) }) {
		return false, nil
	}
	_, err = c.Provider.Get(ctx, nodeClaim.Status.ProviderID)
	if cloudprovider.IsNodeClaimNotFoundError(err) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("confirming that the instance is gone: %w", err)
	}
	return false, nil
}
