// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/awslabs/operatorpkg/status"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/apis/vocabulary"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/events"
	"karpenter.sh/kwok/apis/v1alpha1"
	"karpenter.sh/kwok/catalogue"
)

// Name is the provider's name (KWOK-001).
const Name = "kwok"

// Options is what a Provider is made of. All but Random are required.
type Options struct {
	// Client reads from the cache and writes Nodes.
	Client client.Client
	// Live reads from the API server, so that a machine is never missing just
	// because the cache is behind.
	Live client.Reader
	// Catalogue is what is on sale.
	Catalogue *catalogue.Catalogue
	// Clock times registrations.
	Clock clock.Clock
	// Events takes what users should see.
	Events events.Recorder
	// InjectFailures makes annotations on the NodeClass provoke failures
	// (KWOK-039).
	InjectFailures bool
	// Random returns numbers in [0, 1), by which the share of injected failures is
	// drawn; rand.Float64 by default.
	Random func() float64
}

// Provider is the provider of fake nodes.
type Provider struct {
	opts          Options
	words         *vocabulary.Vocabulary
	views         *views
	registrations *registrations
	injector      *injector
}

// New returns a provider that registers no Node until it is started.
func New(opts Options) (*Provider, error) {
	if opts.Random == nil {
		opts.Random = rand.Float64
	}
	p := &Provider{
		opts:          opts,
		views:         newViews(opts.Catalogue),
		registrations: newRegistrations(opts.Client, opts.Live, opts.Clock),
		injector:      &injector{enabled: opts.InjectFailures, clock: opts.Clock, random: opts.Random},
	}
	words, err := cloudprovider.VocabularyOf(p)
	if err != nil {
		return nil, err
	}
	p.words = words
	return p, nil
}

// Name implements cloudprovider.CloudProvider.
func (p *Provider) Name() string { return Name }

// SupportedNodeClasses implements cloudprovider.CloudProvider.
func (p *Provider) SupportedNodeClasses() []status.Object {
	return []status.Object{&v1alpha1.KWOKNodeClass{}}
}

// RepairPolicies implements cloudprovider.CloudProvider (KWOK-029).
func (p *Provider) RepairPolicies() []cloudprovider.RepairPolicy {
	const toleration = 10 * time.Minute
	return []cloudprovider.RepairPolicy{
		{ConditionType: corev1.NodeReady, ConditionStatus: corev1.ConditionFalse, TolerationDuration: toleration},
		{ConditionType: corev1.NodeReady, ConditionStatus: corev1.ConditionUnknown, TolerationDuration: toleration},
	}
}

// Vocabulary implements cloudprovider.Vocabularian (KWOK-004).
func (p *Provider) Vocabulary() vocabulary.Additions {
	return vocabulary.Additions{
		WellKnownLabels: append(slices.Clone(p.opts.Catalogue.OfferingKeys),
			v1alpha1.LabelInstanceSize, v1alpha1.LabelInstanceFamily, v1alpha1.LabelInstanceCPU, v1alpha1.LabelInstanceMemory),
		WellKnownResources: p.opts.Catalogue.Resources,
		RestrictedDomains:  []string{v1alpha1.Group},
		OfferingLabels:     p.opts.Catalogue.OfferingKeys,
		ReservationIDLabel: v1alpha1.LabelReservationID,
	}
}

// Catalogue returns every type as the file has it, for the check at start-up.
func (p *Provider) Catalogue(context.Context) ([]*cloudprovider.InstanceType, error) {
	return slices.Clone(p.opts.Catalogue.Types), nil
}

// GetInstanceTypes implements cloudprovider.CloudProvider. The NodeClass is
// looked up for injected failures only (KWOK-016).
func (p *Provider) GetInstanceTypes(ctx context.Context, nodePool *v1.NodePool) ([]*cloudprovider.InstanceType, error) {
	injected, err := p.injectedBy(ctx, nodePool.Spec.Template.Spec.NodeClassRef.Name)
	if err != nil {
		return nil, err
	}
	if err := p.injector.delay(ctx, injected); err != nil {
		return nil, err
	}
	now, err := p.view(ctx, injected)
	if err != nil {
		return nil, err
	}
	return slices.Clone(now.types), nil
}

// IsDrifted implements cloudprovider.CloudProvider: fake nodes drift by
// injection only (KWOK-028).
func (p *Provider) IsDrifted(ctx context.Context, nodeClaim *v1.NodeClaim) (cloudprovider.DriftReason, error) {
	injected, err := p.injectedBy(ctx, nodeClaim.Spec.NodeClassRef.Name)
	if err != nil {
		return "", err
	}
	return injected.drift, p.injector.delay(ctx, injected)
}

// Start registers Nodes until the context ends.
func (p *Provider) Start(ctx context.Context) error { return p.registrations.run(ctx) }

// NeedLeaderElection keeps all but the leader from registering Nodes (CP-128).
func (p *Provider) NeedLeaderElection() bool { return true }

// Register adds the provider's own work to a manager.
func (p *Provider) Register(_ context.Context, m manager.Manager) error { return m.Add(p) }
