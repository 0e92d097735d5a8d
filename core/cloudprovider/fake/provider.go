// SPDX-License-Identifier: Apache-2.0

package fake

import (
	"context"
	"sync"
	"time"

	"github.com/awslabs/operatorpkg/status"
	"k8s.io/utils/clock"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/apis/vocabulary"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/fake/v1alpha1"
	"karpenter.sh/core/cloudprovider/kit/catalogue"
	"karpenter.sh/core/cloudprovider/kit/nodeclass/statichash"
)

// Name is the provider's name (CP-001).
const Name = "fake"

// Options is what a Provider is made of.
type Options struct {
	// Clock is required.
	Clock clock.Clock
	// InstanceTypes on sale for every pool; nil means DefaultInstanceTypes.
	InstanceTypes []*cloudprovider.InstanceType
	// NodeClass finds a NodeClass by name. A missing one is an error for which
	// apierrors.IsNotFound is true. Nil means that every name exists, ready and
	// with an empty spec.
	NodeClass func(ctx context.Context, name string) (*v1alpha1.TestNodeClass, error)
	// Latency is how long each operation takes; 0 by default.
	Latency map[Operation]time.Duration
	// VisibleAfter is how long a new machine is missing from Get and List; 0 by
	// default.
	VisibleAfter time.Duration
	// TerminationTime is how long a machine takes to go; 0 by default.
	TerminationTime time.Duration
	// Hash stamps machines with the static hash of their NodeClass, and tells static
	// drift by it; nil does neither.
	Hash *statichash.Scheme[*v1alpha1.TestNodeClass]
	// UnavailableFor is how long an offering stays unavailable after a launch
	// found it sold out; 3 minutes by default (CP-081).
	UnavailableFor time.Duration
}

// Provider is the cloud in memory.
type Provider struct {
	opts  Options
	words *vocabulary.Vocabulary

	mu        sync.Mutex
	machines  map[string]*machine // by provider ID
	types     *catalogue.Base
	poolTypes map[string]*catalogue.Base // by pool name
	stock     stock
	faults    faults
	journal   journal
	drift     cloudprovider.DriftReason
	repair    []cloudprovider.RepairPolicy
	hooks     []cloudprovider.RegistrationHook
}

// New returns a provider without machines.
func New(opts Options) *Provider {
	if opts.InstanceTypes == nil {
		opts.InstanceTypes = DefaultInstanceTypes()
	}
	if opts.UnavailableFor == 0 {
		opts.UnavailableFor = 3 * time.Minute
	}
	if opts.NodeClass == nil {
		opts.NodeClass = anyNodeClass
	}
	return &Provider{
		opts:      opts,
		words:     Vocabulary(),
		machines:  map[string]*machine{},
		types:     catalogue.NewBase(opts.InstanceTypes),
		poolTypes: map[string]*catalogue.Base{},
		stock:     newStock(opts),
		faults:    newFaults(),
		repair:    defaultRepairPolicies(),
	}
}

// Name implements cloudprovider.CloudProvider.
func (p *Provider) Name() string { return Name }

// SupportedNodeClasses implements cloudprovider.CloudProvider.
func (p *Provider) SupportedNodeClasses() []status.Object {
	return []status.Object{&v1alpha1.TestNodeClass{}}
}

// RepairPolicies implements cloudprovider.CloudProvider: Ready False and Unknown
// for 30 minutes, unless SetRepairPolicies said otherwise.
func (p *Provider) RepairPolicies() []cloudprovider.RepairPolicy {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]cloudprovider.RepairPolicy(nil), p.repair...)
}

// Vocabulary implements cloudprovider.Vocabularian.
func (p *Provider) Vocabulary() vocabulary.Additions { return additions() }

// RegistrationHooks implements cloudprovider.RegistrationHooker.
func (p *Provider) RegistrationHooks() []cloudprovider.RegistrationHook {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]cloudprovider.RegistrationHook(nil), p.hooks...)
}

// IsDrifted implements cloudprovider.CloudProvider: static drift, if Options have a
// Hash, then the reason that SetDrift set.
func (p *Provider) IsDrifted(ctx context.Context, nodeClaim *v1.NodeClaim) (cloudprovider.DriftReason, error) {
	if err := p.enter(ctx, Call{Operation: IsDrifted, NodeClaim: nodeClaim}); err != nil {
		return "", err
	}
	if reason, err := p.staticDrift(ctx, nodeClaim); reason != "" || err != nil {
		return reason, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.drift, nil
}

func (p *Provider) staticDrift(ctx context.Context, nodeClaim *v1.NodeClaim) (cloudprovider.DriftReason, error) {
	if p.opts.Hash == nil {
		return "", nil
	}
	nodeClass, found, err := p.lookup().ForDrift(ctx, nodeClaim)
	if err != nil || !found {
		return "", err
	}
	return p.opts.Hash.Drifted(nodeClaim, nodeClass)
}

// SetInstanceTypes replaces what is on sale for every pool. Running machines
// keep what they have.
func (p *Provider) SetInstanceTypes(types ...*cloudprovider.InstanceType) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.types = catalogue.NewBase(types)
}

// SetPoolInstanceTypes replaces what is on sale for one pool.
func (p *Provider) SetPoolInstanceTypes(pool string, types ...*cloudprovider.InstanceType) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.poolTypes[pool] = catalogue.NewBase(types)
}

// SetDrift makes every machine drifted for this reason; empty ends it.
func (p *Provider) SetDrift(reason cloudprovider.DriftReason) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.drift = reason
}

// SetRepairPolicies replaces the repair policies.
func (p *Provider) SetRepairPolicies(policies ...cloudprovider.RepairPolicy) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.repair = policies
}

// SetRegistrationHooks replaces the registration hooks.
func (p *Provider) SetRegistrationHooks(hooks ...cloudprovider.RegistrationHook) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hooks = hooks
}

func defaultRepairPolicies() []cloudprovider.RepairPolicy {
	return []cloudprovider.RepairPolicy{
		{ConditionType: "Ready", ConditionStatus: "False", TolerationDuration: 30 * time.Minute},
		{ConditionType: "Ready", ConditionStatus: "Unknown", TolerationDuration: 30 * time.Minute},
	}
}
