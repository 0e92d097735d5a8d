// SPDX-License-Identifier: Apache-2.0

package nodepool

import (
	"context"
	"maps"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "karpenter.sh/core/apis/v1"
)

// Pace of the counter (LIF-210).
const (
	countEvery     = 5 * time.Second
	countAwaitSync = time.Second
)

// Counter writes what the nodes of a pool add up to into its status.
type Counter struct{ Options }

// NewCounter returns the controller nodepool.counter.
func NewCounter(o Options) *Counter { return &Counter{o} }

// Register adds the controller to a manager.
func (c *Counter) Register(_ context.Context, m manager.Manager) error {
	specOnly := func(b *builder.Builder) { b.WithEventFilter(predicate.GenerationChangedPredicate{}) }
	return c.register(m, "nodepool.counter", scaled(), c.onPools(c), specOnly)
}

// Reconcile counts one pool. Nothing is written before the model is loaded, or
// the usage would seem to drop whenever the process starts (API-081).
func (c *Counter) Reconcile(ctx context.Context, pool *v1.NodePool) (reconcile.Result, error) {
	if !c.manages(pool) {
		return reconcile.Result{}, nil
	}
	if !c.Usage.Loaded(ctx) {
		return reconcile.Result{RequeueAfter: countAwaitSync}, nil
	}
	before := pool.DeepCopy()
	count(pool, c.Usage.Capacity(pool.Name))
	result, err := c.writeStatus(ctx, before, pool)
	if result.RequeueAfter == 0 {
		result.RequeueAfter = countEvery
	}
	return result, err
}

// count puts the capacity of a pool into its status (API-081, API-082).
func count(pool *v1.NodePool, capacity corev1.ResourceList) {
	resources := corev1.ResourceList{
		corev1.ResourceCPU:              resource.MustParse("0"),
		corev1.ResourceMemory:           resource.MustParse("0"),
		corev1.ResourcePods:             resource.MustParse("0"),
		corev1.ResourceEphemeralStorage: resource.MustParse("0"),
		v1.ResourceNodes:                resource.MustParse("0"),
	}
	maps.Copy(resources, capacity)
	nodes := resources[v1.ResourceNodes]
	pool.Status.Resources, pool.Status.Nodes = resources, nodes.Value()
}
