// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"time"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/health"
	"karpenter.sh/providers/aws/failure"
	"karpenter.sh/providers/aws/network"
)

// place chooses a subnet for each zone; offers of zones without one are left out. Each
// zone is thought to get its share of the machines. Where no subnet has room for so many,
// one that has room for fewer will do, as long as it has room for the neediest: who gets
// nothing is asked for again.
func (f *fleet) place(launch string) (plan, bool) {
	p := plan{terms: f.terms, machines: len(f.members)}
	least, wanted := map[string]int64{}, map[string]int64{}
	for _, m := range f.members {
		for zone, need := range m.needs.least(f.offers) {
			least[zone] = max(least[zone], need)
			wanted[zone] += need
		}
	}
	zones := int64(len(least))
	for zone, all := range wanted {
		wanted[zone] = max((all+zones-1)/zones, least[zone])
	}
	for {
		p.subnets = f.opts.Subnets.Reserve(launch, f.terms.Subnets, wanted)
		if len(p.subnets) == len(wanted) {
			break
		}
		for zone, need := range wanted {
			if _, there := p.subnets[zone]; there {
				continue
			}
			if wanted[zone] = max(need/2, least[zone]); need == least[zone] {
				delete(wanted, zone)
			}
		}
	}
	for _, o := range f.offers {
		if _, there := p.subnets[o.Zone]; there {
			p.offers = append(p.offers, o)
		}
	}
	return p, len(p.offers) > 0
}

// nowhereFor is how long offers are marked that no subnet has room for: by then the
// subnets have been read again (AWS-001).
const nowhereFor = time.Minute

// nowhere answers the neediest when no zone has a subnet with room for them. There may be
// room for the others.
func (f *fleet) nowhere() *left {
	most := int64(0)
	for _, m := range f.members {
		most = max(most, m.need(f.offers))
	}
	f.markFull()
	var others []*waiting
	for _, m := range f.members {
		switch {
		case m.need(f.offers) < most:
			others = append(others, m)
		case len(m.verdicts) > 0:
			m.fail(outcome(m.verdicts)) // what was tried before says more
		default:
			m.fail(cloudprovider.NewInsufficientCapacityError(errNoOffers))
		}
	}
	if len(others) == 0 {
		return nil
	}
	return &left{members: others, once: true}
}

// need is how many addresses the smallest machine of a request takes.
func (w *waiting) need(offers []Offer) int64 {
	least := int64(0)
	for _, need := range w.needs.least(offers) {
		if least == 0 || need < least {
			least = need
		}
	}
	return least
}

// markFull marks offers whose machines no subnet has room for, although a listing shows
// the zone because a smaller type would fit: else the same launch is planned again and
// again (CP-018). The marks are for the subnets of the NodeClass, whatever the capacity
// type.
func (f *fleet) markFull() {
	types, zones := map[string]bool{}, map[string]bool{}
	for _, o := range f.offers {
		types[o.Type], zones[o.Zone] = true, true
	}
	var v failure.Verdict
	for _, s := range f.terms.Subnets {
		if !zones[s.Zone] {
			continue
		}
		for kind := range types {
			v.Marks = append(v.Marks, health.Mark{
				Scope:  health.Scope{InstanceType: kind, Zone: s.Zone, Network: s.ID},
				Reason: network.ReasonSubnetIsFull, TTL: nowhereFor,
			})
		}
	}
	f.mark(v)
}
