// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"slices"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/requirement"
)

func catalogueRows() []row {
	return []row{
		{id: "CP-328", behaviour: "unavailable types stay in the catalogue", run: catalogueKeepsUnavailable},
		{id: "CP-328", behaviour: "names and offerings are well-formed", run: catalogueIsWellFormed},
		{id: "CP-329", behaviour: "every well-known label is defined", run: catalogueDefinesLabels},
		{id: "CP-329/reserved", behaviour: "reservations are named on reserved offerings only", of: []Capability{"Reservations"}, run: catalogueNamesReservations},
		{id: "CP-330", behaviour: "the answer is the caller's", run: catalogueIsCallers},
		{id: "CP-331", behaviour: "NodeClass missing", run: catalogueWithoutNodeClass},
		{id: "CP-332", behaviour: "steady state costs no call", run: catalogueCostsNoCall},
		{id: "CP-334", behaviour: "allocatable", run: catalogueAllocatable},
		{id: "CP-335", behaviour: "a NodeClass edit shows at once", of: []Capability{"Edits"}, run: catalogueFollowsEdit},
	}
}

func catalogueKeepsUnavailable(t testing.TB, c Cloud) {
	it, soldOut := c.sellOutOne(t)
	_, err := c.Provider.Create(t.Context(), c.nodeClaim("sold-out", naming(it),
		in(label.Zone, soldOut.Zone()), in(label.CapacityType, soldOut.CapacityType())))
	wantClass(t, err, cloudprovider.ClassInsufficientCapacity)
	if offeringLike(c.types(t), it.Name, soldOut) == nil {
		t.Error("the offering is gone instead of unavailable")
	}
}

func catalogueIsWellFormed(t testing.TB, c Cloud) {
	types := c.types(t)
	if err := cloudprovider.CheckKeys(types, c.words(t).IsWellKnown); err != nil {
		t.Error(err)
	}
	seen := map[string]bool{}
	for _, it := range types {
		if it.Name == "" || seen[it.Name] {
			t.Errorf("name %q is empty or not unique", it.Name)
		}
		seen[it.Name] = true
		wantValues(t, it, label.InstanceType, map[string]bool{it.Name: true}) // CP-045
		wantWellFormedOfferings(t, it)
	}
}

func wantWellFormedOfferings(t testing.TB, it *cloudprovider.InstanceType) {
	t.Helper()
	zones, capacityTypes := map[string]bool{}, map[string]bool{}
	for i, o := range it.Offerings {
		zones[o.Zone()] = zones[o.Zone()] || o.Available
		capacityTypes[o.CapacityType()] = capacityTypes[o.CapacityType()] || o.Available
		if o.Zone() == "" || o.CapacityType() == "" || o.Price < 0 { // CP-050, CP-064
			t.Errorf("%s: offering %s at %v", it.Name, o.Requirements, o.Price)
		}
		for _, other := range it.Offerings[:i] {
			if o.Requirements.Equal(other.Requirements) {
				t.Errorf("%s: two offerings %s", it.Name, o.Requirements)
			}
		}
	}
	wantValues(t, it, label.Zone, zones) // CP-047
	wantValues(t, it, label.CapacityType, capacityTypes)
}

// wantValues fails unless a requirement has all values that are true, and none beside
// those that are there: where an offering is kept although it can never be had, as in a
// zone without network, its value may be left out.
func wantValues(t testing.TB, it *cloudprovider.InstanceType, key string, values map[string]bool) {
	t.Helper()
	r, _ := it.Requirements.Get(key)
	for _, v := range r.Values() {
		if _, there := values[v]; !there || !r.Concrete() {
			t.Errorf("%s: requirement %s, but offerings have %v", it.Name, r, values)
		}
	}
	for v, needed := range values {
		if needed && !r.Has(v) {
			t.Errorf("%s: requirement %s lacks %s of an offering", it.Name, r, v)
		}
	}
}

func catalogueDefinesLabels(t testing.TB, c Cloud) {
	words := c.words(t)
	class, _ := cloudprovider.NodeClassLabel(c.NodeClass)
	others := []string{label.NodePool, label.Hostname, class} // which are no type's
	for _, it := range c.types(t) {
		for _, key := range words.WellKnownLabels() {
			r, defined := it.Requirements.Get(key)
			if !slices.Contains(others, key) && !defined {
				t.Errorf("%s does not define %s", it.Name, key)
			}
			if defined && r.Empty() && it.Requirements.Overlaps(requirement.All(requirement.Exists(key))) {
				t.Errorf("%s has no %s and matches a request for one", it.Name, key)
			}
		}
	}
}

// catalogueNamesReservations checks CP-051.
func catalogueNamesReservations(t testing.TB, c Cloud) {
	c.Reservations.Offer(t)
	key := c.words(t).ReservationIDLabel()
	if key == "" {
		t.Fatal("the provider has reservations, but no label for their IDs")
	}
	for _, it := range c.types(t) {
		for _, o := range it.Offerings {
			id, defined := o.Requirements.Get(key)
			_, single := id.Single()
			if !defined || single != (o.CapacityType() == label.Reserved) {
				t.Errorf("%s: offering %s", it.Name, o.Requirements)
			}
		}
	}
}

func catalogueIsCallers(t testing.TB, c Cloud) {
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			types, err := c.Provider.GetInstanceTypes(t.Context(), c.nodePool())
			if err != nil {
				t.Error(err)
				return
			}
			slices.Reverse(types)
			for _, it := range types {
				slices.Reverse(it.Offerings.Available())
				it.Allocatable()
			}
			clear(types)
		})
	}
	wg.Wait()
	first, second := c.types(t), c.types(t)
	if !slices.Equal(first, second) {
		t.Error("two answers differ")
	}
	if slices.Contains(second, nil) {
		t.Error("a caller's clearing shows in the next answer")
	}
}

func catalogueWithoutNodeClass(t testing.TB, c Cloud) {
	c.NodeClasses.Remove(t)
	if types, err := c.Provider.GetInstanceTypes(t.Context(), c.nodePool()); err == nil {
		t.Errorf("got %d types, want an error (CP-033)", len(types))
	}
}

func catalogueCostsNoCall(t testing.TB, c Cloud) {
	c.types(t)
	before := c.Machines.CloudCalls()
	for range 1000 {
		c.types(t)
	}
	if n := c.Machines.CloudCalls() - before; n != 0 {
		t.Errorf("1,000 answers cost %d calls", n)
	}
}

func catalogueAllocatable(t testing.TB, c Cloud) {
	for _, it := range c.types(t) {
		want := cloudprovider.AllocatableOf(it.Capacity, it.Overhead.Total())
		wantEqual(t, it.Name, it.Allocatable(), want)
		for _, o := range it.Offerings {
			if g := it.GroupOf(o); len(o.CapacityOverride) == 0 && o.OverheadOverride == nil {
				wantEqual(t, it.Name, g.Allocatable, want)
			}
		}
	}
}

func wantEqual(t testing.TB, name string, got, want corev1.ResourceList) {
	t.Helper()
	for resource, quantity := range want {
		if q := got[resource]; q.Cmp(quantity) != 0 {
			t.Errorf("%s: %s allocatable %s, want %s", name, resource, q.String(), quantity.String())
		}
	}
}

func catalogueFollowsEdit(t testing.TB, c Cloud) {
	zone := c.Edits.Edit(t)
	c.Edits.Resolve(t)
	for _, it := range c.types(t) {
		for _, o := range it.Offerings {
			if o.Zone() == zone && o.Available {
				t.Errorf("%s is still available in %s", it.Name, zone)
			}
		}
	}
}
