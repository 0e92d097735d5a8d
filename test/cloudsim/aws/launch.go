// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"maps"
	"time"

	"karpenter.sh/test/cloudsim/wire"
	"karpenter.sh/test/cloudsim/world"
)

// launch starts one machine, if there is stock, quota, room and an address for it.
// What was taken is given back if something else is missing.
func (r *request) launch(l *launch, s *subnet, index int) (*instance, *wire.Error) {
	i := &instance{launch: l, subnet: s, index: index, running: r.now.Add(r.options.Pending)}
	capacity := r.capacityOf(l)
	i.pool = world.Pool{Type: l.kind.name, Zone: s.Zone, Capacity: capacity}
	steps := []struct {
		take func(*instance) *wire.Error
		give func(*instance)
	}{
		{r.takeReservation, (*instance).giveReservation},
		{r.takeQuota, r.giveQuota},
		{r.takePlacement, (*instance).givePlacement},
		{r.takeStock, r.giveStock},
		{r.takeAddress, (*instance).giveAddress},
	}
	for n, step := range steps {
		if err := step.take(i); err != nil {
			for _, done := range steps[:n] {
				done.give(i)
			}
			return nil, err
		}
	}
	i.id = r.ids.Hex("i-0", 16)
	if capacity == spot {
		i.spotID = r.ids.Hex("sir-", 8)
	}
	i.tags = l.labelled
	if l.fleet != "" {
		i.tags = maps.Clone(l.labelled)
		i.tags["aws:ec2:fleet-id"] = l.fleet
	}
	r.instances.add(i)
	r.boot(i)
	return i, nil
}

func (r *request) capacityOf(l *launch) string {
	target := r.in.Tree("TargetCapacitySpecification").Str("DefaultTargetCapacityType")
	switch {
	case target == spot || l.data.Tree("InstanceMarketOptions").Str("MarketType") == spot:
		return spot
	case target == capacityBlock || target == "reserved-capacity":
		return reserved
	}
	return onDemand
}

func (c *Cloud) takeStock(i *instance) *wire.Error {
	if i.reserve != nil || c.stock.Take(i.pool) {
		return nil
	}
	if i.pool.Capacity == spot {
		return wire.Errorf("InsufficientInstanceCapacity", "There is no Spot capacity available that matches your request.")
	}
	return wire.Errorf("InsufficientInstanceCapacity",
		"We currently do not have sufficient %s capacity in the Availability Zone you requested (%s). Our system will be working on provisioning additional capacity.",
		i.kind.name, i.subnet.Zone)
}

func (c *Cloud) giveStock(i *instance) {
	if i.reserve == nil {
		c.stock.Give(i.pool)
	}
}

func (c *Cloud) takeAddress(i *instance) *wire.Error {
	address, ok := i.subnet.addresses.Take()
	if !ok {
		return wire.Errorf("InsufficientFreeAddressesInSubnet",
			"There are not enough free addresses in subnet '%s' to satisfy the requested number of instances.", i.subnet.ID)
	}
	i.address = address
	return nil
}

func (i *instance) giveAddress() { i.subnet.addresses.Give(i.address) }

// end lets an instance shut down, once. What it held becomes free when it has ended;
// its capacity only if it is not kept by the cloud.
func (c *Cloud) end(i *instance, now time.Time, reason string, kept bool) {
	if !i.ending.IsZero() {
		return
	}
	i.ending, i.ended, i.reason = now, now.Add(c.options.Shutdown), reason
	c.agenda.Add(i.ended, func(time.Time) {
		c.mu.Lock()
		defer c.mu.Unlock()
		i.giveAddress()
		i.givePlacement()
		i.giveReservation()
		c.giveQuota(i)
		if !kept {
			c.giveStock(i)
		}
	})
	c.agenda.Add(i.ended, func(time.Time) { _ = c.yard.End(i.id) }) // a node that cannot leave is no matter of the cloud's
	c.agenda.Add(i.ended.Add(shownAfterEnd), func(time.Time) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.instances.remove(i.id)
	})
}

func terminateInstances(r *request) (wire.Tree, error) {
	items, err := r.instancesByID(r.in.Strs("InstanceIds"))
	if err != nil {
		return nil, err
	}
	if err := r.dry(); err != nil {
		return nil, err
	}
	var list []wire.Tree
	for _, i := range items {
		before := i.state(r.now)
		r.end(i, r.now, "User initiated ("+r.now.UTC().Format("2006-01-02 15:04:05")+" GMT)", false)
		list = append(list, wire.Tree{
			"InstanceId": i.id, "PreviousState": stateTree(before), "CurrentState": stateTree(i.state(r.now)),
		})
	}
	return wire.Tree{"TerminatingInstances": list}, nil
}
