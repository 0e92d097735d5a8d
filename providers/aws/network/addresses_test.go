// SPDX-License-Identifier: Apache-2.0

package network_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/internal/simtest"
	"karpenter.sh/providers/aws/network"
	cloudaws "karpenter.sh/test/cloudsim/aws"
)

// twoInOneZone are a1 and a2 in zone a, a2 the larger, and b1 in zone b. A /27 has 27
// free addresses, a /28 has 11.
func twoInOneZone(o *simtest.Options) {
	o.Cloud.Setup.Subnets = []cloudaws.Subnet{
		{ID: "subnet-a1", Zone: "us-west-2a", CIDR: "10.0.0.0/28"},
		{ID: "subnet-a2", Zone: "us-west-2a", CIDR: "10.0.1.0/27"},
		{ID: "subnet-b1", Zone: "us-west-2b", CIDR: "10.0.2.0/28"},
	}
}

func allThree() *v1.EC2NodeClass {
	return nodeClass(v1.SubnetSelectorTerm{ID: "subnet-a1"}, v1.SubnetSelectorTerm{ID: "subnet-a2"}, v1.SubnetSelectorTerm{ID: "subnet-b1"})
}

const zoneA, zoneB = "us-west-2a", "us-west-2b"

func (w *world) free(t *testing.T, subnet string, want int64) {
	t.Helper()
	if got, known := w.addresses.Free(subnet); !known || got != want {
		t.Errorf("%s has %d free addresses (known: %v), want %d", subnet, got, known, want)
	}
}

// AWS-131, AWS-132: a launch is given the subnet with most free addresses, and counts
// until a reading that must have seen it.
func TestInFlight(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0, twoInOneZone)
	subnets := w.list(t, allThree())
	needs := network.Needs{zoneA: 18, zoneB: 10}
	if got := fmt.Sprint(w.addresses.Reserve("first", subnets, needs)); got != "map[us-west-2a:subnet-a2 us-west-2b:subnet-b1]" {
		t.Fatalf("chosen: %s", got)
	}
	w.free(t, "subnet-a2", 9)
	w.free(t, "subnet-b1", 1)
	if got := w.addresses.Choose(subnets, network.Needs{zoneA: 10}); got[zoneA] != "subnet-a1" {
		t.Errorf("the next launch would be given %v", got)
	}

	w.addresses.Settle("first", map[string]int64{"subnet-a2": 20})
	w.free(t, "subnet-a2", 7)
	w.free(t, "subnet-b1", 11) // the one not used gets back what was reserved

	w.Step(time.Minute) // a reading so soon may not have seen what pods take
	w.list(t, allThree())
	w.free(t, "subnet-a2", 7)
	w.Step(time.Minute)
	w.list(t, allThree())
	w.free(t, "subnet-a2", 27)

	w.addresses.Reserve("second", subnets, needs)
	w.addresses.Release("second")
	w.free(t, "subnet-a2", 27)
	w.free(t, "subnet-b1", 11)
}

// AWS-131: a launch whose outcome nobody knows outlasts readings, but not for ever.
func TestLostOutcome(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0, twoInOneZone)
	w.addresses.Reserve("lost", w.list(t, allThree()), network.Needs{zoneA: 18})
	for range 14 {
		w.Step(time.Minute)
		w.list(t, allThree())
	}
	w.free(t, "subnet-a2", 9)
	w.Step(time.Minute)
	w.list(t, allThree())
	w.free(t, "subnet-a2", 27)
}

// AWS-131: an exhausted subnet has no address until DescribeSubnets says otherwise.
func TestExhausted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0, twoInOneZone)
	subnets := w.list(t, allThree())
	w.addresses.Exhausted("subnet-a2")
	w.free(t, "subnet-a2", 0)
	if got := w.addresses.Choose(subnets, network.Needs{zoneA: 1}); got[zoneA] != "subnet-a1" {
		t.Errorf("chosen: %v", got)
	}
	w.Step(time.Minute)
	w.list(t, allThree())
	w.free(t, "subnet-a2", 27)
}

// AWS-132: the first in the order of the status wins a tie, and zones that are not
// asked about are left out.
func TestTies(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0, twoInOneZone)
	w.list(t, allThree())
	same := []v1.Subnet{{ID: "subnet-b1", Zone: "z"}, {ID: "subnet-a1", Zone: "z"}, {ID: "subnet-a2", Zone: "other"}}
	if got := fmt.Sprint(w.addresses.Choose(same, network.Needs{"z": 1, "without subnets": 1})); got != "map[z:subnet-b1]" {
		t.Errorf("chosen: %s", got)
	}
}

