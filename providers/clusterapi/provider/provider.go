// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/awslabs/operatorpkg/status"
	"k8s.io/utils/clock"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/apis/vocabulary"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/health"
	"karpenter.sh/core/cloudprovider/kit/nodeclass/lookup"
	"karpenter.sh/core/events"
	"karpenter.sh/providers/clusterapi/apis/v1alpha1"
	"karpenter.sh/providers/clusterapi/instancetype"
	"karpenter.sh/providers/clusterapi/inventory"
	"karpenter.sh/providers/clusterapi/scaling"
	"karpenter.sh/providers/clusterapi/stock"
)

// Name is the provider's name (CAPI-001).
const Name = "clusterapi"

// DefaultPatience is how long a launch waits for the provider ID of a Machine; the next
// attempt waits on (CAPI-032).
const DefaultPatience = 30 * time.Second

// Options is what a Provider is made of. All but functions and durations are required.
type Options struct {
	// Inventory reads both clusters, and knows what is Karpenter's.
	Inventory *inventory.Reader
	Stock     *stock.Stock
	Scaler    *scaling.Scaler
	// Health takes what turned out not to be had.
	Health *health.Record
	// Events takes what users should see.
	Events events.Recorder
	// Clock times waits.
	Clock clock.WithTicker
	// Changes returns a channel that is closed when a Machine has changed since the
	// call; nil: who waits looks with each tick only.
	Changes func() <-chan struct{}
	// Hold returns why instance types are not to be told yet; nil: they always are.
	Hold func() error
	// Patience is DefaultPatience unless set, Tick a second.
	Patience, Tick time.Duration
	// LaunchTimeout is that of the core; cloudprovider.DefaultLaunchTimeout unless set.
	LaunchTimeout time.Duration
}

// Provider is the provider of Machines.
type Provider struct {
	opts  Options
	words *vocabulary.Vocabulary
}

var (
	_ cloudprovider.Vocabularian = (*Provider)(nil)
	_ cloudprovider.LaunchTimer  = (*Provider)(nil)
	_ cloudprovider.Annotator    = (*Provider)(nil)
)

// New returns a provider.
func New(o Options) (*Provider, error) {
	if o.Patience == 0 {
		o.Patience = DefaultPatience
	}
	if o.Tick == 0 {
		o.Tick = time.Second
	}
	if o.LaunchTimeout == 0 {
		o.LaunchTimeout = cloudprovider.DefaultLaunchTimeout
	}
	if o.Changes == nil {
		o.Changes = func() <-chan struct{} { return nil }
	}
	if o.Hold == nil {
		o.Hold = func() error { return nil }
	}
	p := &Provider{opts: o}
	words, err := cloudprovider.VocabularyOf(p)
	p.words = words
	return p, err
}

// Name implements cloudprovider.CloudProvider.
func (p *Provider) Name() string { return Name }

// SupportedNodeClasses implements cloudprovider.CloudProvider.
func (p *Provider) SupportedNodeClasses() []status.Object {
	return []status.Object{&v1alpha1.ClusterAPINodeClass{}}
}

// RepairPolicies implements cloudprovider.CloudProvider: Cluster API has health checks of
// its own (CAPI-062).
func (p *Provider) RepairPolicies() []cloudprovider.RepairPolicy { return nil }

// Vocabulary implements cloudprovider.Vocabularian.
func (p *Provider) Vocabulary() vocabulary.Additions { return v1alpha1.Vocabulary() }

// LaunchTimeout implements cloudprovider.LaunchTimer (CAPI-070).
func (p *Provider) LaunchTimeout() time.Duration { return p.opts.LaunchTimeout }

// NodeClaimAnnotations implements cloudprovider.Annotator: on a Node, Cluster API writes
// the bare name of the Machine under the key that NodeClaims have it with its namespace
// under (CAPI-005).
func (p *Provider) NodeClaimAnnotations() []string { return []string{v1alpha1.AnnotationMachine} }

// IsDrifted implements cloudprovider.CloudProvider: images and versions are rolled out by
// Cluster API (CAPI-061).
func (p *Provider) IsDrifted(context.Context, *v1.NodeClaim) (cloudprovider.DriftReason, error) {
	return "", nil
}

var (
	errNoPool      = errors.New("no NodePool is given")
	errNoNodeClaim = errors.New("no NodeClaim is given")
	errNoReference = errors.New("its reference names no ClusterAPINodeClass")
)

// GetInstanceTypes implements cloudprovider.CloudProvider (CAPI-063).
func (p *Provider) GetInstanceTypes(ctx context.Context, nodePool *v1.NodePool) ([]*cloudprovider.InstanceType, error) {
	if nodePool == nil {
		return nil, errNoPool
	}
	template := &nodePool.Spec.Template
	if template.Spec.NodeClassRef.Name == "" {
		return nil, errNoReference
	}
	if err := p.opts.Hold(); err != nil {
		return nil, err
	}
	nodeClass, err := p.lookup().ForPool(ctx, nodePool)
	if err != nil {
		return nil, err
	}
	deployments, err := p.opts.Stock.Selected(ctx, nodeClass)
	if err != nil {
		return nil, err
	}
	return p.opts.Stock.Types(ctx, deployments, instancetype.Asker{
		Words:   p.words,
		Defines: p.defines(template.ObjectMeta.Labels, template.Spec.Requirements),
		Taints:  slices.Concat(template.Spec.Taints, template.Spec.StartupTaints),
	})
}

// asker is a NodeClaim as one who sees instance types.
func (p *Provider) asker(nodeClaim *v1.NodeClaim) instancetype.Asker {
	return instancetype.Asker{
		Words:   p.words,
		Defines: p.defines(nodeClaim.Labels, nodeClaim.Spec.Requirements),
		Taints:  slices.Concat(nodeClaim.Spec.Taints, nodeClaim.Spec.StartupTaints),
	}
}

// defines returns which keys labels and requirements define (CAPI-023).
func (p *Provider) defines(labels map[string]string, requirements []v1.NodeSelectorRequirementWithMinValues) func(string) bool {
	keys := make(map[string]bool, len(labels)+len(requirements))
	for key := range labels {
		keys[p.words.NormalizeKey(key)] = true
	}
	for _, r := range requirements {
		keys[p.words.NormalizeKey(r.Key)] = true
	}
	return func(key string) bool { return keys[key] }
}

// lookup finds NodeClasses (CP-010).
func (p *Provider) lookup() lookup.Lookup[*v1alpha1.ClusterAPINodeClass] {
	return lookup.Lookup[*v1alpha1.ClusterAPINodeClass]{
		Get: lookup.From(p.opts.Inventory.Workload.Cache, func() *v1alpha1.ClusterAPINodeClass {
			return &v1alpha1.ClusterAPINodeClass{}
		}),
		Events: p.opts.Events,
	}
}
