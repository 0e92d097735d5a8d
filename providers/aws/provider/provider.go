// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"errors"
	"fmt"

	"github.com/awslabs/operatorpkg/status"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	karpv1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/apis/vocabulary"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/nodeclass/lookup"
	"karpenter.sh/core/cloudprovider/kit/nodeclass/statichash"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/core/events"
	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/blueprint"
	"karpenter.sh/providers/aws/drift"
	"karpenter.sh/providers/aws/fleet"
	"karpenter.sh/providers/aws/instance"
	"karpenter.sh/providers/aws/instancetype"
	"karpenter.sh/providers/aws/placement"
)

// Name is the provider's name (CP-001).
const Name = "aws"

// Types know what is sold; *instancetype.Provider does.
type Types interface {
	blueprint.Machines
	List(ctx context.Context, nodeClass *v1.EC2NodeClass, group *placement.Group) ([]*cloudprovider.InstanceType, error)
}

var _ Types = (*instancetype.Provider)(nil)

// Groups know the placement group of a NodeClass without a call; *placement.Groups do.
type Groups interface {
	Last(nodeClass *v1.EC2NodeClass) (group *placement.Group, known bool)
}

// Launcher launches machines; *fleet.Launcher does.
type Launcher interface {
	Launch(context.Context, fleet.Request) (instance.Instance, error)
	Forget(instanceID string)
}

// Instances know the machines; *instance.Instances do.
type Instances interface {
	// Get is from the cache, Fresh is not. Gone is a NodeClaimNotFoundError.
	Get(ctx context.Context, id string) (instance.Instance, error)
	Fresh(ctx context.Context, id string) (instance.Instance, error)
	List(ctx context.Context) ([]instance.Instance, error)
	// Terminate looks first; nil means that the machine is ending.
	Terminate(ctx context.Context, id string) error
	// Launched tells of a machine that was just launched.
	Launched(instance.Instance)
}

// Reservations are told of machines that end; *reservation.Counts are.
type Reservations interface{ Ended(reservationID string) }

// Profiles are told of an instance profile that EC2 refused; *profile.Profiles are.
type Profiles interface{ Invalidate(name string) }

// Options is what a Provider is made of. All are required but Limits and
// Reservations.
type Options struct {
	// Client reads NodeClasses from the cache.
	Client client.Reader
	Events events.Recorder
	// Facts are asked for with each launch: the service range may come late.
	Facts func(ctx context.Context, nodeClass *v1.EC2NodeClass) (blueprint.Facts, error)
	// Hash is that of the NodeClass.
	Hash *statichash.Scheme[*v1.EC2NodeClass]
	// Region is the one whose machines may be asked for.
	Region    string
	Types     Types
	Groups    Groups
	Launcher  Launcher
	Instances Instances
	Profiles  Profiles
	// Hooks hold registration back.
	Hooks []cloudprovider.RegistrationHook
	// MinValues says whether minValues bind.
	MinValues requirement.MinValuesPolicy
	// Limits are the quotas of the moment; nil means that nobody knows them (AWS-450).
	Limits func() cloudprovider.Limits
	// Reservations is nil with the gate ReservedCapacity off (AWS-433).
	Reservations Reservations
	Clock        clock.PassiveClock
	// Log takes what operators may want to know of a launch.
	Log func(ctx context.Context, message string, keysAndValues ...any)
}

// Provider is AWS.
type Provider struct {
	opts       Options
	words      *vocabulary.Vocabulary
	blueprints *blueprint.Maker
}

var (
	_ cloudprovider.CloudProvider      = (*Provider)(nil)
	_ cloudprovider.Vocabularian       = (*Provider)(nil)
	_ cloudprovider.RegistrationHooker = (*Provider)(nil)
	_ cloudprovider.Limiter            = (*Provider)(nil)
)

// New returns the provider.
func New(opts Options) (*Provider, error) {
	p := &Provider{opts: opts, blueprints: blueprint.New()}
	words, err := cloudprovider.VocabularyOf(p)
	if err != nil {
		return nil, err
	}
	p.words = words
	return p, nil
}

// Words are what core and provider know about labels and resources.
func (p *Provider) Words() *vocabulary.Vocabulary { return p.words }

// Name implements cloudprovider.CloudProvider.
func (*Provider) Name() string { return Name }

// SupportedNodeClasses implements cloudprovider.CloudProvider.
func (*Provider) SupportedNodeClasses() []status.Object { return []status.Object{&v1.EC2NodeClass{}} }

// RepairPolicies implements cloudprovider.CloudProvider (AWS-378).
func (*Provider) RepairPolicies() []cloudprovider.RepairPolicy { return drift.RepairPolicies() }

// Vocabulary implements cloudprovider.Vocabularian (AWS-122).
func (*Provider) Vocabulary() vocabulary.Additions { return v1.Vocabulary() }

// RegistrationHooks implements cloudprovider.RegistrationHooker.
func (p *Provider) RegistrationHooks() []cloudprovider.RegistrationHook { return p.opts.Hooks }

// Limits implements cloudprovider.Limiter.
func (p *Provider) Limits() cloudprovider.Limits {
	if p.opts.Limits == nil {
		return cloudprovider.Limits{}
	}
	return p.opts.Limits()
}

// GetInstanceTypes implements cloudprovider.CloudProvider, from caches alone.
func (p *Provider) GetInstanceTypes(ctx context.Context, nodePool *karpv1.NodePool) ([]*cloudprovider.InstanceType, error) {
	nodeClass, err := p.lookup().ForPool(ctx, nodePool)
	if err != nil {
		return nil, err
	}
	return p.types(ctx, nodeClass)
}

// errNoGroup says that a placement group has never been found, so that nobody knows
// what can be launched into it.
var errNoGroup = errors.New("the placement group is not resolved")

func (p *Provider) types(ctx context.Context, nodeClass *v1.EC2NodeClass) ([]*cloudprovider.InstanceType, error) {
	group, known := p.opts.Groups.Last(nodeClass)
	if !known {
		return nil, fmt.Errorf("EC2NodeClass %s: %w", nodeClass.Name, errNoGroup)
	}
	return p.opts.Types.List(ctx, nodeClass, group)
}

func (p *Provider) lookup() lookup.Lookup[*v1.EC2NodeClass] {
	return lookup.Lookup[*v1.EC2NodeClass]{Get: lookup.From(p.opts.Client, FreshNodeClass), Events: p.opts.Events}
}

// FreshNodeClass returns an empty NodeClass to read into.
func FreshNodeClass() *v1.EC2NodeClass { return &v1.EC2NodeClass{} }
