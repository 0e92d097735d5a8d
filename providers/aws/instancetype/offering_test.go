// SPDX-License-Identifier: Apache-2.0

package instancetype_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/address"
	"karpenter.sh/core/cloudprovider/kit/catalogue"
	"karpenter.sh/core/cloudprovider/kit/health"
	"karpenter.sh/core/cloudprovider/kit/price"
	"karpenter.sh/core/engine/label"
	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/placement"
)

// names of the available offerings: capacity type, zone, and what else sets them apart.
func available(it *cloudprovider.InstanceType) []string {
	var out []string
	for _, o := range it.Offerings.Available() {
		name := o.CapacityType() + "/" + o.Zone()
		for _, key := range []string{v1.LabelPlacementGroupPartition, v1.LabelCapacityReservationID} {
			if value := o.Value(key); value != "" {
				name += "/" + value
			}
		}
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

func expect(t *testing.T, it *cloudprovider.InstanceType, want ...string) {
	t.Helper()
	if got := available(it); !slices.Equal(got, want) {
		t.Errorf("available %v, want %v", got, want)
	}
}

func all() []string { return []string{"on-demand/a", "on-demand/b", "spot/a", "spot/b"} }

// AWS-230, CP-050 to CP-052: one offering for each zone of the region and capacity
// type; what cannot be used is there, unavailable.
func TestOfferings(t *testing.T) {
	w := newWorld(t, one(m5large()))
	it := w.only(nodeClass())
	expect(t, it, all()...)
	if len(it.Offerings) != 6 {
		t.Errorf("%d offerings, want those of zone c too", len(it.Offerings))
	}
	for _, o := range it.Offerings {
		if id := o.Value(v1.LabelTopologyZoneID); id != map[string]string{"a": "z1", "b": "z2"}[o.Zone()] {
			t.Errorf("zone %s has ID %q", o.Zone(), id)
		}
		for _, key := range []string{v1.LabelCapacityReservationID, v1.LabelCapacityReservationType, v1.LabelCapacityReservationInterruptible} {
			check(t, o.Requirements, key, absent)
		}
		if o.Price != 2 {
			t.Errorf("price %v", o.Price)
		}
	}
}

// AWS-230: a zone that does not sell the type has unavailable offerings.
func TestNotSoldThere(t *testing.T) {
	w := newWorld(t, []ec2types.InstanceTypeInfo{m5large(), info("m5.xlarge", 4, 16384)}, func(w *world) {
		w.api.lacks = map[string][]string{"m5.large": {"b"}}
	})
	it := w.list(nodeClass(), nil)[0]
	expect(t, it, "on-demand/a", "spot/a")
	if len(it.Offerings) != 6 {
		t.Errorf("%d offerings", len(it.Offerings))
	}
}

// AWS-232, CP-066: without a price there is no offering to launch.
func TestNoPrice(t *testing.T) {
	w := newWorld(t, one(m5large()))
	before := w.only(nodeClass())
	_, err := w.book.Update(price.Update{Spot: map[price.Spot]float64{{InstanceType: "m5.large", Zone: "a"}: 0.5}})
	must(t, err)
	it := w.only(nodeClass())
	expect(t, it, "on-demand/a", "on-demand/b", "spot/a")
	if it == before || len(it.Offerings) != 6 {
		t.Error("the price is not seen")
	}
}

// AWS-235, AWS-236: marks of every scope, seen in the next listing and gone with their
// end.
func TestMarks(t *testing.T) {
	group := &placement.Group{ID: "pg-1", Strategy: "partition", Partitions: 2}
	parts := func(drop ...string) []string {
		var out []string
		for _, name := range all() {
			for _, p := range []string{"/1", "/2"} {
				if !slices.Contains(drop, name+p) {
					out = append(out, name+p)
				}
			}
		}
		return out
	}
	for name, tc := range map[string]struct {
		scope health.Scope
		group *placement.Group
		want  []string
	}{
		"AWS-235 offering":                     {health.Scope{CapacityType: "spot", InstanceType: "m5.large", Zone: "a"}, nil, []string{"on-demand/a", "on-demand/b", "spot/b"}},
		"AWS-235 another type":                 {health.Scope{CapacityType: "spot", InstanceType: "m5.xlarge", Zone: "a"}, nil, all()},
		"AWS-235 capacity type":                {health.Scope{CapacityType: "spot"}, nil, []string{"on-demand/a", "on-demand/b"}},
		"AWS-441 families of a quota by size":  {health.Scope{Family: "standard", MinVCPUs: 2, Zone: "b"}, nil, []string{"on-demand/a", "spot/a"}},
		"AWS-235 the only subnet of a zone":    {health.Scope{Network: "subnet-a"}, nil, []string{"on-demand/b", "spot/b"}},
		"AWS-235 one of two subnets":           {health.Scope{Network: "subnet-b"}, nil, all()},
		"AWS-235 plain mark in a group":        {health.Scope{CapacityType: "spot", InstanceType: "m5.large", Zone: "a"}, group, parts("spot/a/1", "spot/a/2")},
		"AWS-235 group":                        {health.Scope{CapacityType: "spot", InstanceType: "m5.large", Zone: "a", Place: "pg-1"}, group, parts("spot/a/1", "spot/a/2")},
		"AWS-235 partition":                    {health.Scope{CapacityType: "spot", InstanceType: "m5.large", Zone: "a", Place: "pg-1/2"}, group, parts("spot/a/2")},
		"AWS-235 group, seen without a group":  {health.Scope{CapacityType: "spot", InstanceType: "m5.large", Zone: "a", Place: "pg-1"}, nil, all()},
		"AWS-235 group, seen in another group": {health.Scope{InstanceType: "m5.large", Place: "pg-2"}, group, parts()},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, one(m5large()))
			c := nodeClass(func(c *v1.EC2NodeClass) {
				c.Status.Subnets = append(c.Status.Subnets, v1.Subnet{ID: "subnet-b2", Zone: "b", ZoneID: "z2"})
			})
			before := w.list(c, tc.group)[0]
			must(t, w.marks.Mark(health.Mark{Scope: tc.scope, Reason: "InsufficientInstanceCapacity", TTL: 3 * time.Minute}))
			expect(t, w.list(c, tc.group)[0], tc.want...)
			w.clock.SetTime(w.clock.Now().Add(3 * time.Minute))
			if after := w.list(c, tc.group)[0]; after != before {
				t.Error("after the mark's end the type is not what it was")
			}
		})
	}
}

