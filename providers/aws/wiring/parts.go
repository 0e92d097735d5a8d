// SPDX-License-Identifier: Apache-2.0

package wiring

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/batch"
	"karpenter.sh/core/cloudprovider/kit/cache"
	"karpenter.sh/core/cloudprovider/kit/health"
	"karpenter.sh/core/cloudprovider/kit/nodeclass/statichash"
	"karpenter.sh/core/cloudprovider/kit/price"
	"karpenter.sh/core/cloudprovider/kit/retry"
	"karpenter.sh/core/events"
	"karpenter.sh/core/metrics"
	coreoptions "karpenter.sh/core/operator/options"
	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/clients"
	"karpenter.sh/providers/aws/cluster"
	"karpenter.sh/providers/aws/failure"
	"karpenter.sh/providers/aws/fleet"
	"karpenter.sh/providers/aws/image"
	"karpenter.sh/providers/aws/instance"
	"karpenter.sh/providers/aws/instancetype"
	"karpenter.sh/providers/aws/interruption"
	"karpenter.sh/providers/aws/kubeletconfig"
	"karpenter.sh/providers/aws/launchtemplate"
	"karpenter.sh/providers/aws/network"
	"karpenter.sh/providers/aws/nodeclass"
	"karpenter.sh/providers/aws/options"
	"karpenter.sh/providers/aws/partition"
	"karpenter.sh/providers/aws/placement"
	"karpenter.sh/providers/aws/pricing"
	"karpenter.sh/providers/aws/profile"
	"karpenter.sh/providers/aws/provider"
	"karpenter.sh/providers/aws/reservation"
	"karpenter.sh/providers/aws/userdata"
	"karpenter.sh/providers/aws/zonalshift"
)

// Options is what the provider is built of.
type Options struct {
	Settings options.Options
	Core     coreoptions.Options
	Region   string
	Services *clients.Clients
	Cluster  *cluster.Cluster
	// PodAddresses says that pods take addresses of their node's subnet (AWS-432).
	PodAddresses bool

	// Client reads from the cache and writes, Live reads past the cache.
	Client client.Client
	Live   client.Reader
	Scheme *runtime.Scheme

	Events     events.Recorder
	Registerer prometheus.Registerer
	NodeClaims *metrics.NodeClaims
	Clock      clock.WithTicker
	Log        logr.Logger
}

// Parts are those of a provider. They hold each other.
type Parts struct {
	Options
	Provider *provider.Provider

	// Kinds of NodeClasses that are ours.
	Kinds     cloudprovider.NodeClassKinds
	Health    *health.Record
	Hash      statichash.Scheme[*v1.EC2NodeClass]
	Prices    *pricing.Prices
	Types     *instancetype.Provider
	Images    *image.Images
	Addresses *network.Addresses
	Subnets   *network.Subnets
	Groups    *network.SecurityGroups
	// Counts and Reservations are nil with the gate ReservedCapacity off (AWS-433).
	Counts       *reservation.Counts
	Reservations *reservation.Reservations
	Placement    *placement.Groups
	Profiles     *profile.Profiles
	Templates    *launchtemplate.Templates
	Launcher     *fleet.Launcher
	Instances    *instance.Instances
	Validator    *nodeclass.Validator
	Dropped      *nodeclass.Dropped
	Table        *failure.Table
	// Shifts are nil unless zonal shift is switched on.
	Shifts        *zonalshift.Shifts
	Shift         zonalshift.Source
	Interruptions *interruption.Metrics
	UserData      *prometheus.GaugeVec

	// loaded is when the catalogue was read at the start.
	loaded time.Time
}

