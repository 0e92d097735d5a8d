// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"cmp"
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/label"
)

// choiceRows are about what a launch buys, and what is learnt when it cannot.
func choiceRows() []row {
	return []row{
		{id: "CP-309", behaviour: "overlaid prices decide", of: []Capability{"Overlays"}, run: createFollowsOverlay},
		{id: "CP-310", behaviour: "a NodeClaim that fits an override group only", of: []Capability{"Overrides"}, run: createUsesOverride},
		{id: "CP-314", behaviour: "an error marks exactly its scope", of: []Capability{"Scopes"}, anew: errorsMarkTheirScope},
		{id: "CP-315", behaviour: "truncation keeps minValues", of: []Capability{"Truncation"}, run: truncationKeepsMinValues},
		{id: "CP-317", behaviour: "a vanished template is made again once", of: []Capability{"Templates"}, run: templateVanishes},
	}
}

// cheapest returns the Linux type with the cheapest available on-demand offering
// and a dearer one.
func (c Cloud) cheapestAndDearer(t testing.TB) (cheap, dear *cloudprovider.InstanceType) {
	t.Helper()
	var price, dearPrice float64
	for _, it := range c.types(t) {
		os, _ := it.Requirements.Get(label.OS)
		o := it.Offerings.Available().OfCapacityType(label.OnDemand).Cheapest()
		if !os.Has("linux") || o == nil {
			continue
		}
		if cheap == nil || o.Price < price {
			cheap, price = it, o.Price
		}
		if dear == nil || o.Price > dearPrice {
			dear, dearPrice = it, o.Price
		}
	}
	if cheap == nil || cheap == dear {
		t.Fatal("the catalogue has no two Linux types of different prices on demand")
	}
	return cheap, dear
}

func createFollowsOverlay(t testing.TB, c Cloud) {
	cheap, dear := c.cheapestAndDearer(t)
	nodeClaim := c.nodeClaim("overlaid", naming(cheap, dear), in(label.CapacityType, label.OnDemand))
	c.Overlays.Price(t, nodeClaim, cheap.Name, 1e6) // CP-017
	if got := c.create(t, nodeClaim).Labels[label.InstanceType]; got != dear.Name {
		t.Errorf("bought %s, want %s, which the overlay makes the cheapest", got, dear.Name)
	}
}

// overriding returns the override group of a type that has more of some resource
// than the type itself, and that resource.
func (c Cloud) overriding(t testing.TB, name string) (cloudprovider.AllocatableGroup, corev1.ResourceName) {
	t.Helper()
	for _, it := range c.types(t) {
		for _, g := range it.Groups()[1:] {
			for resource, quantity := range g.Allocatable {
				if base := it.Allocatable()[resource]; it.Name == name && quantity.Cmp(base) > 0 {
					return g, resource
				}
			}
		}
	}
	t.Fatalf("%s has no override group with more than the type", name)
	return cloudprovider.AllocatableGroup{}, ""
}

func createUsesOverride(t testing.TB, c Cloud) {
	name := c.Overrides.Offer(t)
	group, more := c.overriding(t, name)
	nodeClaim := c.nodeClaim("override", in(label.InstanceType, name))
	nodeClaim.Spec.Resources.Requests = corev1.ResourceList{more: group.Allocatable[more]}
	created := c.create(t, nodeClaim)
	got, want := created.Status.Allocatable[more], group.Allocatable[more]
	if got.Cmp(want) != 0 {
		t.Errorf("%s allocatable %s, want %s of the override (CP-019)", more, got.String(), want.String())
	}
}

func errorsMarkTheirScope(t testing.TB, start func() Cloud) {
	for i := range start().Scopes.Faults {
		c := start()
		fault, before := c.Scopes.Faults[i], c.types(t)
		it, o := c.offered(t, cmp.Or(fault.CapacityType, label.OnDemand))
		fault.Provoke(t, it, o)
		_, err := c.Provider.Create(t.Context(), c.nodeClaim("scope", naming(it), in(label.Zone, o.Zone()), in(label.CapacityType, o.CapacityType())))
		wantClass(t, err, cloudprovider.ClassInsufficientCapacity)
		c.wantMarked(t, fault.Name, before, fault.Covers)
	}
}

// wantMarked fails unless just what is covered has become unavailable since the
// answer before.
func (c Cloud) wantMarked(t testing.TB, fault string, before []*cloudprovider.InstanceType, covers func(*cloudprovider.InstanceType, *cloudprovider.Offering) bool) {
	t.Helper()
	after := c.types(t)
	for _, it := range before {
		for _, o := range it.Offerings {
			want := o.Available && !covers(it, o)
			if now := offeringLike(after, it.Name, o); now == nil || now.Available != want || now.Price != o.Price {
				t.Errorf("%s: %s %s is now %+v, want available %t at %v", fault, it.Name, o.Requirements, now, want, o.Price)
			}
		}
	}
}

// onDemand returns an available on-demand offering of a Linux type that has another.
func (c Cloud) onDemand(t testing.TB) (*cloudprovider.InstanceType, *cloudprovider.Offering) {
	t.Helper()
	return c.offered(t, label.OnDemand)
}

// offered returns an available offering of a capacity type of a Linux type that has
// another.
func (c Cloud) offered(t testing.TB, capacityType string) (*cloudprovider.InstanceType, *cloudprovider.Offering) {
	t.Helper()
	for _, it := range c.types(t) {
		os, _ := it.Requirements.Get(label.OS)
		if offerings := it.Offerings.Available().OfCapacityType(capacityType); os.Has("linux") && len(offerings) > 1 {
			return it, offerings[0]
		}
	}
	t.Fatalf("the catalogue has no Linux type with two %s offerings", capacityType)
	return nil, nil
}

func truncationKeepsMinValues(t testing.TB, c Cloud) {
	limit := c.Truncation.Limit()
	var names []string
	for _, it := range c.types(t) {
		names = append(names, it.Name)
	}
	if len(names) <= limit {
		t.Fatalf("%d types are not more than the limit of %d", len(names), limit)
	}
	strict := c.nodeClaim("min-values", v1.NodeSelectorRequirementWithMinValues{
		Key: label.InstanceType, Operator: v1.OperatorIn, Values: names, MinValues: new(limit + 1),
	})
	_, err := c.Provider.Create(t.Context(), strict)
	wantClass(t, err, cloudprovider.ClassInsufficientCapacity)
	c.Truncation.BestEffort(t)
	c.create(t, strict)
}

func templateVanishes(t testing.TB, c Cloud) {
	c.create(t, c.nodeClaim("before"))
	c.Templates.Vanish(t)
	before := c.Machines.Count()
	c.create(t, c.nodeClaim("after"))
	if n := c.Machines.Count() - before; n != 1 {
		t.Errorf("%d machines for one NodeClaim", n)
	}
}

// many asks for machines at once, and lets batches end until all are answered.
func (c Cloud) many(t testing.TB, n int, ctxOf func(i int) callContext) []answer {
	t.Helper()
	answers := make(chan answer, n)
	for i := range n {
		go func() {
			nodeClaim := c.nodeClaim(fmt.Sprintf("batch-%d", i))
			nodeClaim.Spec.Resources.Requests = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("100m")}
			created, err := c.Provider.Create(ctxOf(i).Context, nodeClaim)
			answers <- answer{i, created, err}
		}()
	}
	var out []answer
	for len(out) < n {
		select {
		case a := <-answers:
			out = append(out, a)
		default:
			c.Batching.Turn()
		}
	}
	return out
}