// AWS-362: every offering is there once for each partition, reserved ones too.
func TestPartitions(t *testing.T) {
	w := newWorld(t, one(m5large()), func(w *world) { w.left.counts = map[string]int{"cr-1": 1} })
	c := nodeClass(reserve(v1.CapacityReservation{ID: "cr-1", InstanceType: "m5.large", AvailabilityZone: "a"}))
	it := w.list(c, &placement.Group{ID: "pg-1", Strategy: "partition", Partitions: 7})[0]
	if n := len(it.Offerings); n != 7*(6+1) {
		t.Errorf("%d offerings", n)
	}
	for i, o := range it.Offerings {
		for _, other := range it.Offerings[:i] {
			if o.Requirements.Equal(other.Requirements) {
				t.Fatalf("offering %s is there twice", o.Requirements)
			}
		}
	}
}

// AWS-352, CP-051, CP-065, CP-068: reserved offerings, and what is left of them.
func TestReservations(t *testing.T) {
	at := func(zone string, change ...func(*v1.CapacityReservation)) v1.CapacityReservation {
		r := v1.CapacityReservation{ID: "cr-1", InstanceType: "m5.large", AvailabilityZone: zone, InstanceMatchCriteria: "targeted", OwnerID: "111122223333"}
		for _, f := range change {
			f(&r)
		}
		return r
	}
	expiring := func(r *v1.CapacityReservation) { r.State = v1.CapacityReservationStateExpiring }
	for name, tc := range map[string]struct {
		reservation v1.CapacityReservation
		left        int
		available   bool
	}{
		"AWS-352 room":                  {at("a"), 3, true},
		"AWS-352 none left":             {at("a"), 0, false},
		"AWS-352 expiring":              {at("a", expiring), 3, false},
		"CP-052 no subnet in its zone":  {at("c"), 3, false},
		"CP-068 less than none is none": {at("a"), -1, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, one(m5large()), func(w *world) { w.left.counts = map[string]int{"cr-1": tc.left} })
			it := w.only(nodeClass(reserve(tc.reservation, tc.reservation)))
			reserved := it.Offerings.OfCapacityType(label.Reserved)
			if len(reserved) != 1 {
				t.Fatalf("%d reserved offerings", len(reserved))
			}
			o := reserved[0]
			if o.Available != tc.available || o.ReservationCapacity != max(tc.left, 0) {
				t.Errorf("available %t with %d left", o.Available, o.ReservationCapacity)
			}
			if o.Price != 2.0/10_000_000 {
				t.Errorf("price %v", o.Price)
			}
			check(t, o.Requirements, v1.LabelCapacityReservationID, "cr-1")
			check(t, o.Requirements, v1.LabelCapacityReservationType, "default")
			check(t, o.Requirements, v1.LabelCapacityReservationInterruptible, "false")
			if tc.left <= 0 {
				return
			}
			w.left.counts["cr-1"], w.left.generation = tc.left-1, 1
			now := w.only(nodeClass(reserve(tc.reservation))).Offerings.OfCapacityType(label.Reserved)[0]
			if now.ReservationCapacity != tc.left-1 {
				t.Errorf("after a launch %d left", now.ReservationCapacity)
			}
		})
	}
}

