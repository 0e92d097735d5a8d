// SPDX-License-Identifier: Apache-2.0

package wiring

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/collect"
	"karpenter.sh/core/cloudprovider/kit/nodeclass/finalization"
	"karpenter.sh/core/cloudprovider/kit/nodeclass/resolution"
	"karpenter.sh/core/cloudprovider/kit/nodeclass/statichash"
	"karpenter.sh/core/cloudprovider/kit/observed"
	"karpenter.sh/core/cloudprovider/kit/refresh"
	"karpenter.sh/core/cloudprovider/kit/tag"
	"karpenter.sh/core/operator"
	"karpenter.sh/core/reconcile/concurrency"
	"karpenter.sh/providers/proxmox/apis/v1alpha1"
	"karpenter.sh/providers/proxmox/controllers/bootdatacleanup"
	"karpenter.sh/providers/proxmox/controllers/expiredtokens"
	"karpenter.sh/providers/proxmox/controllers/managedtemplate"
	"karpenter.sh/providers/proxmox/controllers/nodeaddress"
	"karpenter.sh/providers/proxmox/controllers/templateimage"
	"karpenter.sh/providers/proxmox/controllers/unmanagedtemplate"
	"karpenter.sh/providers/proxmox/inventory"
	"karpenter.sh/providers/proxmox/nodeclass"
	"karpenter.sh/providers/proxmox/provider"
	"karpenter.sh/providers/proxmox/pve"
)

// filesEvery is how often files are looked at.
const filesEvery = time.Minute

// Controllers are those of PVE-114 but for the metrics of NodeClasses; the core runs them
// on the leader.
func (p *Parts) Controllers() []operator.Controller {
	tokens := &expiredtokens.Collector{Live: p.Direct, Client: p.Direct, Clock: p.Clock}
	return []operator.Controller{
		p.resolution(), p.hash(), p.finalization(), p.inPlace(), p.collection(),
		managedtemplate.New(managedtemplate.Options{Client: p.Client, Live: p.Direct, Maker: p.Maker, Events: p.Events, Clock: p.Clock}),
		templateimage.New(templateimage.Options{Client: p.Client, Live: p.Direct, Maker: p.Maker}),
		unmanagedtemplate.New(unmanagedtemplate.Options{Client: p.Client, Clients: p.Clients, Clock: p.Clock}),
		bootdatacleanup.New(bootdatacleanup.Options{Client: p.Client, Media: p.Updater, Tokens: p.Boot}),
		nodeaddress.New(nodeaddress.Options{Client: p.Client, Book: p.Book}),
		refresh.New(refresh.Options{Name: "providers.inventory", Every: inventory.RefreshEvery, Clock: p.Clock, Do: p.Inventory.Refresh}),
		refresh.New(refresh.Options{Name: "providers.hosts", Every: inventory.HostsEvery, Clock: p.Clock, Do: p.Inventory.WatchHosts}),
		refresh.New(refresh.Options{Name: "providers.files", Every: filesEvery, Done: p.Clock.Now(), Clock: p.Clock, Do: p.RefreshFiles}),
		refresh.New(refresh.Options{Name: expiredtokens.Name, Every: expiredtokens.Every, Clock: p.Clock, Do: tokens.Collect}),
		p.observation(),
		closing{p},
	}
}

func fresh() *v1alpha1.ProxmoxNodeClass { return &v1alpha1.ProxmoxNodeClass{} }

func (p *Parts) resolution() operator.Controller {
	return resolution.New(resolution.Options[*v1alpha1.ProxmoxNodeClass]{
		Client: p.Client, Kind: v1alpha1.Kind(), Fresh: fresh, Clock: p.Clock,
		Resolvers: []resolution.Resolver[*v1alpha1.ProxmoxNodeClass]{
			nodeclass.Template(p.Client, p.storages), nodeclass.Metadata(p.Direct),
		},
		Sources: nodeclass.Watch{Reader: p.Client, Objects: p.Objects, Secrets: p.Secrets}.Sources(),
	})
}

// storages are those of a region as they were read last.
func (p *Parts) storages(region string) ([]pve.Storage, bool) {
	reading, known := p.Inventory.Reading(region)
	return reading.Storages, known
}

func (p *Parts) hash() operator.Controller {
	return statichash.New(statichash.Options[*v1alpha1.ProxmoxNodeClass]{Client: p.Client, Scheme: v1alpha1.HashScheme(), Fresh: fresh})
}

// finalization lets NodeClasses go once nothing uses them: nothing was made for them alone.
func (p *Parts) finalization() operator.Controller {
	return finalization.New(finalization.Options[*v1alpha1.ProxmoxNodeClass]{
		Client: p.Client, Live: p.Direct, Kind: v1alpha1.Kind(), Fresh: fresh,
		CleanUp: finalization.Nothing[*v1alpha1.ProxmoxNodeClass], Events: p.Events,
	})
}

// inPlace applies to machines what their NodeClass says (PVE-088).
func (p *Parts) inPlace() operator.Controller {
	return tag.NewInPlace(tag.InPlaceOptions{
		Client: p.Client, Kind: v1alpha1.Kind(), NodeClass: fresh(), Updater: p.Updater, Annotation: v1alpha1.AnnotationNodeInPlaceHash,
		Backoff: concurrency.Backoff{Base: 10 * time.Second, Longest: 10 * time.Minute, Rate: 10, Burst: 100},
	})
}

// collection ends machines that no NodeClaim has (PVE-104). A machine tells the UID of the
// NodeClaim that it was launched for.
func (p *Parts) collection() operator.Controller {
	uid := func(c *v1.NodeClaim) string { return string(c.UID) }
	return collect.New(collect.Options{
		Client: p.Client, Live: p.Direct, Machines: p.Provider, Clock: p.Clock,
		Rule: collect.Rule{
			Grace: 5 * time.Minute, Tie: collect.Tie{Machine: uid, NodeClaim: uid}, Spares: provider.Spared,
		},
		Schedule: collect.Schedule{First: 2 * time.Minute, Then: 2 * time.Minute},
	})
}

// observation learns from nodes how much memory types have (PVE-043).
func (p *Parts) observation() operator.Controller {
	return observed.New(observed.Options{
		Client: p.Client, Kinds: cloudprovider.NodeClassKinds{schema.GroupKind(v1alpha1.Kind())}, Observe: p.Provider.Observe,
	})
}

// closing closes the parts when the leader's work ends.
type closing struct{ parts *Parts }

// Register adds the end of the parts to a manager.
func (c closing) Register(_ context.Context, m manager.Manager) error { return m.Add(c) }

// Start waits for the end of the leader's work.
func (c closing) Start(ctx context.Context) error {
	<-ctx.Done()
	c.parts.Close(ctx)
	return nil
}

// NeedLeaderElection implements manager.LeaderElectionRunnable.
func (closing) NeedLeaderElection() bool { return true }
