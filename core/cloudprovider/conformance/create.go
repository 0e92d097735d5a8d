// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"reflect"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/events"
)

func createRows() []row {
	return []row{
		{id: "CP-305", behaviour: "Create leaves its input unchanged", run: createLeavesInput},
		{id: "CP-306", behaviour: "NodeClass missing", run: createWithoutNodeClass},
		{id: "CP-306", behaviour: "NodeClass terminating", run: createWithTerminatingNodeClass},
		{id: "CP-306", behaviour: "NodeClass lookup fails", run: createWithBrokenLookup},
		{id: "CP-307", behaviour: "Ready False", run: createNotReady},
		{id: "CP-307/unknown", behaviour: "Ready Unknown", run: createReadyUnknown},
		{id: "CP-307/stale", behaviour: "Ready of an older generation", of: []Capability{"Edits"}, run: createReadyStale},
		{id: "CP-308", behaviour: "Create picks the cheapest", run: createPicksCheapest},
		{id: "CP-308", behaviour: "reserved before spot before on-demand", run: createPrefersCapacityType},
		{id: "CP-311", behaviour: "nothing launchable", run: createNothingLaunchable},
		{id: "CP-312", behaviour: "a capacity error marks its offering only", run: createMarksSoldOut},
		{id: "CP-313", behaviour: "an unavailable offering returns", run: unavailableReturns},
		{id: "CP-318", behaviour: "two Creates for one UID are one machine", run: createTwice},
	}
}

func createLeavesInput(t testing.TB, c Cloud) {
	nodeClaim := c.nodeClaim("input")
	before := nodeClaim.DeepCopy()
	c.create(t, nodeClaim)
	if !reflect.DeepEqual(nodeClaim, before) {
		t.Errorf("got %+v, want %+v", nodeClaim, before)
	}
}

func createWithoutNodeClass(t testing.TB, c Cloud) {
	c.NodeClasses.Remove(t)
	c.wantUnresolved(t)
}

func createWithTerminatingNodeClass(t testing.TB, c Cloud) {
	c.NodeClasses.Terminate(t)
	c.wantUnresolved(t)
}

func (c Cloud) wantUnresolved(t testing.TB) {
	t.Helper()
	_, err := c.Provider.Create(t.Context(), c.nodeClaim("unresolved"))
	wantClass(t, err, cloudprovider.ClassInsufficientCapacity)
	if !slices.Contains(c.NodeClasses.EventReasons(), events.NodeClassResolutionError) {
		t.Errorf("events %v, want %s (CP-010)", c.NodeClasses.EventReasons(), events.NodeClassResolutionError)
	}
}

func createWithBrokenLookup(t testing.TB, c Cloud) {
	c.NodeClasses.BreakLookup(t)
	_, err := c.Provider.Create(t.Context(), c.nodeClaim("broken"))
	wantClass(t, err, cloudprovider.ClassOther)
}

func createNotReady(t testing.TB, c Cloud) {
	c.NodeClasses.SetReady(t, "False", "the network is missing")
	_, err := c.Provider.Create(t.Context(), c.nodeClaim("not-ready"))
	wantClass(t, err, cloudprovider.ClassNodeClassNotReady)
	if err.Error() != "NodeClassRef not ready, the network is missing" {
		t.Errorf("got %q, want the condition's message", err)
	}
}

func createReadyUnknown(t testing.TB, c Cloud) {
	c.NodeClasses.SetReady(t, "Unknown", "")
	_, err := c.Provider.Create(t.Context(), c.nodeClaim("unknown"))
	wantClass(t, err, cloudprovider.ClassCreateError)
	if e, _ := cloudprovider.AsCreateError(err); e.Reason != cloudprovider.ReasonNodeClassUnknown || e.Message != "NodeClass is in Ready=Unknown" {
		t.Errorf("got %s: %s", e.Reason, e.Message)
	}
}

func createReadyStale(t testing.TB, c Cloud) {
	c.Edits.Edit(t)
	_, err := c.Provider.Create(t.Context(), c.nodeClaim("stale"))
	wantClass(t, err, cloudprovider.ClassNodeClassNotReady)
}

