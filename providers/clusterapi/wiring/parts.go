// SPDX-License-Identifier: Apache-2.0

package wiring

import (
	"context"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider/kit/batch"
	"karpenter.sh/core/cloudprovider/kit/cache"
	"karpenter.sh/core/cloudprovider/kit/health"
	"karpenter.sh/core/events"
	"karpenter.sh/providers/clusterapi/capi"
	"karpenter.sh/providers/clusterapi/controllers/takeover"
	"karpenter.sh/providers/clusterapi/infrastructure"
	"karpenter.sh/providers/clusterapi/instancetype"
	"karpenter.sh/providers/clusterapi/inventory"
	"karpenter.sh/providers/clusterapi/management"
	"karpenter.sh/providers/clusterapi/options"
	"karpenter.sh/providers/clusterapi/overhead"
	"karpenter.sh/providers/clusterapi/provider"
	"karpenter.sh/providers/clusterapi/scaling"
	"karpenter.sh/providers/clusterapi/selection"
	"karpenter.sh/providers/clusterapi/stock"
)

// Options is what the provider is built of; all are required.
type Options struct {
	Settings options.Options
	// Management is the management cluster. Whoever calls lets it run.
	Management *management.Cluster
	// Client reads from the cache of the workload cluster and writes, Live reads past
	// that cache.
	Client client.Client
	Live   client.Reader

	Events     events.Recorder
	Registerer prometheus.Registerer
	Clock      clock.WithTicker
	Log        logr.Logger
}

// Parts are those of a provider.
type Parts struct {
	Options
	Provider *provider.Provider

	Inventory *inventory.Reader
	Health    *health.Record
	Stock     *stock.Stock
	Scaler    *scaling.Scaler
	Templates *infrastructure.Templates
	Overheads *overhead.Learner
	Takeover  *takeover.Controller
}

// New puts the parts together. Nothing is asked of any cluster yet.
func New(o Options) (*Parts, error) {
	batches, err := batch.NewMetrics(o.Registerer)
	if err != nil {
		return nil, err
	}
	caches, err := cache.NewMetrics(o.Registerer)
	if err != nil {
		return nil, err
	}
	others, err := o.Management.Others()
	if err != nil {
		return nil, err
	}
	p := &Parts{
		Options: o, Health: health.New(health.Options{Clock: o.Clock}),
		Inventory: &inventory.Reader{
			Management: inventory.Management{Cache: o.Management.Cache(), Live: o.Management.Live()},
			Workload:   inventory.Workload{Cache: o.Client, Live: o.Live},
			Scope:      selection.Scope{ClusterName: o.Settings.ClusterName},
		},
	}
	p.Templates = infrastructure.New(infrastructure.Options{
		Client: others, Renew: o.Management.Others, Reachable: o.Management.Reachable, Clock: o.Clock, Metrics: caches,
		Stale: func(template string, age time.Duration, err error) {
			o.Log.Error(err, "using what the infrastructure template said last", "template", template, "age", age)
		},
	})
	p.Overheads = overhead.New(overhead.Options{Management: o.Management.Cache(), Workload: o.Client, Clock: o.Clock})
	p.Stock = stock.New(stock.Options{Inventory: p.Inventory, Health: p.Health, Facts: p.facts, Clock: o.Clock})
	p.Scaler = scaling.New(scaling.Options{
		Inventory: p.Inventory, Management: o.Management.Client(), Workload: o.Client, Clock: o.Clock,
		Refused: provider.Refused(p.Health), Changes: o.Management.MachineChanges, Metrics: batches, Log: o.Log,
	})
	p.Takeover = takeover.New(takeover.Options{Client: o.Client, Kind: kind(), Types: p})
	p.Provider, err = provider.New(provider.Options{
		Inventory: p.Inventory, Stock: p.Stock, Scaler: p.Scaler, Health: p.Health, Events: o.Events,
		Clock: o.Clock, Changes: o.Management.MachineChanges, LaunchTimeout: o.Settings.LaunchTimeout, Hold: p.Takeover.Done,
	})
	return p, err
}

// TypeOf implements takeover.Types.
func (p *Parts) TypeOf(ctx context.Context, nodeClaim *v1.NodeClaim) (string, error) {
	return p.Provider.TypeOf(ctx, nodeClaim)
}

// facts are what others than a deployment say of its machines.
func (p *Parts) facts(ctx context.Context, d *capi.MachineDeployment) (instancetype.Facts, error) {
	facts, err := p.Templates.Of(ctx, d)
	if err != nil {
		return facts, err
	}
	facts.Overhead, err = p.Overheads.Of(ctx, d)
	return facts, err
}
