// SPDX-License-Identifier: Apache-2.0

package instancetype

import (
	"slices"
	"strings"

	"karpenter.sh/core/cloudprovider/kit/catalogue"
	"karpenter.sh/core/cloudprovider/kit/health"
	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/failure"
)

// viewKey is all that a view of a base depends on.
type viewKey struct {
	marks, reservations uint64
	// closed are the zones that are closed now, joined.
	closed string
	// rooms are how large machines may be by what quotas leave.
	rooms string
}

// moment is a key with the change that it stands for.
type moment struct {
	key    viewKey
	change catalogue.Change
}

// now tells what of a base cannot be had at this moment.
func (p *Provider) now(b *base) moment {
	marks, closed := p.opts.Health.Snapshot(), p.closed(b)
	changes := []catalogue.Change{
		catalogue.Unavailable(func(i catalogue.Item) bool { return slices.Contains(closed, i.Zone) }),
		catalogue.Unavailable(func(i catalogue.Item) bool {
			_, marked := marks.Why(b.asked(i))
			return marked
		}),
	}
	key := viewKey{marks: marks.Generation(), closed: strings.Join(closed, ",")}
	if p.opts.Quotas != nil {
		rooms := p.rooms(b)
		key.rooms = rooms.String()
		changes = append(changes, catalogue.Unavailable(func(i catalogue.Item) bool { return rooms.exceeded(i.Listed.Draws) }))
	}
	if r := p.opts.Reservations; r != nil {
		key.reservations = r.Generation()
		changes = append(changes, catalogue.Reservations(v1.LabelCapacityReservationID, func(id string, _ int) int { return r.Left(id) }))
	}
	return moment{key, catalogue.All(changes...)}
}

// asked is an offering as marks know it. Families are groups of a quota there: a mark of
// one closes all that share it (AWS-441).
func (b *base) asked(i catalogue.Item) health.Offering {
	d := b.described[i.Index]
	o := health.Offering{
		CapacityType: i.CapacityType, InstanceType: d.name, Family: failure.QuotaGroup(d.name), VCPUs: d.vcpus(), Zone: i.Zone,
	}
	if b.places != nil {
		o.Places = b.places[i.Listed.Value(v1.LabelPlacementGroupPartition)]
	}
	if at := slices.IndexFunc(b.zones, func(z usable) bool { return z.name == i.Zone }); at >= 0 {
		o.Networks = b.zones[at].subnets
	}
	return o
}

// closed are the zones that traffic was shifted away from, and those that are full.
func (p *Provider) closed(b *base) []string {
	var out []string
	for i := range b.zones {
		if z := &b.zones[i]; p.shifted(z) || p.full(z) {
			out = append(out, z.name)
		}
	}
	return out
}

func (p *Provider) shifted(z *usable) bool {
	return p.opts.Shifted != nil && z.id != "" && p.opts.Shifted(z.id)
}

// full reports whether no subnet of the zone has room for the least that a NodeClaim can
// ask for: a machine with one pod. How many pods the types could hold does not count,
// since a launch takes addresses for those that are asked for (AWS-432).
func (p *Provider) full(z *usable) bool {
	if p.opts.Addresses == nil {
		return false
	}
	need := int64(1)
	if p.opts.PodAddresses != nil && p.opts.PodAddresses() {
		need++
	}
	return !slices.ContainsFunc(z.subnets, func(subnet string) bool {
		free, known := p.opts.Addresses.Free(subnet)
		return !known || free >= need
	})
}
