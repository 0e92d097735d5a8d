// SPDX-License-Identifier: Apache-2.0

package state

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cluster/cost"
	"karpenter.sh/core/metrics/families"
	"karpenter.sh/core/reconcile/concurrency"
)

// priceRefresh is how often the prices of every pool are read anew (LIF-055).
const priceRefresh = time.Hour

// Pricing is state.pricing. It keeps the prices in the ledger: every hour, when a
// pool changes and when one begins to use an offering that has none.
type Pricing struct {
	Options
	store  store[*v1.NodePool]
	errors *prometheus.CounterVec
}

// NewPricing returns the controller. An error means that its metrics are
// registered already.
func NewPricing(o Options) (*Pricing, error) {
	r := families.New(o.Registerer, families.Core()...)
	p := &Pricing{Options: o, errors: r.Counter("karpenter_nodepools_cost_tracker_errors_total")}
	if err := r.Err(); err != nil {
		return nil, err
	}
	return p, nil
}

// Register adds the controller to a manager.
func (p *Pricing) Register(ctx context.Context, m manager.Manager) error {
	var err error
	if p.store, err = newStore(ctx, m.GetCache(), &v1.NodePool{}); err != nil {
		return err
	}
	return builder.ControllerManagedBy(m).
		Named("state.pricing").
		For(&v1.NodePool{}, builder.WithPredicates(predicate.GenerationChangedPredicate{}, predicate.NewPredicateFuncs(p.isManaged))).
		WatchesRawSource(source.Func(p.followLedger)).
		WithOptions(concurrency.Options[reconcile.Request](concurrency.Fixed(1), p.CPUMillis)).
		Complete(p)
}

func (p *Pricing) isManaged(o client.Object) bool {
	np, ok := o.(*v1.NodePool)
	return ok && p.NodeClasses.Manages(np.Spec.Template.Spec.NodeClassRef)
}

// followLedger asks for the pools whose prices the ledger misses.
func (p *Pricing) followLedger(ctx context.Context, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) error {
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-p.Ledger.Wanted():
				for _, pool := range p.Ledger.Unpriced() {
					queue.Add(reconcile.Request{NamespacedName: types.NamespacedName{Name: pool}})
				}
			}
		}
	}()
	return nil
}

// Reconcile refreshes the prices of one pool.
func (p *Pricing) Reconcile(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	pool, ok := p.store.get(req.NamespacedName)
	if !ok {
		p.Ledger.DeleteNodePool(req.Name)
		p.errors.DeleteLabelValues(req.Name)
		return reconcile.Result{}, nil
	}
	instanceTypes, err := p.InstanceTypes(ctx, pool)
	if err != nil {
		p.errors.WithLabelValues(req.Name).Inc()
		return reconcile.Result{}, fmt.Errorf("reading the prices of nodepool %q: %w", req.Name, err)
	}
	for _, o := range p.Ledger.SetPrices(req.Name, Prices(instanceTypes)) {
		log.FromContext(ctx).Error(nil, "no price is known, counting 0",
			"instance-type", o.InstanceType, "zone", o.Zone, "capacity-type", o.CapacityType)
	}
	return reconcile.Result{RequeueAfter: priceRefresh}, nil
}

// Prices lists the price of every offering, available or not. Of several that
// are alike the first counts, and what is not a number counts 0 (DIS-045).
func Prices(instanceTypes []*cloudprovider.InstanceType) map[cost.Offering]float64 {
	out := map[cost.Offering]float64{}
	for _, it := range instanceTypes {
		for _, o := range it.Offerings {
			key := cost.Offering{InstanceType: it.Name, Zone: o.Zone(), CapacityType: o.CapacityType()}
			if _, seen := out[key]; seen {
				continue
			}
			out[key] = o.Price
			if math.IsNaN(o.Price) {
				out[key] = 0
			}
		}
	}
	return out
}