// New puts the parts together. Nothing is asked of the cloud yet: call Load.
func New(o Options) (*Parts, error) {
	p := &Parts{Options: o, Hash: v1.HashScheme(o.Cluster.CABundle()), Health: health.New(health.Options{Clock: o.Clock})}
	steps := []func(*shared) error{p.discovery, p.catalogue, p.launching, p.classes, p.front}
	s, err := newShared(o.Registerer)
	if err != nil {
		return nil, err
	}
	for _, step := range steps {
		if err := step(s); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// shared are collectors that several parts feed.
type shared struct {
	caches  *cache.Metrics
	batches *batch.Metrics
}

func newShared(registerer prometheus.Registerer) (*shared, error) {
	caches, err := cache.NewMetrics(registerer)
	if err != nil {
		return nil, err
	}
	batches, err := batch.NewMetrics(registerer)
	return &shared{caches: caches, batches: batches}, err
}

// reserved reports whether capacity reservations are used.
func (p *Parts) reserved() bool { return p.Core.FeatureGates.ReservedCapacity }

// discovery is what NodeClasses are resolved with.
func (p *Parts) discovery(s *shared) error {
	ec2, random := p.Services.EC2, rand.Float64
	p.Images = image.New(image.Options{
		EC2: ec2, SSM: p.Services.SSM, Kubernetes: p.Cluster, Clock: p.Clock,
		Interval: p.Settings.AMIRefreshInterval, Random: random, Metrics: s.caches,
		Skipped: func(parameter, reason string) {
			p.Log.V(1).Info("leaving out an SSM parameter that gives no image", "parameter", parameter, "because", reason)
		},
	})
	p.Addresses = network.NewAddresses(network.AddressOptions{Clock: p.Clock, Interval: p.Settings.SubnetRefreshInterval})
	p.Subnets = network.NewSubnets(network.SubnetOptions{
		API: ec2, Addresses: p.Addresses, Interval: p.Settings.SubnetRefreshInterval, Clock: p.Clock, Random: random, Metrics: s.caches,
	})
	p.Groups = network.NewSecurityGroups(network.SecurityGroupOptions{API: ec2, Clock: p.Clock, Random: random, Metrics: s.caches})
	p.Placement = placement.New(placement.Options{
		API: ec2, Clock: p.Clock, Random: random, Metrics: s.caches,
		Stale: func(selector string, age time.Duration, err error) {
			p.Log.Error(err, "using the placement group known last", "placement group", selector, "age", age)
		},
	})
	if p.reserved() {
		p.Counts = reservation.NewCounts(p.Clock)
		p.Reservations = reservation.New(reservation.Options{
			API: ec2, Clock: p.Clock, Enabled: true, Counts: p.Counts, Random: random, Metrics: s.caches,
			Unknown: func(u reservation.Unknown) {
				p.Log.Error(nil, "leaving out a capacity reservation", "because", u.String())
			},
		})
	}
	p.Profiles = profile.New(profile.Options{
		API: p.Services.IAM, Scope: profile.Scope{Cluster: p.Cluster.Name(), Region: p.Region},
		Isolated: p.Settings.IsolatedVPC, Clock: p.Clock, Random: random, Metrics: s.caches,
	})
	if p.Settings.EnableZonalShift {
		p.Shifts = zonalshift.NewShifts(p.Clock)
	}
	var err error
	p.Kinds, err = cloudprovider.NodeClassKindsOf((&provider.Provider{}).SupportedNodeClasses(), p.Scheme)
	return err
}

// catalogue is what is sold, and at what price.
func (p *Parts) catalogue(*shared) error {
	var overlays client.Reader
	if p.Core.FeatureGates.NodeOverlay {
		overlays = p.Client
	}
	var err error
	p.Prices, err = pricing.New(pricing.Options{
		List: p.Services.Pricing, Spot: p.Services.EC2, Region: p.Region, Isolated: p.Settings.IsolatedVPC,
		File: p.Settings.PriceFile, Overlays: overlays, Registerer: p.Registerer, Clock: p.Clock,
		Rates: price.Rates{VCPU: p.Settings.PricePerVCPU, GiB: p.Settings.PricePerGiB, OtherAccelerator: p.Settings.PricePerAccelerator},
	})
	if err != nil {
		return err
	}
	kubelet, err := kubeletconfig.New(kubeletconfig.Options{Expressions: p.Settings.FeatureGates.NodeClassCEL})
	if err != nil {
		return err
	}
	types := instancetype.Options{
		API: p.Services.EC2, Clock: p.Clock, Region: p.Region, Kubelet: kubelet,
		Prices: func() instancetype.Prices { return p.Prices.Book().Snapshot() },
		Health: p.Health, Addresses: p.Addresses, PodAddresses: p.PodAddresses, ImageFor: image.For,
		MemoryOverhead: p.Settings.VMMemoryOverheadPercent, ReservedENIs: int64(p.Settings.ReservedENIs),
	}
	if p.reserved() {
		types.Reservations = p.Counts
	}
	if p.Shifts != nil {
		types.Shifted = p.Shifts.Shifted
	}
	if p.Types, err = instancetype.New(types); err != nil {
		return err
	}
	p.Dropped = nodeclass.NewDropped(func(nodeClass string, keys []string) {
		p.Log.Error(nil, "leaving out user data: Bottlerocket does not know these keys of settings.kubernetes", "EC2NodeClass", nodeClass, "keys", keys)
	})
	p.Validator = nodeclass.NewValidator(nodeclass.ValidationOptions{
		Cluster: p.Cluster, Kubelet: kubelet, Types: p.Types, DryRun: p.dryRun(), Dropped: p.Dropped, Clock: p.Clock,
	})
	return nil
}

// launching is what machines are launched and found with.
func (p *Parts) launching(s *shared) error {
	var err error
	if p.Table, err = failure.New(); err != nil {
		return err
	}
	p.UserData = prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "karpenter_ec2nodeclasses_userdata_bytes", Help: "Size of the user data that machines of an EC2NodeClass were last given, in bytes.",
	}, []string{"nodeclass"})
	if err := p.Registerer.Register(p.UserData); err != nil {
		return fmt.Errorf("registering the size of user data: %w", err)
	}
	p.Templates = launchtemplate.New(launchtemplate.Options{
		API: p.Services.EC2, Cluster: p.Cluster.Name(), Retry: retry.Policy{Random: rand.Float64}, Clock: p.Clock, Failed: p.failed, Created: p.measured,
	})
	terminations, err := instance.NewMetrics(p.Registerer)
	if err != nil {
		return err
	}
	instances := instance.Options{
		API: p.Services.EC2, Cluster: p.Cluster.Name(), Reservations: p.reserved(), Clock: p.Clock, Batches: s.batches, Metrics: terminations,
	}
	if p.Shifts != nil {
		instances.Shifted = p.Shifts.Shifted
	}
	p.Instances = instance.New(instances)
	launches, err := fleet.NewMetrics(p.Registerer)
	if err != nil {
		return err
	}
	launcher := fleet.Options{
		API: p.Services.EC2, Templates: p.Templates, Subnets: p.Addresses, Health: p.Health, Table: p.Table, Failed: p.failed,
		Surplus: p.surplus, Ended: p.ended, Retry: retry.Policy{Random: rand.Float64}, Clock: p.Clock, Batches: s.batches, Metrics: launches,
	}
	if p.reserved() {
		launcher.Reservations = p.Counts
	}
	p.Launcher = fleet.New(launcher)
	return nil
}

