// SPDX-License-Identifier: Apache-2.0

package instancetype_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"pgregory.net/rapid"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/health"
	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/failure"
)

// AWS-235, AWS-236, KIT-002: marks change the offerings that they cover and no others,
// types without such an offering are the very objects, and with the last mark gone all
// are.
func TestMarksChangeWhatTheyCover(t *testing.T) {
	w := newWorld(t, []ec2types.InstanceTypeInfo{
		m5large(), info("m5.xlarge", 4, 16384), info("c5.large", 2, 4096), info("c5.xlarge", 4, 8192), info("m6g.large", 2, 8192, arm, onDemandOnly),
	})
	c := nodeClass(func(c *v1.EC2NodeClass) {
		c.Status.Subnets = append(c.Status.Subnets, v1.Subnet{ID: "subnet-a2", Zone: "a", ZoneID: "z1"})
	})
	base := w.list(c, nil)
	pick := func(t *rapid.T, name string, values ...string) string {
		return rapid.SampledFrom(append(values, "")).Draw(t, name)
	}
	rapid.Check(t, func(t *rapid.T) {
		w.marks.Flush()
		var scopes []health.Scope
		for range rapid.IntRange(0, 4).Draw(t, "marks") {
			s := health.Scope{
				CapacityType: pick(t, "capacity type", "spot", "on-demand"),
				InstanceType: pick(t, "type", "m5.large", "c5.xlarge", "m6g.large", "x1.large"),
				Zone:         pick(t, "zone", "a", "b", "c"),
				Network:      pick(t, "network", "subnet-a", "subnet-a2", "subnet-b"),
				Family:       pick(t, "family", "standard", "g-vt"),
				Place:        pick(t, "place", "pg-1"),
			}
			if s.Family != "" {
				s.MinVCPUs = rapid.SampledFrom([]int64{0, 3, 100}).Draw(t, "vCPUs")
			}
			if w.marks.Mark(health.Mark{Scope: s, Reason: "R", TTL: time.Minute}) == nil {
				scopes = append(scopes, s)
			}
		}
		list, err := w.provider.List(context.Background(), c, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i, it := range list {
			changed := false
			for j, o := range it.Offerings {
				was := base[i].Offerings[j]
				want := was.Available && !covered(scopes, it, was)
				if o.Available != want {
					t.Fatalf("%s %s: available %t, want %t", it.Name, o.Requirements, o.Available, want)
				}
				if o.Available == was.Available && o != was {
					t.Fatalf("%s %s: not covered, and changed", it.Name, o.Requirements)
				}
				changed = changed || o != was
			}
			if (it == base[i]) == changed {
				t.Fatalf("%s: the base's object %t, changed %t", it.Name, it == base[i], changed)
			}
		}
		w.marks.Flush()
		if after, _ := w.provider.List(context.Background(), c, nil); !slices.Equal(after, base) {
			t.Fatal("without marks the types are not the base's")
		}
	})
}

// covered is what marks mean, spelled out.
func covered(scopes []health.Scope, it *cloudprovider.InstanceType, o *cloudprovider.Offering) bool {
	networks := map[string][]string{"a": {"subnet-a", "subnet-a2"}, "b": {"subnet-b"}}[o.Zone()]
	family := failure.QuotaGroup(it.Name)
	agrees := func(named, actual string) bool { return named == "" || named == actual }
	marked := map[string]bool{}
	for _, s := range scopes {
		if !agrees(s.CapacityType, o.CapacityType()) || !agrees(s.InstanceType, it.Name) || !agrees(s.Zone, o.Zone()) ||
			s.Family != "" && (family != s.Family || it.Capacity.Cpu().Value() < s.MinVCPUs) || s.Place != "" {
			continue
		}
		if s.Network == "" {
			return true
		}
		marked[s.Network] = true
	}
	return len(networks) > 0 && !slices.ContainsFunc(networks, func(n string) bool { return !marked[n] })
}

// AWS-200: every part of a NodeClass that types depend on gives types of its own; when
// reservations end is none.
func TestKeyOfANodeClass(t *testing.T) {
	w := newWorld(t, []ec2types.InstanceTypeInfo{m5large(), info("m5.xlarge", 4, 16384)})
	for name, change := range map[string]func(*v1.EC2NodeClass){
		"AWS-200 kubelet":      kubelet(`{"maxPods":1}`),
		"AWS-200 volumes":      volume("/dev/xvda", "33Gi", false),
		"AWS-236 family":       family(v1.AMIFamilyWindows2022),
		"AWS-200 zones":        func(c *v1.EC2NodeClass) { c.Status.Subnets = c.Status.Subnets[:1] },
		"AWS-200 zone IDs":     func(c *v1.EC2NodeClass) { c.Status.Subnets[0].ZoneID = "z9" },
		"AWS-200 reservations": reserve(v1.CapacityReservation{ID: "cr-1", InstanceType: "m5.large", AvailabilityZone: "a"}),
		"AWS-200 interfaces":   interfaces(on(0, 0, "interface"), on(0, 1, "efa-only")),
		"AWS-236 cpuOptions": func(c *v1.EC2NodeClass) {
			enabled := "enabled"
			c.Spec.CPUOptions = &v1.CPUOptions{NestedVirtualization: &enabled}
		},
		"AWS-200 selector": func(c *v1.EC2NodeClass) { c.Spec.PlacementGroupSelector = &v1.PlacementGroupSelector{} },
	} {
		t.Run(name, func(t *testing.T) {
			before, after := w.list(nodeClass(), nil), w.list(nodeClass(change), nil)
			if after[0] == before[0] {
				t.Error("the types are the same")
			}
			if again := w.list(nodeClass(), nil); !slices.Equal(again, before) {
				t.Error("changed back, the types are others")
			}
		})
	}
}

// CP-008: listing, marking, refreshing and observing at once.
func TestConcurrency(t *testing.T) {
	w := newWorld(t, sizes())
	ctx := context.Background()
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for j := range 20 {
				c := nodeClass(kubelet([]string{`{}`, `{"maxPods":"vcpus"}`, `{"maxPods":9}`}[(i+j)%3]), images("ami-1"))
				if list, err := w.provider.List(ctx, c, nil); err != nil || len(list) != 4 {
					t.Errorf("%d types, %v", len(list), err)
				}
				switch i {
				case 0:
					_ = w.marks.Mark(health.Mark{Scope: health.Scope{InstanceType: "m5.large"}, Reason: "R", TTL: time.Minute})
				case 1:
					w.marks.Flush()
				case 2:
					if err := w.provider.Refresh(ctx); err != nil {
						t.Error(err)
					}
				case 3:
					w.observe("m5.large", []string{"7700Mi", "7600Mi"}[j%2], "ami-1")
				}
			}
		})
	}
	all.Wait()
}