// AWS-433: with the gate off nothing is reserved.
func TestReservationsOff(t *testing.T) {
	w := newWorld(t, one(m5large()), func(w *world) { w.options.Reservations = nil })
	it := w.only(nodeClass(reserve(v1.CapacityReservation{ID: "cr-1", InstanceType: "m5.large", AvailabilityZone: "a"})))
	if len(it.Offerings) != 6 {
		t.Errorf("%d offerings", len(it.Offerings))
	}
	check(t, it.Requirements, v1.LabelCapacityReservationID, absent)
	check(t, it.Requirements, v1.LabelCapacityReservationType, absent)
}

// A type that is only sold in capacity blocks has what is reserved of it.
func TestCapacityBlockOnly(t *testing.T) {
	w := newWorld(t, one(m5large(func(i *ec2types.InstanceTypeInfo) {
		i.SupportedUsageClasses = []ec2types.UsageClassType{ec2types.UsageClassTypeCapacityBlock}
	})), func(w *world) {
		w.left.counts = map[string]int{"cr-1": 1}
		w.api.lacks = map[string][]string{"m5.large": {"b", "c"}}
	})
	expect(t, w.only(nodeClass()))
	it := w.only(nodeClass(reserve(v1.CapacityReservation{ID: "cr-1", InstanceType: "m5.large", AvailabilityZone: "b"})))
	expect(t, it, "reserved/b/cr-1")
	if zones, _ := it.Requirements.Get(label.Zone); !zones.Has("b") {
		t.Errorf("zones %s", zones)
	}
}

// AWS-432: a zone whose subnets have no room for a machine with one pod is closed until a
// reading shows room, however many pods the types could hold.
func TestSubnetIsFull(t *testing.T) {
	var pool *address.Pool
	pods := true
	w := newWorld(t, []ec2types.InstanceTypeInfo{m5large(), info("m5.xlarge", 4, 16384)}, func(w *world) {
		pool = address.New(address.Options{Clock: w.clock})
		w.options.Addresses, w.options.PodAddresses = pool, func() bool { return pods }
	})
	c := nodeClass(kubelet(`{"maxPods":"vcpus * 100"}`)) // launches take addresses for what is asked only
	before := w.list(c, nil)
	expect(t, before[0], all()...)

	must(t, pool.Read(w.clock.Now(), []address.Network{{ID: "subnet-a", Free: 1}, {ID: "subnet-b", Free: 2}}))
	full := w.list(c, nil)
	for _, it := range full {
		expect(t, it, "on-demand/b", "spot/b")
	}
	pool.Reserve("launch", []address.Want{{Zone: "b", Networks: []string{"subnet-b"}, Need: 1}})
	expect(t, w.list(c, nil)[0])
	pool.Release("launch")
	pods = false // the network plugin was set up for subnets of the pods' own
	expect(t, w.list(c, nil)[0], all()...)
	pods = true
	if again := w.list(c, nil); again[0] != full[0] {
		t.Error("the same zones are closed, and the type is another")
	}
	must(t, pool.Read(w.clock.Now(), []address.Network{{ID: "subnet-a", Free: 2}}))
	if after := w.list(c, nil); !slices.Equal(after, before) {
		t.Error("with room again the types are not what they were")
	}
}

// AWS-432: without addresses for pods a machine takes one.
func TestSubnetIsFullOfMachines(t *testing.T) {
	pool := (*address.Pool)(nil)
	w := newWorld(t, one(m5large()), func(w *world) {
		pool = address.New(address.Options{Clock: w.clock})
		w.options.Addresses = pool
	})
	must(t, pool.Read(w.clock.Now(), []address.Network{{ID: "subnet-a", Free: 1}, {ID: "subnet-b", Free: 0}}))
	expect(t, w.only(nodeClass()), "on-demand/a", "spot/a")
}

// AWS-368: zones that traffic was shifted away from are closed.
func TestZonalShift(t *testing.T) {
	shifted := ""
	w := newWorld(t, one(m5large()), func(w *world) {
		w.options.Shifted = func(id string) bool { return id == shifted }
	})
	expect(t, w.only(nodeClass()), all()...)
	shifted = "z1"
	expect(t, w.only(nodeClass()), "on-demand/b", "spot/b")
	shifted = ""
	expect(t, w.only(nodeClass()), all()...)
}

