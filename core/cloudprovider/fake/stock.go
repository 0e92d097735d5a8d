// SPDX-License-Identifier: Apache-2.0

package fake

import (
	"context"
	"errors"
	"maps"
	"slices"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/fake/v1alpha1"
	"karpenter.sh/core/cloudprovider/kit/catalogue"
	"karpenter.sh/core/cloudprovider/kit/health"
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

// String is capacity type, instance type and zone, with slashes between them.
func (k OfferingKey) String() string { return k.CapacityType + "/" + k.InstanceType + "/" + k.Zone }

// stock is what the cloud has and what the provider knows of it.
type stock struct {
	soldOut map[OfferingKey]bool // the truth
	found   *health.Record       // what launches found out
	// exhausted tells the offerings under a quota that is used up; nil for none.
	exhausted func(OfferingKey) bool
}

func newStock(opts Options) stock {
	return stock{soldOut: map[OfferingKey]bool{}, found: health.New(health.Options{Clock: opts.Clock})}
}

// The reasons for which launches fail.
const (
	soldOut       = "SoldOut"
	quotaExceeded = "QuotaExceeded"
)

// notice remembers which offerings a launch found unavailable, and returns what the
// launch fails with.
func (p *Provider) notice(reason string, cause error, covers func(OfferingKey) bool) error {
	errs := []error{cloudprovider.NewInsufficientCapacityError(cause)}
	for _, base := range append(slices.Collect(maps.Values(p.poolTypes)), p.types) {
		for _, it := range base.Types() {
			for _, o := range it.Offerings {
				key := keyOf(it, o)
				if !covers(key) {
					continue
				}
				errs = append(errs, p.stock.found.Mark(health.Mark{
					Scope:  health.Scope{CapacityType: key.CapacityType, InstanceType: key.InstanceType, Zone: key.Zone},
					Reason: reason,
					TTL:    p.opts.UnavailableFor,
				}))
			}
		}
	}
	return errors.Join(errs...)
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
	types, ok := p.poolTypes[pool]
	if !ok {
		types = p.types
	}
	found := p.stock.found.Snapshot()
	gone := func(i catalogue.Item) bool {
		_, gone := found.Why(health.Offering{CapacityType: i.CapacityType, InstanceType: i.Type.Name, Zone: i.Zone})
		return gone
	}
	return types.View(catalogue.All(
		catalogue.Reservations(LabelReservationID, func(id string, listed int) int { return listed - p.reserved(id) }),
		catalogue.Refused(gone),
		catalogue.Unavailable(func(i catalogue.Item) bool {
			return gone(i) || (len(spec.Zones) > 0 && !slices.Contains(spec.Zones, i.Zone))
		}),
	))
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
