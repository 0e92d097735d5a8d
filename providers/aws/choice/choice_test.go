// SPDX-License-Identifier: Apache-2.0

package choice_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"pgregory.net/rapid"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/requirement"
	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/choice"
)

func open(string) bool { return true }

// offer is one offering, written "spot/a/0.5".
type offer struct {
	capacityType, zone string
	price              float64
	extra              []requirement.Requirement
	left               int
	gone               bool
	override           corev1.ResourceList
}

func (o offer) build() *cloudprovider.Offering {
	reqs := requirement.All(append([]requirement.Requirement{
		requirement.In(label.CapacityType, o.capacityType), requirement.In(label.Zone, o.zone),
	}, o.extra...)...)
	return &cloudprovider.Offering{Requirements: reqs, Price: o.price, Available: !o.gone, ReservationCapacity: o.left, CapacityOverride: o.override}
}

// reserved is an offering of a reservation with one machine left.
func reserved(zone, id, kind string, interruptible bool, price float64) offer {
	return offer{capacityType: label.Reserved, zone: zone, price: price, left: 1, extra: []requirement.Requirement{
		requirement.In(v1.LabelCapacityReservationID, id), requirement.In(v1.LabelCapacityReservationType, kind),
		requirement.In(v1.LabelCapacityReservationInterruptible, fmt.Sprint(interruptible)),
	}}
}

func holding(n int, o offer) offer {
	o.left = n
	return o
}

func machine(name string, offers ...offer) *cloudprovider.InstanceType {
	it := &cloudprovider.InstanceType{
		Name: name,
		Requirements: requirement.All(
			requirement.In(label.InstanceType, name), requirement.In(v1.LabelInstanceFamily, strings.Split(name, ".")[0]),
			requirement.In(v1.LabelPlacementGroupPartition, "1", "2", "3"),
		),
		Capacity: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("4"), corev1.ResourceMemory: resource.MustParse("8Gi")},
	}
	for _, o := range offers {
		it.Offerings = append(it.Offerings, o.build())
	}
	return it
}

func with(it *cloudprovider.InstanceType, name corev1.ResourceName, quantity string) *cloudprovider.InstanceType {
	it.Capacity[name] = resource.MustParse(quantity)
	return it
}

func spot(zone string, price float64) offer {
	return offer{capacityType: label.Spot, zone: zone, price: price}
}
func onDemand(zone string, price float64) offer {
	return offer{capacityType: label.OnDemand, zone: zone, price: price}
}

func in(partition string, o offer) offer {
	o.extra = append(o.extra, requirement.In(v1.LabelPlacementGroupPartition, partition))
	return o
}

// text writes a choice as "spot: m5.large a=0.5 b=0.6, c5.large a=0.7".
func text(c choice.Choice) string {
	var list []string
	for _, candidate := range c.Candidates {
		line := candidate.Type.Name
		for _, o := range candidate.Offerings {
			line += fmt.Sprintf(" %s=%g%s", o.Zone(), o.Price, o.ReservationID(v1.LabelCapacityReservationID))
		}
		list = append(list, line)
	}
	return c.CapacityType + ": " + strings.Join(list, ", ")
}

const block = string(v1.CapacityReservationTypeCapacityBlock)

