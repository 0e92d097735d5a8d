// SPDX-License-Identifier: Apache-2.0

package intake_test

import (
	"fmt"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/fake"
	"karpenter.sh/core/engine/bitset"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/core/intake"
)

// reserved is a type sold through one reservation only.
func reserved(id string, capacity int) *cloudprovider.InstanceType {
	it := instanceType("m", "amd64")
	rs := requirement.All(requirement.In(label.Zone, "a"), requirement.In(label.CapacityType, label.Reserved))
	if id != "" {
		rs = rs.With(requirement.In(fake.LabelReservationID, id))
	}
	it.Offerings = cloudprovider.Offerings{{Requirements: rs, Price: 1, Available: true, ReservationCapacity: capacity}}
	return it
}

// SCH-210, SCH-211, EXT-155: which reserved offerings are on sale, and what is known of
// their reservations.
func TestReservedOfferings(t *testing.T) {
	for _, tc := range []struct {
		why  string
		gate bool
		it   *cloudprovider.InstanceType
		want string
	}{
		{"SCH-211 with its capacity", true, reserved("r", 3), "on sale [r:3]"},
		{"SCH-211 without room", true, reserved("r", 0), "not on sale [r:0]"},
		{"SCH-211 without an ID", true, reserved("", 3), "not on sale []"},
		{"SCH-211 an ordinary offering", true, instanceType("m", "amd64"), "on sale []"},
		{"SCH-210 with the gate off it is ordinary", false, reserved("r", 0), "on sale []"},
		{"SCH-210 whatever it lacks", false, reserved("", 3), "on sale []"},
	} {
		t.Run(tc.why, func(t *testing.T) {
			c := intake.New(intake.Options{Vocabulary: fake.Vocabulary(), Reservations: tc.gate})
			catalogue := c.Catalogue([]*cloudprovider.InstanceType{tc.it})
			got := "not on sale"
			if !catalogue.Offered(nil, bitset.Full(1000)).Variants.Empty() {
				got = "on sale"
			}
			known := []string{}
			for _, r := range catalogue.Reservations() {
				known = append(known, fmt.Sprintf("%s:%d", c.Vocabulary().ValueName(r.ID.Key, r.ID.Value), r.Capacity))
			}
			if got = fmt.Sprint(got, " ", known); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

// SCH-211: what a NodeClaim that is not launched may take.
func TestHeld(t *testing.T) {
	requirement := func(key string, values ...string) *v1.NodeClaim {
		nc := &v1.NodeClaim{}
		nc.Spec.Requirements = []v1.NodeSelectorRequirementWithMinValues{{Key: key, Operator: corev1.NodeSelectorOpIn, Values: values}}
		return nc
	}
	for _, tc := range []struct {
		why  string
		gate bool
		nc   *v1.NodeClaim
		want []string
	}{
		{"one of each", true, requirement(fake.LabelReservationID, "r", "s"), []string{"r", "s"}},
		{"nothing with the gate off", false, requirement(fake.LabelReservationID, "r"), nil},
		{"nothing if it is bound to none", true, requirement(label.Zone, "r"), nil},
	} {
		t.Run(tc.why, func(t *testing.T) {
			c := intake.New(intake.Options{Vocabulary: fake.Vocabulary(), Reservations: tc.gate})
			var got []string
			for _, id := range c.Held(tc.nc) {
				got = append(got, c.Vocabulary().ValueName(id.Key, id.Value))
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("got %v", got)
			}
		})
	}
}
