// SPDX-License-Identifier: Apache-2.0

package gauges

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/awslabs/operatorpkg/reconciler"
	"github.com/awslabs/operatorpkg/singleton"
	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/metrics/families"
	"karpenter.sh/core/reconcile/concurrency"
)

// OfferingsName is the name of the controller [Offerings].
const OfferingsName = "metrics.offering"

// offeringsRefresh is how often the catalogues of all pools are read (CP-078).
const offeringsRefresh = time.Minute

// OfferingOptions are what [Offerings] works with; all are required.
type OfferingOptions struct {
	// Client reads from the cache.
	Client      client.Reader
	NodeClasses cloudprovider.NodeClassKinds
	// InstanceTypes are those of the outermost layer, so that prices include
	// overlays.
	InstanceTypes func(context.Context, *v1.NodePool) ([]*cloudprovider.InstanceType, error)
	// Unreserved shows an offering for nothing where there is no reservation (CP-079).
	Unreserved bool
	Registerer prometheus.Registerer
}

// Offerings shows what the provider sells to any pool, available or not, whether
// or not cluster state is shown.
type Offerings struct {
	OfferingOptions
	cores, memory, available, price *prometheus.Desc

	mu    sync.Mutex
	stock stock
}

// NewOfferings registers the gauges and returns the controller that they need.
// An error means that they are registered already.
func NewOfferings(o OfferingOptions) (*Offerings, error) {
	const cores = "karpenter_cloudprovider_instance_type_cpu_cores"
	r := families.New(o.Registerer, families.Core()...)
	c := &Offerings{
		OfferingOptions: o,
		cores:           r.Desc(cores),
		memory:          r.Desc("karpenter_cloudprovider_instance_type_memory_bytes"),
		available:       r.Desc("karpenter_cloudprovider_instance_type_offering_available"),
		price:           r.Desc("karpenter_cloudprovider_instance_type_offering_price_estimate"),
	}
	r.Register(cores, c)
	if err := r.Err(); err != nil {
		return nil, err
	}
	return c, nil
}

// Register adds the controller to a manager.
func (c *Offerings) Register(_ context.Context, m manager.Manager) error {
	return builder.ControllerManagedBy(m).Named(OfferingsName).
		WatchesRawSource(singleton.Source()).WithOptions(concurrency.Loop(offeringsRefresh)).Complete(singleton.AsReconciler(c))
}

// Reconcile reads the catalogues anew. A pool whose types cannot be had costs
// only what is sold to nobody else.
func (c *Offerings) Reconcile(ctx context.Context) (reconciler.Result, error) {
	var pools v1.NodePoolList
	if err := c.Client.List(ctx, &pools); err != nil {
		return reconciler.Result{}, fmt.Errorf("listing nodepools: %w", err)
	}
	fresh := newStock(c.Unreserved)
	for i := range pools.Items {
		pool := &pools.Items[i]
		if !c.NodeClasses.Manages(pool.Spec.Template.Spec.NodeClassRef) {
			continue
		}
		types, err := c.InstanceTypes(ctx, pool)
		if err != nil {
			log.FromContext(ctx).Error(err, "leaving the offerings of a nodepool out", "NodePool", client.ObjectKeyFromObject(pool))
			continue
		}
		fresh.add(types)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stock = fresh
	return reconciler.Result{RequeueAfter: offeringsRefresh}, nil
}

// Describe implements [prometheus.Collector].
func (c *Offerings) Describe(to chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{c.cores, c.memory, c.available, c.price} {
		to <- desc
	}
}

// Collect implements [prometheus.Collector].
func (c *Offerings) Collect(to chan<- prometheus.Metric) {
	c.mu.Lock()
	stock := c.stock
	c.mu.Unlock()
	for name, machine := range stock.machines {
		gauge(to, c.cores, machine.cores, name)
		gauge(to, c.memory, machine.memory, name)
	}
	for key, offer := range stock.offers {
		gauge(to, c.available, ordinal(offer.available), key.instanceType, key.capacityType, key.zone)
		gauge(to, c.price, offer.price, key.instanceType, key.capacityType, key.zone)
	}
}

func ordinal(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