func TestOf(t *testing.T) {
	minTypes := requirement.Exists(label.InstanceType).WithMinValues(2)
	for _, tc := range []struct {
		name  string
		types cloudprovider.InstanceTypes
		reqs  []requirement.Requirement
		cpu   string
		best  bool // minValues do not bind
		off   bool // gate ReservedCapacity
		want  string
	}{
		{name: "CP-014: spot before on-demand, cheapest first", types: cloudprovider.InstanceTypes{
			machine("m5.large", spot("a", 0.5), spot("b", 0.4), onDemand("a", 1)), machine("c5.large", spot("a", 0.3), onDemand("a", 0.9)),
		}, want: "spot: c5.large a=0.3, m5.large b=0.4 a=0.5"},
		{name: "CP-013: not what is unavailable", types: cloudprovider.InstanceTypes{
			machine("m5.large", offer{capacityType: label.Spot, zone: "a", price: 0.1, gone: true}, onDemand("a", 1)),
		}, want: "on-demand: m5.large a=1"},
		{name: "CP-013: an override group may fit where the base does not", cpu: "16", types: cloudprovider.InstanceTypes{
			machine("m5.large", onDemand("a", 1), offer{capacityType: label.OnDemand, zone: "b", price: 2, override: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("32")}}),
		}, want: "on-demand: m5.large b=2"},
		{name: "CP-013: nothing is left", cpu: "16", types: cloudprovider.InstanceTypes{machine("m5.large", onDemand("a", 1))}, want: ""},
		{name: "CP-015: spot not above the cheapest on demand", types: cloudprovider.InstanceTypes{
			machine("m5.large", spot("a", 0.8), spot("b", 1.0), spot("c", 1.1), onDemand("a", 2)), machine("c5.large", onDemand("a", 1)),
		}, want: "spot: m5.large a=0.8 b=1"},
		{name: "CP-015: no such limit with minValues", reqs: []requirement.Requirement{minTypes}, types: cloudprovider.InstanceTypes{
			machine("m5.large", spot("a", 0.8), spot("b", 1.1), onDemand("a", 2)), machine("c5.large", onDemand("a", 1)),
		}, want: "spot: m5.large a=0.8 b=1.1"},
		{name: "CP-015: no such limit where on-demand is not allowed", reqs: []requirement.Requirement{requirement.In(label.CapacityType, label.Spot)}, types: cloudprovider.InstanceTypes{
			machine("m5.large", spot("a", 3), onDemand("a", 1)),
		}, want: "spot: m5.large a=3"},
		{name: "AWS-438: on-demand that is cheaper than any spot", types: cloudprovider.InstanceTypes{
			machine("m5.large", spot("a", 0.8), onDemand("a", 0.5)), machine("c5.large", spot("a", 0.7), onDemand("a", 1)),
		}, want: "on-demand: m5.large a=0.5, c5.large a=1"},
		{name: "CP-015: exotic types only if nothing else remains", types: cloudprovider.InstanceTypes{
			machine("m5.metal-24xl", spot("a", 0.1)), with(machine("g5.xlarge", spot("a", 0.1)), v1.ResourceNVIDIAGPU, "1"),
			with(machine("m5.large", spot("a", 0.5)), v1.ResourceNVIDIAGPU, "0"),
		}, want: "spot: m5.large a=0.5"},
		{name: "CP-015: exotic types are all there is", types: cloudprovider.InstanceTypes{
			machine("m5.metal", spot("a", 0.2)), with(machine("inf2.xlarge", spot("a", 0.1)), v1.ResourceAWSNeuron, "1"),
		}, want: "spot: inf2.xlarge a=0.1, m5.metal a=0.2"},
		{name: "CP-015: exotic types count for minValues", reqs: []requirement.Requirement{minTypes}, types: cloudprovider.InstanceTypes{
			machine("m5.metal", spot("a", 0.2)), machine("m5.large", spot("a", 0.5)),
		}, want: "spot: m5.metal a=0.2, m5.large a=0.5"},
		{name: "CP-016: minValues that are not met", reqs: []requirement.Requirement{minTypes}, types: cloudprovider.InstanceTypes{machine("m5.large", spot("a", 0.5))}, want: ""},
		{name: "CP-016: minValues at best effort", best: true, reqs: []requirement.Requirement{minTypes}, types: cloudprovider.InstanceTypes{machine("m5.large", spot("a", 0.5))}, want: "spot: m5.large a=0.5"},
		{name: "AWS-280: reserved first, its kind with the lowest price", types: cloudprovider.InstanceTypes{
			machine("m5.large", reserved("a", "cr-1", "default", false, 0.002), spot("a", 0.0001)), machine("c5.large", reserved("b", "cr-2", "default", true, 0.001)),
		}, want: "reserved: c5.large b=0.001cr-2"},
		{name: "AWS-280: of equal prices the default kind", types: cloudprovider.InstanceTypes{
			machine("c5.large", reserved("b", "cr-2", "default", true, 0.001)), machine("m5.large", reserved("b", "cr-3", block, false, 0.001)), machine("m6i.large", reserved("a", "cr-1", "default", false, 0.001)),
		}, want: "reserved: m6i.large a=0.001cr-1"},
		{name: "AWS-280: a capacity block is one offering", types: cloudprovider.InstanceTypes{
			machine("p5.xlarge", holding(9, reserved("b", "cr-1", block, false, 0.002)), reserved("a", "cr-2", block, false, 0.001)), machine("p4.xlarge", reserved("b", "cr-3", block, false, 0.003)),
		}, want: "reserved: p5.xlarge a=0.001cr-2"},
		{name: "AWS-280: per type and zone the reservation with most room", types: cloudprovider.InstanceTypes{
			machine("m5.large", reserved("a", "cr-1", "default", false, 0.001), holding(5, reserved("a", "cr-2", "default", false, 0.001)), holding(2, reserved("b", "cr-3", "default", false, 0.001))),
		}, want: "reserved: m5.large a=0.001cr-2 a=0.001cr-1 b=0.001cr-3"},
		{name: "AWS-433: no reservations with the gate off", off: true, types: cloudprovider.InstanceTypes{
			machine("m5.large", reserved("a", "cr-1", "default", false, 0.001), onDemand("a", 1)),
		}, want: "on-demand: m5.large a=1"},
		{name: "AWS-362: one override for a type and zone, whatever the partitions", types: cloudprovider.InstanceTypes{
			machine("m5.large", in("1", onDemand("a", 1)), in("2", onDemand("a", 1)), in("3", onDemand("b", 1))),
		}, want: "on-demand: m5.large a=1 b=1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := choice.Request{Types: tc.types, Reservations: !tc.off, LaunchRequest: cloudprovider.LaunchRequest{Requirements: requirement.All(tc.reqs...), Open: open}}
			if tc.best {
				r.MinValues = requirement.BestEffortMinValues
			}
			if tc.cpu != "" {
				r.Resources = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(tc.cpu)}
			}
			got, err := choice.Of(r)
			if tc.want == "" {
				if !cloudprovider.IsInsufficientCapacityError(err) {
					t.Fatalf("got %s, %v: want an insufficient capacity error", text(got), err)
				}
				return
			}
			if err != nil || text(got) != tc.want {
				t.Errorf("got %q, %v\nwant %q", text(got), err, tc.want)
			}
		})
	}
}

