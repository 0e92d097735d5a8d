// SPDX-License-Identifier: Apache-2.0

package fake

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/fake/v1alpha1"
)

// OfferingKey names an offering.
type OfferingKey struct {
	InstanceType string
	Zone         string
	CapacityType string
}

func keyOf(it *cloudprovider.InstanceType, o *cloudprovider.Offering) OfferingKey {
	return OfferingKey{InstanceType: it.Name, Zone: o.Zone(), CapacityType: o.CapacityType()}
}

func (k OfferingKey) String() string { return k.CapacityType + "/" + k.InstanceType + "/" + k.Zone }

// stock is what the cloud has and what the provider knows of it.
type stock struct {
	soldOut     map[OfferingKey]bool      // the truth
	unavailable map[OfferingKey]time.Time // what launches found out, and until when it is believed
	// exhausted tells the offerings under a quota that is used up; nil for none.
	exhausted func(OfferingKey) bool
	// shown are the types last returned in place of others, so that an unchanged
	// type stays the same pointer.
	shown map[shownKey]*cloudprovider.InstanceType
}

type shownKey struct {
	it      *cloudprovider.InstanceType
	changes string
}

func newStock() stock {
	return stock{
		soldOut:     map[OfferingKey]bool{},
		unavailable: map[OfferingKey]time.Time{},
		shown:       map[shownKey]*cloudprovider.InstanceType{},
	}
}

// SellOut makes launches of an offering fail. That it is unavailable shows only
// after a launch has found out.
func (p *Provider) SellOut(key OfferingKey) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stock.soldOut[key] = true
}

// Restock ends SellOut. An offering that was found out stays unavailable for its
// time.
func (p *Provider) Restock(key OfferingKey) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.stock.soldOut, key)
}

// Exhaust makes launches of all these offerings fail for want of quota, which shows
// on all of them once one launch has found out; nil ends it.
func (p *Provider) Exhaust(covers func(OfferingKey) bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stock.exhausted = covers
}

// markUnavailable notes what a launch found out.
func (p *Provider) markUnavailable(covers func(OfferingKey) bool) {
	until := p.opts.Clock.Now().Add(p.opts.UnavailableFor)
	for _, types := range append(slices.Collect(maps.Values(p.poolType)), p.types) {
		for _, it := range types {
			for _, o := range it.Offerings {
				if key := keyOf(it, o); covers(key) {
					p.stock.unavailable[key] = until
				}
			}
		}
	}
}

// GetInstanceTypes implements cloudprovider.CloudProvider.
func (p *Provider) GetInstanceTypes(ctx context.Context, nodePool *v1.NodePool) ([]*cloudprovider.InstanceType, error) {
	if err := p.enter(ctx, Call{Operation: GetInstanceTypes, NodePool: nodePool.Name}); err != nil {
		return nil, err
	}
	nodeClass, err := p.lookup().ForPool(ctx, nodePool)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.onSale(nodePool.Name, nodeClass.Spec), nil
}

// onSale returns the types as a pool with this NodeClass sees them now.
func (p *Provider) onSale(pool string, spec v1alpha1.TestNodeClassSpec) []*cloudprovider.InstanceType {
	types, ok := p.poolType[pool]
	if !ok {
		types = p.types
	}
	out := slices.Clone(types)
	for i, it := range out {
		out[i] = p.shown(it, spec.Zones)
	}
	return out
}

// shown returns a type with its offerings as they are known to be.
func (p *Provider) shown(it *cloudprovider.InstanceType, zones []string) *cloudprovider.InstanceType {
	var changes strings.Builder
	changed := it.WithOfferings(func(o *cloudprovider.Offering) *cloudprovider.Offering {
		now := p.known(it, o, zones)
		if now != o {
			fmt.Fprintf(&changes, "%s %t %d;", o.Requirements, now.Available, now.ReservationCapacity)
		}
		return now
	})
	if changed == it {
		return it
	}
	key := shownKey{it, changes.String()}
	if _, ok := p.stock.shown[key]; !ok {
		p.stock.shown[key] = changed
	}
	return p.stock.shown[key]
}

// known returns an offering as it is known to be.
func (p *Provider) known(it *cloudprovider.InstanceType, o *cloudprovider.Offering, zones []string) *cloudprovider.Offering {
	if id := o.ReservationID(LabelReservationID); id != "" {
		o = o.WithReservationCapacity(o.ReservationCapacity - p.reserved(id))
	}
	found := p.opts.Clock.Now().Before(p.stock.unavailable[keyOf(it, o)])
	if found || (len(zones) > 0 && !slices.Contains(zones, o.Zone())) {
		return o.Unavailable()
	}
	return o
}

// reserved counts the machines in a reservation.
func (p *Provider) reserved(id string) int {
	n := 0
	for _, m := range p.machines {
		if m.claim.Labels[LabelReservationID] == id && p.alive(m.providerID()) != nil {
			n++
		}
	}
	return n
}