// AWS-432: a zone without a subnet with room is full until a refresh shows room.
func TestFull(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0, twoInOneZone)
	subnets := w.list(t, allThree())
	full := func(want string, needs network.Needs) {
		t.Helper()
		if got := fmt.Sprint(w.addresses.Full(subnets, needs)); got != want {
			t.Errorf("full: %s, want %s", got, want)
		}
	}
	full("[]", network.Needs{zoneA: 27, zoneB: 11})
	full("[us-west-2b]", network.Needs{zoneA: 12, zoneB: 12}) // a1 has too few, a2 has not
	full("[us-west-2a us-west-2b]", network.Needs{zoneA: 28, zoneB: 12, "without subnets": 5})
	w.addresses.Reserve("first", subnets, network.Needs{zoneB: 5})
	full("[us-west-2b]", network.Needs{zoneB: 7}) // less what is in flight
	if got := w.addresses.Reserve("second", subnets, network.Needs{zoneB: 7}); len(got) != 0 {
		t.Errorf("a launch was given %v", got)
	}
	w.addresses.Release("first")
	full("[]", network.Needs{zoneB: 7})

	w.addresses.Exhausted("subnet-b1")
	full("[us-west-2b]", network.Needs{zoneB: 1})
	w.Step(time.Minute)
	w.list(t, allThree())
	full("[]", network.Needs{zoneB: 1})
}

// AWS-131: readings are kept for the longer of five minutes and the refresh interval
// plus four. A subnet without reading is not full.
func TestRetention(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ interval, kept time.Duration }{
		{0, 5 * time.Minute}, {time.Minute, 5 * time.Minute}, {10 * time.Minute, 14 * time.Minute},
	} {
		t.Run(fmt.Sprintf("AWS-131 interval %s", test.interval), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, test.interval, twoInOneZone)
			subnets := w.list(t, allThree())
			w.Step(test.kept - 1)
			w.free(t, "subnet-a2", 27)
			w.Step(1)
			if got, known := w.addresses.Free("subnet-a2"); known {
				t.Errorf("%d free addresses after %s", got, test.kept)
			}
			if got := w.addresses.Full(subnets, network.Needs{zoneA: 1000}); got != nil {
				t.Errorf("full without a reading: %v", got)
			}
		})
	}
}

// AWS-131, AWS-432: how many addresses a machine takes.
func TestDemand(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		demand network.Demand
		want   int64
	}{
		"AWS-432 the instance alone":               {network.Demand{Capacity: 29, Asked: 4}, 1},
		"AWS-131 the instance and its pods":        {network.Demand{Capacity: 29, PodsTakeAddresses: true}, 30},
		"AWS-131 not more pods than are asked for": {network.Demand{Capacity: 737, Asked: 12, PodsTakeAddresses: true}, 13},
		"AWS-131 not more pods than fit":           {network.Demand{Capacity: 4, Asked: 12, PodsTakeAddresses: true}, 5},
		"AWS-131 no room for pods":                 {network.Demand{Capacity: -1, PodsTakeAddresses: true}, 1},
		"AWS-131 no overflow":                      {network.Demand{Capacity: math.MaxInt64, PodsTakeAddresses: true}, math.MaxInt64},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := test.demand.Addresses(); got != test.want {
				t.Errorf("%d addresses, want %d", got, test.want)
			}
		})
	}
}

// AWS-432: when pods get addresses of their machine's subnet.
func TestPodsTakeAddresses(t *testing.T) {
	t.Parallel()
	plugin := func(env ...corev1.EnvVar) *appsv1.DaemonSet {
		ds := &appsv1.DaemonSet{}
		ds.Spec.Template.Spec.Containers = []corev1.Container{{Name: "aws-node", Env: env}, {Name: "agent"}}
		return ds
	}
	const custom = "AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG"
	for name, test := range map[string]struct {
		plugin *appsv1.DaemonSet
		ipv6   bool
		want   bool
	}{
		"AWS-432 the VPC plugin":                      {plugin: plugin(), want: true},
		"AWS-432 another plugin":                      {},
		"AWS-432 an IPv6 cluster":                     {plugin: plugin(), ipv6: true},
		"AWS-432 custom networking":                   {plugin: plugin(corev1.EnvVar{Name: custom, Value: "true"})},
		"AWS-432 custom networking, switched off":     {plugin: plugin(corev1.EnvVar{Name: custom, Value: "false"}), want: true},
		"AWS-432 another setting that is switched on": {plugin: plugin(corev1.EnvVar{Name: "ENABLE_POD_ENI", Value: "true"}), want: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := network.NewPlugin(test.ipv6)
			if p.See(test.plugin); p.PodsTakeAddresses() != test.want {
				t.Errorf("got %t", p.PodsTakeAddresses())
			}
			if p.See(nil); p.PodsTakeAddresses() {
				t.Error("the plugin is gone")
			}
		})
	}
}
