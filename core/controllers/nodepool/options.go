// SPDX-License-Identifier: Apache-2.0

package nodepool

import (
	"context"

	"github.com/awslabs/operatorpkg/status"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/apis/vocabulary"
	"karpenter.sh/core/events"
	"karpenter.sh/core/reconcile/concurrency"
	"karpenter.sh/core/reconcile/patch"
)

// Options are what the controllers of this package work with.
type Options struct {
	// Client reads from the cache and writes.
	Client client.Client
	// Live reads past the cache. It is asked only where a cached read is known to
	// be old.
	Live client.Reader
	// Usage tells what pools use.
	Usage Usage
	// Catalogue and Requirements are what the search for instance types compares.
	Catalogue    Catalogue
	Requirements Requirements
	Recorder     events.Recorder
	// NodeClassObjects returns a fresh empty object of each supported kind.
	NodeClassObjects func() []status.Object
	// Vocabulary are the labels and values that core and provider know.
	Vocabulary *vocabulary.Vocabulary
	Clock      clock.Clock
	// CPUMillis is the CPU request of the process, which scales the number of
	// workers.
	CPUMillis int64
}

// Usage is the part of the live model that is counted.
type Usage interface {
	// Loaded reports whether the model has ever been complete.
	Loaded(ctx context.Context) bool
	// Capacity is the total capacity of a pool's nodes that are not marked for
	// deletion, with the number of nodes as the resource "nodes" (LIF-047).
	Capacity(pool string) corev1.ResourceList
}

// scaled is the profile of most of these controllers (OPS-052).
func scaled() concurrency.Profile { return concurrency.Scaled(10, 1000) }

// register adds a controller of managed pools to a manager.
func (o Options) register(m manager.Manager, name string, profile concurrency.Profile, r reconcile.Reconciler, shape ...func(*builder.Builder)) error {
	b := builder.ControllerManagedBy(m).
		Named(name).
		For(&v1.NodePool{}, builder.WithPredicates(o.managedOnly())).
		WithOptions(concurrency.Options[reconcile.Request](profile, o.CPUMillis))
	for _, add := range shape {
		add(b)
	}
	return b.Complete(r)
}

// onPools lets a controller be handed the pool that a request is about.
func (o Options) onPools(r reconcile.ObjectReconciler[*v1.NodePool]) reconcile.Reconciler {
	return reconcile.AsReconciler(o.Client, r)
}

// managedOnly passes the events of pools of this provider.
func (o Options) managedOnly() predicate.Predicate {
	return predicate.NewPredicateFuncs(func(object client.Object) bool {
		pool, ok := object.(*v1.NodePool)
		return ok && o.manages(pool)
	})
}

// conditions are those of a pool, stamped with the clock of the process.
func (o Options) conditions(pool *v1.NodePool) status.ConditionSet {
	return pool.StatusConditions(status.WithClock(o.Clock))
}

// writeStatus sends what a pass changed.
func (o Options) writeStatus(ctx context.Context, before, after *v1.NodePool) (reconcile.Result, error) {
	_, err := patch.Status(ctx, o.Client, before, after)
	return patch.Outcome(err)
}
