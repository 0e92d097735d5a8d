// SPDX-License-Identifier: Apache-2.0

package wiring

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"karpenter.sh/core/cloudprovider/kit/catalogue"
	"karpenter.sh/core/cloudprovider/kit/health"
	"karpenter.sh/core/events"
	"karpenter.sh/providers/proxmox/bootdata"
	"karpenter.sh/providers/proxmox/capacity"
	"karpenter.sh/providers/proxmox/instancetype"
	"karpenter.sh/providers/proxmox/inventory"
	"karpenter.sh/providers/proxmox/launch"
	"karpenter.sh/providers/proxmox/making"
	"karpenter.sh/providers/proxmox/network"
	"karpenter.sh/providers/proxmox/options"
	"karpenter.sh/providers/proxmox/provider"
	"karpenter.sh/providers/proxmox/pve"
	"karpenter.sh/providers/proxmox/topology"
	"karpenter.sh/providers/proxmox/upkeep"
)

// Options is what the provider is built of.
type Options struct {
	Settings options.Options
	// Cluster is the identity of the Kubernetes cluster.
	Cluster string
	// Namespace is the controller's own.
	Namespace string
	// Version is that of Kubernetes.
	Version func(context.Context) (string, error)

	// Client reads from the cache and writes, Direct reads past the cache.
	Client, Direct client.Client
	// Objects is the cache of Client, Secrets that of Secrets; nil: none are watched.
	Objects, Secrets cache.Cache

	Events events.Recorder
	Clock  clock.WithTicker
	Log    logr.Logger
}

// Parts are those of a provider.
type Parts struct {
	Options
	Provider *provider.Provider

	// Clients call the regions, by name.
	Clients   map[string]*pve.Client
	Shapes    *catalogue.Store[instancetype.Shape]
	Hosts     *HostSettings
	Book      *network.Book
	Inventory *inventory.Inventory
	Boot      *bootdata.Writer
	Maker     *making.Maker
	Updater   *upkeep.Updater

	// reached is whether any region has answered since the start.
	reached atomic.Bool
}

// New reads the files, and puts the parts together. Nothing is asked of any cluster.
func New(ctx context.Context, o Options) (*Parts, error) {
	p := &Parts{Options: o, Book: network.NewBook(), Hosts: &HostSettings{file: o.Settings.NodeSettingFile}}
	var err error
	if p.Clients, err = clients(o.Settings.CloudConfig, o.Clock); err != nil {
		return nil, err
	}
	if err := p.Hosts.Refresh(); err != nil {
		return nil, err
	}
	p.Shapes = shapes(o.Settings.InstanceTypesFile, o.Clock)
	if err := p.Shapes.Refresh(ctx); err != nil {
		return nil, err
	}
	ledger := capacity.NewLedger(o.Settings.NodePolicy.Pins())
	p.Inventory = inventory.New(inventory.Options{
		Clients: p.Clients, Nodes: o.Client, Ledger: ledger, Book: p.Book, Settings: func() topology.Settings { return p.Hosts.Current() }, Clock: o.Clock,
	})
	p.Boot = bootdata.New(bootdata.Options{Client: o.Direct, Namespace: o.Namespace, Version: o.Version, Clock: o.Clock})
	p.Maker = making.New(making.Options{Clients: p.Clients, IDs: launch.NewIDs(making.LowestID, o.Clock), Cluster: o.Cluster})
	p.Updater = upkeep.NewUpdater(upkeep.Options{Client: o.Client, Clients: p.Clients, Cluster: o.Cluster, Changed: p.Inventory.Changed})
	p.Provider, err = provider.New(provider.Options{
		Client: o.Client, Events: o.Events, Cluster: o.Cluster, Inventory: p.Inventory,
		Launcher: launch.New(launch.Options{
			Clients: p.Clients, Ledger: ledger, Book: p.Book, IDs: launch.NewIDs(o.Settings.LowestID, o.Clock), Clock: o.Clock,
		}),
		Boot: p.Boot, Shapes: p.Shapes, Health: health.New(health.Options{Clock: o.Clock}),
		MemoryOverhead: o.Settings.VMMemoryOverheadPercent, Clock: o.Clock,
	})
	return p, err
}

// errUnreached says why the process is not ready.
var errUnreached = errors.New("no region of Proxmox VE has answered yet")

// Reached is an error until some region has answered (PVE-013). A replica that waits for
// the lease asks as well.
func (p *Parts) Reached() error {
	if !p.reached.Load() {
		return errUnreached
	}
	return nil
}

// probeEvery is how often regions are asked until one answers.
const probeEvery = 10 * time.Second

// Prober asks the regions, in every replica, until one of them answers.
func (p *Parts) Prober() manager.Runnable {
	return everywhere{manager.RunnableFunc(func(ctx context.Context) error {
		for !p.probe(ctx) {
			select {
			case <-ctx.Done():
				return nil
			case <-p.Clock.After(probeEvery):
			}
		}
		return nil
	})}
}

// probe asks all regions at the same time, and reports whether any has answered as soon
// as one has.
func (p *Parts) probe(ctx context.Context) bool {
	answers := make(chan error, len(p.Clients))
	for region, c := range p.Clients {
		go func() {
			_, err := c.Hosts(ctx)
			if err != nil && ctx.Err() == nil {
				p.Log.Error(err, "a region does not answer", "region", region)
			}
			answers <- err
		}()
	}
	for range p.Clients {
		if <-answers == nil { // one that hangs must not hold this up
			p.reached.Store(true)
			return true
		}
	}
	return false
}

// everywhere is work of all replicas.
type everywhere struct{ manager.Runnable }

// NeedLeaderElection implements manager.LeaderElectionRunnable.
func (everywhere) NeedLeaderElection() bool { return false }

// closingPatience is how long launches under way are waited for at the end: less than the
// manager waits (OPS-060).
const closingPatience = 20 * time.Second

// Close ends what works in the background: first launches, which read the inventory.
func (p *Parts) Close(ctx context.Context) {
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), closingPatience)
	defer cancel()
	p.Provider.Close(closing)
	p.Inventory.Close()
}