// CP-016, CP-062: the cheapest types that can be bought in the way chosen are kept.
func TestTypesAreCut(t *testing.T) {
	var types cloudprovider.InstanceTypes
	for i := range 80 {
		types = append(types, machine(fmt.Sprintf("m5.%02dlarge", i), onDemand("a", float64(100-i))))
	}
	got, err := choice.Of(choice.Request{Types: types, LaunchRequest: cloudprovider.LaunchRequest{Open: open}})
	if err != nil || len(got.Candidates) != choice.MaxTypes || got.Candidates[0].Type.Name != "m5.79large" {
		t.Errorf("%d candidates, %v: %s", len(got.Candidates), err, text(got))
	}
}

// AWS-281, AWS-282, AWS-362.
func TestDetails(t *testing.T) {
	wide := func() cloudprovider.InstanceTypes {
		var types cloudprovider.InstanceTypes
		for i := range 5 {
			types = append(types, machine(fmt.Sprintf("m5.%dlarge", i), onDemand("a", 1)))
		}
		return types
	}
	partitions := cloudprovider.InstanceTypes{machine("m5.large", in("1", offer{capacityType: label.OnDemand, zone: "a", price: 1, gone: true}), in("2", onDemand("a", 1)), in("3", onDemand("a", 1)))}
	for _, tc := range []struct {
		name  string
		types cloudprovider.InstanceTypes
		reqs  []requirement.Requirement
		check func(choice.Choice) bool
	}{
		{"AWS-281: default without a requirement", wide(), nil, func(c choice.Choice) bool { return c.Tenancy == v1.TenancyDefault }},
		{"AWS-281: default if allowed", wide(), []requirement.Requirement{requirement.In(v1.LabelInstanceTenancy, "default", "dedicated")}, func(c choice.Choice) bool { return c.Tenancy == v1.TenancyDefault }},
		{"AWS-281: else dedicated", wide(), []requirement.Requirement{requirement.In(v1.LabelInstanceTenancy, "dedicated")}, func(c choice.Choice) bool { return c.Tenancy == v1.TenancyDedicated }},
		{"AWS-282: five types are flexible", wide(), nil, func(c choice.Choice) bool { return !c.Inflexible }},
		{"AWS-282: four are not", wide()[1:], nil, func(c choice.Choice) bool { return c.Inflexible }},
		{"AWS-282: unless spot was not wanted", wide()[1:], []requirement.Requirement{requirement.In(label.CapacityType, label.OnDemand)}, func(c choice.Choice) bool { return !c.Inflexible }},
		{"AWS-362: the cloud chooses a partition", partitions, nil, func(c choice.Choice) bool { return c.Partition == 0 }},
		{"AWS-362: all partitions allowed is no restriction", partitions, []requirement.Requirement{requirement.In(v1.LabelPlacementGroupPartition, "1", "2", "3")}, func(c choice.Choice) bool { return c.Partition == 0 }},
		{"AWS-362: the lowest allowed one that can be had", partitions, []requirement.Requirement{requirement.NotIn(v1.LabelPlacementGroupPartition, "3")}, func(c choice.Choice) bool { return c.Partition == 2 }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := choice.Of(choice.Request{Types: tc.types, LaunchRequest: cloudprovider.LaunchRequest{Requirements: requirement.All(tc.reqs...), Open: open}})
			if err != nil || !tc.check(got) {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

// What a choice offers is always available, allowed and of its capacity type, no type
// and zone twice, and arguments stay as they are (CP-009).
func TestChoicesAreSound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var types cloudprovider.InstanceTypes
		for i := range rapid.IntRange(0, 8).Draw(t, "types") {
			var offers []offer
			for _, zone := range []string{"a", "b"} {
				for _, ct := range []string{label.Spot, label.OnDemand} {
					if rapid.Bool().Draw(t, "sold") {
						offers = append(offers, offer{capacityType: ct, zone: zone, price: float64(rapid.IntRange(1, 5).Draw(t, "price")), gone: rapid.Bool().Draw(t, "gone")})
					}
				}
				if rapid.Bool().Draw(t, "reserved") {
					offers = append(offers, reserved(zone, "cr-"+zone, rapid.SampledFrom([]string{"default", block}).Draw(t, "kind"), rapid.Bool().Draw(t, "interruptible"), 0))
				}
			}
			types = append(types, machine(fmt.Sprintf("m5.%dlarge", i), offers...))
		}
		reqs := requirement.All()
		if rapid.Bool().Draw(t, "zonal") {
			reqs = requirement.All(requirement.In(label.Zone, "b"))
		}
		before := slices.Clone(types)
		got, err := choice.Of(choice.Request{Types: types, Reservations: rapid.Bool().Draw(t, "gate"), LaunchRequest: cloudprovider.LaunchRequest{Requirements: reqs, Open: open}})
		if !slices.Equal(before, types) {
			t.Fatal("the list of types was changed")
		}
		if err != nil {
			return
		}
		if len(got.Candidates) == 0 {
			t.Fatal("a choice without candidates")
		}
		for _, c := range got.Candidates {
			seen := map[string]bool{}
			for _, o := range c.Offerings {
				if !o.Available || !o.CompatibleWith(reqs, open) || o.CapacityType() != got.CapacityType || seen[o.Zone()] || !slices.Contains(c.Type.Offerings, o) {
					t.Fatalf("%s has %+v in %s", c.Type.Name, o, text(got))
				}
				seen[o.Zone()] = true
			}
			if len(seen) == 0 {
				t.Fatalf("%s has no offering", c.Type.Name)
			}
		}
		if (got.CapacityType == label.Reserved) != (got.Reservation != choice.Unreserved) {
			t.Fatalf("%s with reservation %d", got.CapacityType, got.Reservation)
		}
	})
}
