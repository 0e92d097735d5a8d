// SPDX-License-Identifier: Apache-2.0

package instancetype

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"

	"sigs.k8s.io/controller-runtime/pkg/log"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/catalogue"
	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/placement"
)

// base holds the types of a subject as if all were in stock, and what views of them
// ask. It is immutable.
type base struct {
	catalogue *catalogue.Base
	views     *catalogue.Views[viewKey]
	// described are the types, in the order of the catalogue.
	described []*description
	// zones are the usable ones, sorted by name.
	zones []usable
	// limits are those that offerings draw on, by name, each with the amounts that single
	// machines draw, ascending.
	limits []limit
	// places are what marks call a partition of the group, by partition; that of an
	// empty partition is the group alone.
	places map[string][]string
}

// usable is a zone in which the NodeClass has subnets.
type usable struct {
	name string
	zone
}

// era is what all bases depend on. When it changes, all of them are out of date at
// once.
type era struct{ catalogue, prices, memory uint64 }

const (
	// keptEras lets those end in peace who still read the era before.
	keptEras = 2
	// keptBases bounds the NodeClasses whose types are kept; more than that are computed
	// again and again.
	keptBases = 256
	// keptViews is for each base. Marks come and go, so old views are seldom asked for.
	keptViews = 4
)

// made is a base, or why there is none. A failure is kept too: it depends on nothing
// but the key.
type made struct {
	base *base
	err  error
}

// base returns the one of a subject, made once for all that have equal keys.
func (p *Provider) base(ctx context.Context, nodeClass *v1.EC2NodeClass, group *placement.Group) (*base, error) {
	x, generation, err := p.index()
	if err != nil {
		return nil, err
	}
	s, err := newSubject(nodeClass, group)
	if err != nil {
		return nil, err
	}
	prices := p.opts.Prices()
	bases := p.eras.Get(era{generation, prices.Generation(), p.observed.Generation()}, func() *catalogue.Memo[string, made] {
		return catalogue.NewMemo[string, made](keptBases)
	})
	var buffer [1024]byte
	m := bases.Get(string(s.key(buffer[:0])), func() made {
		list, err := p.types(ctx, s, x, prices)
		if err != nil {
			return made{err: err}
		}
		latest := p.latest.Get(nodeClass.UID, func() *atomic.Pointer[base] { return new(atomic.Pointer[base]) })
		b := newBase(s, x, reused(list, p.last.Load(), latest.Load()))
		latest.Store(b)
		p.last.Store(b)
		return made{base: b}
	})
	return m.base, m.err
}

func newBase(s subject, x *index, list []*cloudprovider.InstanceType) *base {
	for _, it := range list {
		it.Groups() // computed here rather than in the first round that asks (CP-035)
	}
	return &base{
		catalogue: catalogue.NewBase(list), views: catalogue.NewViews[viewKey](keptViews),
		described: x.sorted, zones: usableZones(s.zones()), places: places(s), limits: limitsOf(list),
	}
}

// reused returns the list with the types of other bases, which may be nil, in place of
// those that are equal; the later base wins (KIT-022).
func reused(list []*cloudprovider.InstanceType, known ...*base) []*cloudprovider.InstanceType {
	for _, b := range known {
		if b != nil {
			list = catalogue.Reuse(b.catalogue.Types(), list)
		}
	}
	return list
}

// types computes all types of a subject.
func (p *Provider) types(ctx context.Context, s subject, x *index, prices Prices) ([]*cloudprovider.InstanceType, error) {
	t, err := p.terms(s)
	if err != nil {
		return nil, err
	}
	sell := newSeller(s, x.zones, prices, p.opts.Reservations != nil)
	list := make([]*cloudprovider.InstanceType, len(x.sorted))
	for i, d := range x.sorted {
		w, err := t.work(d)
		if err != nil {
			return nil, fmt.Errorf("instance type %s: %w", d.name, err)
		}
		for _, dropped := range w.dropped {
			log.FromContext(ctx).Error(dropped, "leaving out an expression of spec.kubelet")
		}
		list[i] = p.instanceType(sell, d, w)
	}
	return list, nil
}

func (p *Provider) instanceType(sell *seller, d *description, w worked) *cloudprovider.InstanceType {
	s := sell.subject
	offered := func(suits bool) *cloudprovider.InstanceType {
		offerings := sell.offerings(d, suits)
		return &cloudprovider.InstanceType{
			Name: d.name, Requirements: sell.requirements(d, p.opts.Region, offerings), Offerings: offerings,
			Capacity: w.capacity, Overhead: w.Settings.Overhead,
		}
	}
	// Launches go into the group or nowhere (AWS-361).
	lost := s.spec.PlacementGroupSelector != nil && s.group == nil
	it := offered(!lost && w.unbootable == "" && s.incompatible(d) == "")
	if p.opts.ImageFor == nil || len(s.status.AMIs) == 0 {
		return it
	}
	if _, found := p.opts.ImageFor(s.status.AMIs, it.Requirements); !found {
		return offered(false)
	}
	return it
}

// places are what marks know the group and its partitions by (AWS-235).
func places(s subject) map[string][]string {
	if s.group == nil {
		return nil
	}
	out := map[string][]string{"": {s.group.ID}}
	for _, partition := range s.partitions() {
		out[partition] = []string{s.group.ID, PartitionPlace(s.group.ID, partition)}
	}
	return out
}

// PartitionPlace is what marks call a partition of a placement group.
func PartitionPlace(groupID, partition string) string { return groupID + "/" + partition }

// usableZones are in the order of their names.
func usableZones(zones map[string]zone) []usable {
	var out []usable
	for _, name := range slices.Sorted(maps.Keys(zones)) {
		out = append(out, usable{name: name, zone: zones[name]})
	}
	return out
}
