// SPDX-License-Identifier: Apache-2.0

package gauges

import (
	"context"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/metrics/families"
	"karpenter.sh/core/reconcile/concurrency"
)

// pools is metrics.nodepool. It collects what managed NodePools use, may use
// and cost (OPS-125 to OPS-127).
type pools struct {
	Options
	usage, limit, cost *prometheus.Desc

	mu    sync.Mutex
	known map[string]poolAmounts
}

type poolAmounts struct{ usage, limits amounts }

func newPools(o Options, r *families.Registry) *pools {
	const usage = "karpenter_nodepools_usage"
	p := &pools{
		Options: o, known: map[string]poolAmounts{},
		usage: r.Desc(usage), limit: r.Desc("karpenter_nodepools_limit"), cost: r.Desc("karpenter_nodepools_cost_total"),
	}
	r.Register(usage, p)
	return p
}

// Register adds the controller to a manager.
func (p *pools) Register(_ context.Context, m manager.Manager) error {
	return builder.ControllerManagedBy(m).
		Named("metrics.nodepool").
		For(&v1.NodePool{}).
		WithOptions(concurrency.Options[reconcile.Request](concurrency.Fixed(1), p.CPUMillis)).
		Complete(p)
}

// Reconcile takes in one pool.
func (p *pools) Reconcile(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	var pool v1.NodePool
	if err := p.Client.Get(ctx, req.NamespacedName, &pool); client.IgnoreNotFound(err) != nil {
		return reconcile.Result{}, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if pool.Name == "" || !p.NodeClasses.Manages(pool.Spec.Template.Spec.NodeClassRef) {
		delete(p.known, req.Name)
		return reconcile.Result{}, nil
	}
	p.known[pool.Name] = poolAmounts{
		usage: amountsOf(pool.Status.Resources), limits: amountsOf(corev1.ResourceList(pool.Spec.Limits)),
	}
	return reconcile.Result{}, nil
}

// Describe implements [prometheus.Collector].
func (p *pools) Describe(to chan<- *prometheus.Desc) {
	to <- p.usage
	to <- p.limit
	to <- p.cost
}

// Collect implements [prometheus.Collector].
func (p *pools) Collect(to chan<- prometheus.Metric) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for name, pool := range p.known {
		for resource, n := range pool.usage {
			gauge(to, p.usage, n, resource, name)
		}
		for resource, n := range pool.limits {
			gauge(to, p.limit, n, resource, name)
		}
		gauge(to, p.cost, p.Ledger.Cost(name), name)
	}
}
