// SPDX-License-Identifier: Apache-2.0

package wiring

import (
	"context"
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
	"karpenter.sh/core/events"
	"karpenter.sh/core/metrics"
	coreoptions "karpenter.sh/core/operator/options"
	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/clients"
	"karpenter.sh/providers/aws/cluster"
	"karpenter.sh/providers/aws/controllers/networkplugin"
	"karpenter.sh/providers/aws/failure"
	"karpenter.sh/providers/aws/fleet"
	"karpenter.sh/providers/aws/image"
	"karpenter.sh/providers/aws/instance"
	"karpenter.sh/providers/aws/instancetype"
	"karpenter.sh/providers/aws/interruption"
	"karpenter.sh/providers/aws/launchtemplate"
	"karpenter.sh/providers/aws/network"
	"karpenter.sh/providers/aws/nodeclass"
	"karpenter.sh/providers/aws/options"
	"karpenter.sh/providers/aws/partition"
	"karpenter.sh/providers/aws/placement"
	"karpenter.sh/providers/aws/pricing"
	"karpenter.sh/providers/aws/profile"
	"karpenter.sh/providers/aws/provider"
	"karpenter.sh/providers/aws/quota"
	"karpenter.sh/providers/aws/reservation"
	"karpenter.sh/providers/aws/zonalshift"
)

// Options is what the provider is built of.
type Options struct {
	Settings options.Options
	Core     coreoptions.Options
	Region   string
	Services *clients.Clients
	Cluster  *cluster.Cluster

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
	Plugin    *network.Plugin
	Subnets   *network.Subnets
	Groups    *network.SecurityGroups
	// Counts and Reservations are nil with the gate ReservedCapacity off (AWS-433).
	Counts       *reservation.Counts
	Reservations *reservation.Reservations
	Placement    *placement.Groups
	// Quotas are nil in isolated VPCs, which cannot ask for them.
	Quotas    *quota.Account
	Profiles  *profile.Profiles
	Templates *launchtemplate.Templates
	Launcher  *fleet.Launcher
	Instances *instance.Instances
	Validator *nodeclass.Validator
	Dropped   *nodeclass.Dropped
	Table     *failure.Table
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
	if p.Quotas != nil {
		o.Limits = p.Quotas.Limits
	}
	var err error
	p.Provider, err = provider.New(o)
	return err
}

// Load asks for what launches cannot do without (AWS-002 (9)); an error must end the
// process. Prices may come later.
func (p *Parts) Load(ctx context.Context) error {
	if err := networkplugin.Look(ctx, p.Live, p.Plugin); err != nil {
		return err
	}
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