// createPicksCheapest asks for one capacity type, so that only the price counts.
func createPicksCheapest(t testing.TB, c Cloud) {
	types := c.types(t)
	nodeClaim := c.nodeClaim("cheapest", in(label.CapacityType, label.OnDemand))
	nodeClaim.Spec.Resources.Requests = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("3")}
	request, err := cloudprovider.LaunchRequestOf(nodeClaim, c.words(t))
	if err != nil {
		t.Fatal(err)
	}
	var all cloudprovider.Offerings
	for _, it := range types {
		all = append(all, it.Launchable(request)...)
	}
	if len(all) == 0 {
		t.Fatal("the catalogue sells no Linux machine with 3 CPUs on demand")
	}
	created := c.create(t, nodeClaim)
	bought := priceOf(t, types, identity(created))
	if bought != all.Cheapest().Price {
		t.Errorf("bought for %v, the cheapest is %v", bought, all.Cheapest().Price)
	}
}

func priceOf(t testing.TB, types []*cloudprovider.InstanceType, id [5]string) float64 {
	t.Helper()
	price, ok := cloudprovider.InstanceTypes(types).PriceOf(cloudprovider.RunningNode{InstanceType: id[1], Zone: id[2], CapacityType: id[3]})
	if !ok {
		t.Fatalf("bought %v, which is not on sale", id)
	}
	return price
}

func createPrefersCapacityType(t testing.TB, c Cloud) {
	it := c.mostCapacityTypes(t)
	want := it.Offerings.Available().PreferredCapacityType()
	created := c.create(t, c.nodeClaim("prefer-"+want, naming(it)))
	if got := created.Labels[label.CapacityType]; got != want {
		t.Errorf("%s: bought %s, want %s", it.Name, got, want)
	}
}

// mostCapacityTypes returns the first of the Linux types that can be had with most
// capacity types.
func (c Cloud) mostCapacityTypes(t testing.TB) *cloudprovider.InstanceType {
	t.Helper()
	var best *cloudprovider.InstanceType
	most := 0
	for _, it := range c.types(t) {
		capacityTypes := map[string]bool{}
		for _, o := range it.Offerings.Available() {
			capacityTypes[o.CapacityType()] = true
		}
		if os, _ := it.Requirements.Get(label.OS); os.Has("linux") && len(capacityTypes) > most {
			best, most = it, len(capacityTypes)
		}
	}
	if best == nil {
		t.Fatal("the catalogue has no Linux type that can be had")
	}
	return best
}

func createNothingLaunchable(t testing.TB, c Cloud) {
	nodeClaim := c.nodeClaim("nothing")
	nodeClaim.Spec.Resources.Requests = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("1000000")}
	before := c.Machines.Launches()
	_, err := c.Provider.Create(t.Context(), nodeClaim)
	wantClass(t, err, cloudprovider.ClassInsufficientCapacity)
	if c.Machines.Launches() != before {
		t.Error("asked the cloud for a machine that cannot be")
	}
}

// sellOutOne sells out an on-demand offering of some Linux type and returns it.
func (c Cloud) sellOutOne(t testing.TB) (*cloudprovider.InstanceType, *cloudprovider.Offering) {
	t.Helper()
	it, o := c.onDemand(t)
	c.Stock.SellOut(t, it, o)
	return it, o
}

func createMarksSoldOut(t testing.TB, c Cloud) {
	before := c.types(t)
	it, soldOut := c.sellOutOne(t)
	_, err := c.Provider.Create(t.Context(), c.nodeClaim("sold-out", naming(it),
		in(label.Zone, soldOut.Zone()), in(label.CapacityType, soldOut.CapacityType())))
	wantClass(t, err, cloudprovider.ClassInsufficientCapacity)
	c.wantMarked(t, "sold out", before, func(other *cloudprovider.InstanceType, o *cloudprovider.Offering) bool {
		return other.Name == it.Name && o.Requirements.Equal(soldOut.Requirements)
	})
}

func unavailableReturns(t testing.TB, c Cloud) {
	it, soldOut := c.sellOutOne(t)
	_, err := c.Provider.Create(t.Context(), c.nodeClaim("sold-out", naming(it),
		in(label.Zone, soldOut.Zone()), in(label.CapacityType, soldOut.CapacityType())))
	wantClass(t, err, cloudprovider.ClassInsufficientCapacity)
	c.Stock.Restock(t)
	c.Stock.Step(c.Stock.UnavailableFor)
	if o := offeringLike(c.types(t), it.Name, soldOut); o == nil || !o.Available {
		t.Error("still unavailable after its time")
	}
}

func createTwice(t testing.TB, c Cloud) {
	nodeClaim := c.nodeClaim("twice")
	first, second := c.create(t, nodeClaim), c.create(t, nodeClaim)
	if identity(first) != identity(second) {
		t.Errorf("got %v, then %v", identity(first), identity(second))
	}
	if n := c.Machines.Count(); n != 1 {
		t.Errorf("%d machines", n)
	}
}
