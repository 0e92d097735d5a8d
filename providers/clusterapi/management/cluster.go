// SPDX-License-Identifier: Apache-2.0

package management

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/go-logr/logr"
	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/cluster"

	"karpenter.sh/providers/clusterapi/capi"
)

// answerIn is how long an answer of the client of others' objects may take: it finds out
// kinds without a context.
const answerIn = 10 * time.Second

// Options are what a Cluster is made of. All but Namespace and Outdated is required.
type Options struct {
	// Config of the API server, ready to be used: with a rate limit and the fence of
	// leader election.
	Config *rest.Config
	// Outdated reports whether Config is not to be used any more; nil: it never is. It is
	// asked every few seconds.
	Outdated func() bool
	// Namespace is the only one that is read; empty: all.
	Namespace string
	// Clock times how long the cluster has not answered.
	Clock clock.WithTicker
	// Log takes when it stops answering, and when it answers again.
	Log logr.Logger
}

// Cluster is the management cluster. Give it to a manager: its cache is filled on every
// replica, whoever leads. It is safe for concurrent use.
type Cluster struct {
	opts    Options
	inner   cluster.Cluster
	version string
	watch   *watch
	// machines and deployments ring when one of them has changed.
	machines, deployments *bell
}

// Open prepares a cluster. One that does not answer is no error: it is spoken to in the
// newest version until it says which it serves, and not [Cluster.Ready].
func Open(ctx context.Context, o Options) (*Cluster, error) {
	watch, err := newWatch(o)
	if err != nil {
		return nil, err
	}
	c := &Cluster{opts: o, machines: newBell(), deployments: newBell(), watch: watch, version: watch.first(ctx)}
	scheme := runtime.NewScheme()
	if err := capi.AddToScheme(c.version)(scheme); err != nil {
		return nil, fmt.Errorf("registering the types of Cluster API: %w", err)
	}
	c.inner, err = cluster.New(o.Config, func(options *cluster.Options) {
		options.Scheme, options.Logger, options.Cache = scheme, o.Log, o.cache()
		// What there is to be read is known, and need not be asked for.
		options.MapperProvider = func(*rest.Config, *http.Client) (meta.RESTMapper, error) { return kinds(c.version), nil }
	})
	if err != nil {
		return nil, fmt.Errorf("making the client of the management cluster: %w", err)
	}
	return c, c.prepare(ctx)
}

// cache leaves out what nobody reads.
func (o Options) cache() cache.Options {
	options := cache.Options{DefaultTransform: cache.TransformStripManagedFields()}
	if o.Namespace != "" {
		options.DefaultNamespaces = map[string]cache.Config{o.Namespace: {}}
	}
	return options
}

// kinds are what is read of Cluster API, in one version.
func kinds(version string) meta.RESTMapper {
	groupVersion := schema.GroupVersion{Group: capi.Group, Version: version}
	mapper := meta.NewDefaultRESTMapper([]schema.GroupVersion{groupVersion})
	for _, kind := range []string{"Cluster", "MachineDeployment", "MachineSet", "Machine"} {
		mapper.Add(groupVersion.WithKind(kind), meta.RESTScopeNamespace)
		mapper.Add(groupVersion.WithKind(kind+"List"), meta.RESTScopeNamespace) // which caches of namespaces ask for
	}
	return mapper
}

// prepare says what the cache is to hold, before it is filled.
func (c *Cluster) prepare(ctx context.Context) error {
	extract := func(o client.Object) []string {
		if m, ok := o.(*capi.Machine); ok {
			return capi.ProviderIDs(m)
		}
		return nil
	}
	if err := c.inner.GetFieldIndexer().IndexField(ctx, &capi.Machine{}, capi.IndexProviderID, extract); err != nil {
		return fmt.Errorf("indexing Machines by provider ID: %w", err)
	}
	for _, of := range []struct {
		object client.Object
		tell   toolscache.ResourceEventHandler
	}{
		{&capi.Machine{}, always(c.machines)},
		{&capi.MachineDeployment{}, edits(c.deployments)},
		{&capi.MachineSet{}, nil},
		{&capi.Cluster{}, nil},
	} {
		informer, err := c.inner.GetCache().GetInformer(ctx, of.object, cache.BlockUntilSynced(false))
		if err != nil {
			return fmt.Errorf("watching %T: %w", of.object, err)
		}
		if of.tell == nil {
			continue
		}
		if _, err := informer.AddEventHandler(of.tell); err != nil {
			return fmt.Errorf("following the changes of %T: %w", of.object, err)
		}
	}
	return nil
}

// Version of Cluster API that is spoken.
func (c *Cluster) Version() string { return c.version }

// NeedLeaderElection implements manager.LeaderElectionRunnable.
func (c *Cluster) NeedLeaderElection() bool { return false }

// Start fills the cache and looks whether the cluster answers, until the context ends. The
// error, which is to end the process, is [ErrVersion] or [ErrOutdated]: the next start
// speaks another version, or reads the kubeconfig anew. No other runnable waits for the
// cache.
func (c *Cluster) Start(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return c.inner.Start(ctx) })
	group.Go(func() error {
		if c.inner.GetCache().WaitForCacheSync(ctx) {
			c.watch.synced.Store(true)
			c.ring()
		}
		return nil
	})
	group.Go(func() error { return c.watch.run(ctx, c.version, c.ring) })
	return group.Wait()
}

// ring tells everybody who waits that things may be different now.
func (c *Cluster) ring() {
	c.machines.ring()
	c.deployments.ring()
}

// Cache reads without a call. Until it was filled once, all it returns is
// ErrFilling or ErrUnavailable.
func (c *Cluster) Cache() client.Reader {
	return &reader{Reader: c.inner.GetCache(), namespace: c.opts.Namespace, ready: c.watch.filled}
}

// Live reads past the cache.
func (c *Cluster) Live() client.Reader {
	return &reader{Reader: c.inner.GetAPIReader(), namespace: c.opts.Namespace, ready: func() error { return nil }}
}

// Client writes. Read with [Cluster.Cache] or [Cluster.Live].
func (c *Cluster) Client() client.Client { return c.inner.GetClient() }

// Others returns a client of objects of any kind, none of which is cached. It finds out
// which there are when it is first asked for one, and waits ten seconds for an answer.
func (c *Cluster) Others() (client.Client, error) {
	impatient := rest.CopyConfig(c.opts.Config)
	impatient.Timeout = answerIn
	others, err := client.New(impatient, client.Options{Scheme: runtime.NewScheme()})
	if err != nil {
		return nil, fmt.Errorf("making a client of the management cluster for objects of others: %w", err)
	}
	return others, nil
}

// MachineChanges returns a channel that is closed when a Machine has changed since the
// call.
func (c *Cluster) MachineChanges() <-chan struct{} { return c.machines.rung() }

// DeploymentChanges returns a channel that is closed when the metadata or the spec of a
// MachineDeployment have changed since the call, or the cluster answers again or no longer.
func (c *Cluster) DeploymentChanges() <-chan struct{} { return c.deployments.rung() }

// Ready is a check of readiness: it passes once the cache was filled, and from then on,
// for what the cache holds is served while the cluster does not answer (CAPI-009, CAPI-010).
func (c *Cluster) Ready(*http.Request) error { return c.watch.filled() }

// Reachable returns why the cluster cannot be asked: nil while it answers, ErrFilling for a
// moment after the start, and ErrUnavailable in an outage. It calls nobody.
func (c *Cluster) Reachable(context.Context) error { return c.watch.reachable() }
