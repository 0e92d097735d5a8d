// SPDX-License-Identifier: Apache-2.0

package instancetype

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync/atomic"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/types"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/catalogue"
	"karpenter.sh/core/cloudprovider/kit/kubelet"
	"karpenter.sh/core/cloudprovider/kit/observed"
	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/kubeletconfig"
	"karpenter.sh/providers/aws/placement"
)

// Provider knows the types. It is safe for concurrent use; nobody waits for a refresh.
type Provider struct {
	opts     Options
	rules    kubelet.Rules
	branches map[string]int64
	store    *catalogue.Store[*description]
	observed *observed.Memory

	indexes *catalogue.Memo[uint64, *index]
	eras    *catalogue.Memo[era, *catalogue.Memo[string, made]]
	// machines are what launches asked for.
	machines machines
	// latest bases of NodeClasses, and last the one made last, are there to take types
	// from that did not change.
	latest *catalogue.Memo[types.UID, *atomic.Pointer[base]]
	last   atomic.Pointer[base]
}

// New returns a provider whose catalogue is not loaded yet: refresh it before use.
func New(o Options) (*Provider, error) {
	if o.API == nil || o.Clock == nil || o.Kubelet == nil || o.Prices == nil || o.Health == nil || o.Region == "" {
		return nil, errors.New("making the instance types: API, Clock, Region, Kubelet, Prices and Health are required")
	}
	branches, err := branchInterfaces()
	if err != nil {
		return nil, err
	}
	rules, err := newRules()
	if err != nil {
		return nil, err
	}
	return &Provider{
		opts: o, rules: rules, branches: branches, observed: observed.NewMemory(o.Clock),
		store: catalogue.NewStore(catalogue.StoreOptions[*description]{
			Name: "instance types", Clock: o.Clock, Merge: merge,
			Load: func(ctx context.Context) ([]*description, error) { return load(ctx, o.API) },
		}),
		indexes:  catalogue.NewMemo[uint64, *index](keptEras),
		machines: newMachines(),
		eras:     catalogue.NewMemo[era, *catalogue.Memo[string, made]](keptEras),
		latest:   catalogue.NewMemo[types.UID, *atomic.Pointer[base]](keptBases),
	}, nil
}

// Refresh reads the catalogue of the region anew. If that fails, or an answer is empty,
// what was there stays (AWS-200). At start-up an error must end the process.
func (p *Provider) Refresh(ctx context.Context) error { return p.store.Refresh(ctx) }

// Generation changes with the content of the catalogue; an error means that it was
// never loaded.
func (p *Provider) Generation() (uint64, error) {
	loaded, err := p.store.Current()
	if err != nil {
		return 0, err
	}
	return loaded.Generation, nil
}

// List returns the types of a NodeClass in the order of their names, as they are now.
// The group is that of its placementGroupSelector, nil if it has none or none was
// found. The list is the caller's, its elements are shared (CP-009).
func (p *Provider) List(ctx context.Context, nodeClass *v1.EC2NodeClass, group *placement.Group) ([]*cloudprovider.InstanceType, error) {
	b, err := p.base(ctx, nodeClass, group)
	if err != nil {
		return nil, fmt.Errorf("listing the instance types of EC2NodeClass %s: %w", nodeClass.Name, err)
	}
	now := p.now(b)
	return b.views.Of(now.key, b.catalogue, now.change), nil
}

// Incompatible says why a type does not suit a NodeClass; empty if it does (AWS-212).
func (p *Provider) Incompatible(nodeClass *v1.EC2NodeClass, group *placement.Group, instanceType string) (why string, err error) {
	t, d, err := p.one(nodeClass, instanceType)
	if err != nil {
		return "", err
	}
	t.subject.group = group
	return t.subject.incompatible(d), nil
}

// Variables are those of every known type, for trying the expressions of spec.kubelet;
// an error means that none is known (AWS-026).
func (p *Provider) Variables(nodeClass *v1.EC2NodeClass) (iter.Seq[kubeletconfig.Variables], error) {
	x, _, err := p.index()
	if err != nil {
		return nil, err
	}
	s, err := newSubject(nodeClass, nil)
	if err != nil {
		return nil, err
	}
	t := &terms{subject: s, reservedENIs: p.opts.ReservedENIs}
	return func(yield func(kubeletconfig.Variables) bool) {
		for _, d := range x.sorted {
			if !yield(t.variables(d)) {
				return
			}
		}
	}, nil
}

// Observe takes the memory capacity that a registered Node reported into account from
// now on: for its type and the AMI set of its NodeClass, and for types of its line
// until they have an observation of their own (AWS-203, AWS-437). It may be told the
// same again, and in any order. What cannot be is not believed: less than half of what
// the type is sold with, or more than that.
func (p *Provider) Observe(nodeClass *v1.EC2NodeClass, instanceType string, capacity resource.Quantity) {
	s, err := newSubject(nodeClass, nil)
	if err != nil {
		return // it has no types either
	}
	x, _, err := p.index()
	if err != nil || x.byName[instanceType] == nil {
		return // nobody could be told
	}
	d := x.byName[instanceType]
	p.observed.Observe(observable(s, s.images(), d, d.estimate(p.opts.MemoryOverhead)), capacity.Value())
}

// observable is a type with the images of a subject.
func observable(s subject, images string, d *description, estimate int64) observed.Type {
	return observed.Type{
		Name: d.name, Images: images, Line: observed.Line{Types: d.family(), Images: s.family},
		Nominal: d.mebibytes() * mebi, Estimate: estimate,
	}
}

// ErrUnknown says that the region does not sell a type.
var ErrUnknown = errors.New("the region does not sell it")

// index returns the catalogue of the moment.
func (p *Provider) index() (*index, uint64, error) {
	loaded, err := p.store.Current()
	if err != nil {
		return nil, 0, err
	}
	x := p.indexes.Get(loaded.Generation, func() *index { return newIndex(loaded.Items) })
	return x, loaded.Generation, nil
}
