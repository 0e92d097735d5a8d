// SPDX-License-Identifier: Apache-2.0

package wiring

import (
	"context"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/source"

	kit "karpenter.sh/core/cloudprovider/kit/nodeclass"
	"karpenter.sh/core/cloudprovider/kit/nodeclass/finalization"
	"karpenter.sh/core/cloudprovider/kit/nodeclass/resolution"
	"karpenter.sh/core/operator"
	"karpenter.sh/providers/clusterapi/apis/v1alpha1"
	"karpenter.sh/providers/clusterapi/controllers/garbagecollection"
	"karpenter.sh/providers/clusterapi/controllers/upkeep"
	"karpenter.sh/providers/clusterapi/nodeclass"
)

// closingPatience is how long launches under way are waited for when the leader's work
// ends: less than the manager waits (OPS-060).
const closingPatience = 20 * time.Second

// Controllers are those of the provider but for the metrics of NodeClasses; the core runs
// them on the leader.
func (p *Parts) Controllers() []operator.Controller {
	return []operator.Controller{
		p.Takeover, p.resolution(), p.finalization(),
		garbagecollection.New(garbagecollection.Options{Client: p.Client, Live: p.Live, Machines: p.Provider, Clock: p.Clock}),
		upkeep.New(upkeep.Options{Inventory: p.Inventory, Scaler: p.Scaler, Clock: p.Clock}),
		closing{p},
	}
}

func kind() kit.Kind { return kit.Kind{Group: v1alpha1.Group, Kind: v1alpha1.Kind} }

func fresh() *v1alpha1.ClusterAPINodeClass { return &v1alpha1.ClusterAPINodeClass{} }

// resolution says which NodeClasses are ready (CAPI-060).
func (p *Parts) resolution() operator.Controller {
	resolver := nodeclass.New(nodeclass.Options{
		Stock: p.Stock, Inventory: p.Inventory, LastWrite: p.Scaler.LastWrite, Reachable: p.Management.Reachable, Health: p.Health, Events: p.Events, Clock: p.Clock,
	})
	return resolution.New(resolution.Options[*v1alpha1.ClusterAPINodeClass]{
		Client: p.Client, Kind: kind(), Fresh: fresh, Clock: p.Clock,
		Resolvers: []resolution.Resolver[*v1alpha1.ClusterAPINodeClass]{resolver},
		Sources:   []source.Source{nodeclass.Source(p.Client, p.Management.DeploymentChanges)},
	})
}

// finalization ends NodeClasses. Nothing is owned for one (CAPI-062).
func (p *Parts) finalization() operator.Controller {
	return finalization.New(finalization.Options[*v1alpha1.ClusterAPINodeClass]{
		Client: p.Client, Live: p.Live, Kind: kind(), Fresh: fresh, Events: p.Events,
		CleanUp: finalization.Nothing[*v1alpha1.ClusterAPINodeClass],
	})
}

// closing serves at the end of the leader's work those whose launches were collected, and
// ends what works in the background.
type closing struct{ *Parts }

// Register implements operator.Controller.
func (c closing) Register(_ context.Context, m manager.Manager) error { return m.Add(c) }

// NeedLeaderElection implements manager.LeaderElectionRunnable.
func (closing) NeedLeaderElection() bool { return true }

// Start implements manager.Runnable.
func (c closing) Start(ctx context.Context) error {
	<-ctx.Done()
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), closingPatience)
	defer cancel()
	defer c.Templates.Close()
	return c.Scaler.Close(closing)
}
