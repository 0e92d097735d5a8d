// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"testing"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/label"
)

// moneyRows are about what is owned, reserved and paid.
func moneyRows() []row {
	return []row{
		{id: "CP-343", behaviour: "restricted tags are refused", of: []Capability{"Tags"}, run: restrictedTag},
		{id: "CP-343", behaviour: "all that is created is tagged", of: []Capability{"Tags"}, run: allIsTagged},
		{id: "CP-344", behaviour: "counts of a reservation", of: []Capability{"Reservations"}, run: reservationCounts},
		{id: "CP-344", behaviour: "a reservation that refuses", of: []Capability{"Reservations"}, run: reservationRefuses},
		{id: "CP-346", behaviour: "no price API at start", of: []Capability{"Prices"}, run: pricesAtStart},
		{id: "CP-346", behaviour: "the price API fails later", of: []Capability{"Prices"}, run: pricesLater},
		{id: "CP-346", behaviour: "no price, not available", of: []Capability{"Prices"}, run: unpriced},
	}
}

func restrictedTag(t testing.TB, c Cloud) {
	c.Tags.Restrict(t)
	_, err := c.Provider.Create(t.Context(), c.nodeClaim("restricted"))
	wantClass(t, err, cloudprovider.ClassNodeClassNotReady) // CP-115
}

func allIsTagged(t testing.TB, c Cloud) {
	created := c.create(t, c.nodeClaim("tagged"))
	resources := c.Tags.Of(t, created)
	if len(resources) == 0 {
		t.Fatal("nothing was created")
	}
	for i, tags := range resources {
		for _, key := range c.Tags.Owner {
			if _, ok := tags[key]; !ok {
				t.Errorf("resource %d has no tag %s: %v", i, key, tags)
			}
		}
	}
}

// reserved returns the reserved offering of a type, as it is on sale now.
func (c Cloud) reserved(t testing.TB, name string) (*cloudprovider.InstanceType, *cloudprovider.Offering) {
	t.Helper()
	for _, it := range c.types(t) {
		if reserved := it.Offerings.OfCapacityType(label.Reserved); it.Name == name && len(reserved) > 0 {
			return it, reserved[0]
		}
	}
	t.Fatalf("%s has no reserved offering", name)
	return nil, nil
}

func reservationCounts(t testing.TB, c Cloud) {
	name := c.Reservations.Offer(t)
	it, before := c.reserved(t, name)
	created := c.create(t, c.nodeClaim("reserved", naming(it), in(label.CapacityType, label.Reserved), in(label.Zone, before.Zone())))
	key := c.words(t).ReservationIDLabel()
	if id := before.ReservationID(key); created.Labels[key] != id || id == "" {
		t.Errorf("launched into reservation %q, want %q", created.Labels[key], id)
	}
	if _, now := c.reserved(t, name); now.ReservationCapacity != before.ReservationCapacity-1 {
		t.Errorf("%d are left of %d after a launch (CP-069)", now.ReservationCapacity, before.ReservationCapacity)
	}
	if err := c.Provider.Delete(t.Context(), created); cloudprovider.IgnoreNodeClaimNotFoundError(err) != nil {
		t.Fatal(err)
	}
	c.Machines.FinishTermination(t)
	wantClass(t, c.Provider.Delete(t.Context(), created), cloudprovider.ClassNodeClaimNotFound)
	if _, now := c.reserved(t, name); now.ReservationCapacity != before.ReservationCapacity {
		t.Errorf("%d are left of %d after the termination", now.ReservationCapacity, before.ReservationCapacity)
	}
}

func reservationRefuses(t testing.TB, c Cloud) {
	name := c.Reservations.Offer(t)
	it, offering := c.reserved(t, name)
	c.Reservations.SellOut(t, it, offering)
	_, err := c.Provider.Create(t.Context(), c.nodeClaim("refused", naming(it), in(label.CapacityType, label.Reserved), in(label.Zone, offering.Zone())))
	wantClass(t, err, cloudprovider.ClassInsufficientCapacity)
	if _, now := c.reserved(t, name); now.ReservationCapacity != 0 || now.Available {
		t.Errorf("%d are left of a reservation that refuses (CP-085), available %t", now.ReservationCapacity, now.Available)
	}
}

func pricesAtStart(t testing.TB, c Cloud) {
	down := c.Prices.StartWithout(t)
	for _, it := range down.types(t) {
		if o := it.Offerings.Available().OfCapacityType(label.OnDemand).Cheapest(); o != nil && o.Price > 0 {
			return
		}
	}
	t.Error("nothing on demand has a price while the price API is down (CP-126)")
}

func pricesLater(t testing.TB, c Cloud) {
	before := c.types(t)
	c.Prices.Break(t)
	c.Prices.Refresh(t)
	for _, it := range before {
		for _, o := range it.Offerings {
			if now := offeringLike(c.types(t), it.Name, o); now == nil || now.Price != o.Price || now.Available != o.Available {
				t.Errorf("%s %s is not what it was once the price API is down", it.Name, o.Requirements)
			}
		}
	}
}

func unpriced(t testing.TB, c Cloud) {
	it, o := c.offered(t, c.Prices.CapacityType)
	c.Prices.Forget(t, it, o)
	c.Prices.Refresh(t)
	if now := offeringLike(c.types(t), it.Name, o); now == nil || now.Available { // CP-066
		t.Errorf("%s %s has no price and is available, or gone", it.Name, o.Requirements)
	}
}