// surplus ends machines that nobody waits for any more.
func (p *Parts) surplus(ctx context.Context, machines []instance.Instance) {
	if err := p.Instances.TerminateKnown(ctx, machines); err != nil {
		p.failed(fmt.Errorf("ending surplus instances, which are left to garbage collection: %w", err))
	}
}

// ended reports whether a machine that a late answer brought is ending. One that EC2 does
// not show, because it is new, is not.
func (p *Parts) ended(ctx context.Context, machine instance.Instance) bool {
	p.Instances.Launched(machine)
	now, err := p.Instances.Fresh(ctx, machine.ID)
	return cloudprovider.IsNodeClaimNotFoundError(err) || err == nil && now.State.Ending()
}

// failed logs what goes wrong in the background.
func (p *Parts) failed(err error) { p.Log.Error(err, "background work failed") }

// measured notes the size of user data (AWS-169).
func (p *Parts) measured(c launchtemplate.Content) {
	name := c.Tags[v1.TagNodeClass]
	bytes, warn := userdata.Size(c.UserData)
	p.UserData.WithLabelValues(name).Set(float64(bytes))
	if warn {
		p.Log.Info("user data are near the limit of EC2", "EC2NodeClass", name, "bytes", bytes)
	}
}

// classes is what the controllers of NodeClasses are given.
func (p *Parts) classes(*shared) error {
	var err error
	p.Interruptions, err = interruption.NewMetrics(p.Registerer)
	return err
}

// front is the CloudProvider.
func (p *Parts) front(*shared) error {
	o := provider.Options{
		Client: p.Client, Events: p.Events, Facts: p.facts, Hash: &p.Hash, Region: p.Region, Types: p.Types, Groups: p.Placement,
		Launcher: p.Launcher, Instances: p.Instances, Profiles: p.Profiles, MinValues: p.Core.MinValuesPolicy, Clock: p.Clock,
		Hooks: []cloudprovider.RegistrationHook{partition.New(p)},
		Log: func(ctx context.Context, message string, keysAndValues ...any) {
			log.FromContext(ctx).Info(message, keysAndValues...)
		},
	}
	if p.reserved() {
		o.Reservations = p.Counts
	}
	var err error
	p.Provider, err = provider.New(o)
	return err
}

// Load asks the cloud for what launches cannot do without (AWS-002 (9)); an error must
// end the process. Prices may come later.
func (p *Parts) Load(ctx context.Context) error {
	if p.Shifts != nil {
		arn, err := p.Cluster.ARN(ctx)
		if err != nil {
			return err
		}
		p.Shift = zonalshift.Source{API: p.Services.ZonalShift, ClusterARN: arn}
		if err := p.Shift.Start(ctx, p.Shifts); err != nil {
			return err
		}
	}
	if err := p.refreshTypes(ctx); err != nil {
		return err
	}
	p.loaded = p.Clock.Now()
	return p.Prices.Load(ctx)
}

// refreshTypes reads what is sold, and lets prices be estimated for it.
func (p *Parts) refreshTypes(ctx context.Context) error {
	if err := p.Types.Refresh(ctx); err != nil {
		return err
	}
	shapes, err := p.Types.Shapes()
	if err != nil {
		return err
	}
	p.Prices.Book().SetShapes(shapes)
	return nil
}