// AWS-200, CP-033, CP-125: an empty or failed answer keeps what was there, and nothing
// loaded is an error.
func TestRefresh(t *testing.T) {
	broken := errors.New("no answer")
	w := newWorld(t, []ec2types.InstanceTypeInfo{m5large(), info("m5.xlarge", 4, 16384), info("m6g.large", 2, 8192, arm)}, func(w *world) { w.api.err = broken })
	ctx := context.Background()
	if _, err := w.provider.List(ctx, nodeClass(), nil); !errors.Is(err, catalogue.ErrNotLoaded) {
		t.Fatalf("before the first load: %v", err)
	}
	if _, err := w.provider.Machine(nodeClass(), "m5.large"); !errors.Is(err, catalogue.ErrNotLoaded) {
		t.Errorf("machine: %v", err)
	}
	if _, err := w.provider.Variables(nodeClass()); !errors.Is(err, catalogue.ErrNotLoaded) {
		t.Errorf("variables: %v", err)
	}
	if err := w.provider.Refresh(ctx); !errors.Is(err, broken) {
		t.Errorf("refresh: %v", err)
	}
	w.api.err = nil
	must(t, w.provider.Refresh(ctx))
	before := w.list(nodeClass(), nil)
	if len(before) != 3 {
		t.Fatalf("%d types", len(before))
	}

	w.api.err = broken
	if err := w.provider.Refresh(ctx); !errors.Is(err, broken) {
		t.Errorf("refresh: %v", err)
	}
	w.api.err = nil
	types, zones := w.api.types, w.api.zones
	for name, empty := range map[string]func(){
		"no types":     func() { w.api.types = nil },
		"no offerings": func() { w.api.types, w.api.zones = types, nil },
	} {
		empty()
		if err := w.provider.Refresh(ctx); !errors.Is(err, catalogue.ErrEmpty) {
			t.Errorf("%s: %v", name, err)
		}
		w.api.types, w.api.zones = types, zones
	}
	if after := w.list(nodeClass(), nil); !slices.Equal(before, after) {
		t.Error("the old catalogue was not kept")
	}

	// A new type leaves the others the objects they were.
	w.api.types = append(slices.Clone(types), info("c5.large", 2, 4096))
	w.book.SetShapes(nil)
	must(t, w.provider.Refresh(ctx))
	after := w.list(nodeClass(), nil)
	if len(after) != 4 || !slices.Equal(after[1:], before) {
		t.Errorf("%d types, or others than before", len(after))
	}
}

// AWS-200: what is asked for, and what is left out whatever the answer says.
func TestUnusableTypes(t *testing.T) {
	w := newWorld(t, []ec2types.InstanceTypeInfo{
		m5large(),
		info("pv.large", 2, 8192, func(i *ec2types.InstanceTypeInfo) {
			i.SupportedVirtualizationTypes = []ec2types.VirtualizationType{ec2types.VirtualizationTypeParavirtual}
		}),
		info("mac.metal", 12, 32768, func(i *ec2types.InstanceTypeInfo) {
			i.ProcessorInfo.SupportedArchitectures = []ec2types.ArchitectureType{ec2types.ArchitectureTypeX8664Mac}
		}),
		info("none.large", 2, 0),
	})
	if list := w.list(nodeClass(), nil); len(list) != 1 || list[0].Name != "m5.large" {
		t.Errorf("%d types", len(list))
	}
	var asked []string
	for _, f := range w.api.filters {
		asked = append(asked, *f.Name)
	}
	if !slices.Equal(asked, []string{"supported-virtualization-type", "processor-info.supported-architecture"}) {
		t.Errorf("filters %v", asked)
	}
}

// CP-035, CP-009: a steady state makes no call, gives the same objects, and the list is
// the caller's.
func TestSteadyState(t *testing.T) {
	w := newWorld(t, []ec2types.InstanceTypeInfo{m5large(), info("m5.xlarge", 4, 16384)})
	before, calls := w.list(nodeClass(), nil), w.api.calls
	kept := slices.Clone(before)
	slices.Reverse(before)
	if again := w.list(nodeClass(), nil); !slices.Equal(again, kept) {
		t.Error("the objects, or their order, are others")
	}
	if w.api.calls != calls {
		t.Errorf("%d calls", w.api.calls-calls)
	}
	must(t, w.provider.Refresh(context.Background())) // the same content
	other := nodeClass(func(c *v1.EC2NodeClass) { c.Name, c.UID, c.Spec.Tags = "other", "uid-2", map[string]string{"a": "b"} })
	for _, c := range []*v1.EC2NodeClass{nodeClass(), other} {
		if again := w.list(c, nil); !slices.Equal(again, kept) {
			t.Errorf("%s: equal content, other objects", c.Name)
		}
	}
	// What differs in images only has equal types, too.
	other.Status.AMIs = []v1.AMI{{ID: "ami-2"}}
	if again := w.list(other, nil); !slices.Equal(again, kept) {
		t.Error("another image made other objects")
	}
}
