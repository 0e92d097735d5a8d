// SPDX-License-Identifier: Apache-2.0

package instance_test

import (
	"fmt"
	"maps"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"karpenter.sh/core/engine/label"
	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/instance"
)

// AWS-323.
func TestCapacityType(t *testing.T) {
	reserved := func(preference types.CapacityReservationPreference, lifecycle types.InstanceLifecycleType) types.Instance {
		return types.Instance{
			CapacityReservationId: aws.String("cr-1"), InstanceLifecycle: lifecycle,
			CapacityReservationSpecification: &types.CapacityReservationSpecificationResponse{CapacityReservationPreference: preference},
		}
	}
	const only, open = types.CapacityReservationPreferenceCapacityReservationsOnly, types.CapacityReservationPreferenceOpen
	for _, tc := range []struct {
		name string
		in   types.Instance
		off  bool
		want instance.Instance
	}{
		{"on-demand", types.Instance{}, false, instance.Instance{CapacityType: label.OnDemand}},
		{"spot", types.Instance{SpotInstanceRequestId: aws.String("sir-1")}, false, instance.Instance{CapacityType: label.Spot}},
		{"reserved", reserved(only, ""), false, instance.Instance{CapacityType: label.Reserved, ReservationID: "cr-1", ReservationType: v1.CapacityReservationTypeDefault}},
		{"capacity block", reserved(only, types.InstanceLifecycleTypeCapacityBlock), false, instance.Instance{CapacityType: label.Reserved, ReservationID: "cr-1", ReservationType: v1.CapacityReservationTypeCapacityBlock}},
		{"interruptible", reserved(only, types.InstanceLifecycleTypeInterruptibleCapacityReservation), false, instance.Instance{CapacityType: label.Reserved, ReservationID: "cr-1", ReservationType: v1.CapacityReservationTypeDefault, Interruptible: true}},
		{"in an open reservation that it did not target", reserved(open, ""), false, instance.Instance{CapacityType: label.OnDemand}},
		{"with the gate off", reserved(only, ""), true, instance.Instance{CapacityType: label.OnDemand}},
		{"that has left its reservation", types.Instance{CapacityReservationSpecification: reserved(only, "").CapacityReservationSpecification}, false, instance.Instance{CapacityType: label.OnDemand}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := instance.FromEC2(tc.in, !tc.off)
			if got.CapacityType != tc.want.CapacityType || got.ReservationID != tc.want.ReservationID || got.ReservationType != tc.want.ReservationType || got.Interruptible != tc.want.Interruptible {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// AWS-376: what the network plugin or people attach later is no drift.
func TestSecurityGroups(t *testing.T) {
	group := func(ids ...string) []types.GroupIdentifier {
		var out []types.GroupIdentifier
		for _, id := range ids {
			out = append(out, types.GroupIdentifier{GroupId: aws.String(id)})
		}
		return out
	}
	attached := func(card, device int32, groups []types.GroupIdentifier) types.InstanceNetworkInterface {
		return types.InstanceNetworkInterface{Groups: groups, Attachment: &types.InstanceNetworkInterfaceAttachment{
			NetworkCardIndex: aws.Int32(card), DeviceIndex: aws.Int32(device),
		}}
	}
	for _, tc := range []struct {
		name string
		in   types.Instance
		want string
	}{
		{"those of the machine", types.Instance{SecurityGroups: group("sg-2", "sg-1"), NetworkInterfaces: []types.InstanceNetworkInterface{
			attached(0, 0, group("sg-1", "sg-2")), attached(0, 1, group("sg-pods")),
		}}, "[sg-1 sg-2]"},
		{"else those of its first interface", types.Instance{NetworkInterfaces: []types.InstanceNetworkInterface{
			attached(1, 0, group("sg-efa")), attached(0, 1, group("sg-pods")), attached(0, 0, group("sg-1")),
		}}, "[sg-1]"},
		{"none while it ends", types.Instance{}, "[]"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := fmt.Sprint(instance.FromEC2(tc.in, true).SecurityGroupIDs); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

// AWS-295
func TestProviderID(t *testing.T) {
	i := instance.Instance{ID: "i-0123456789abcdef0", Zone: "us-west-2a"}
	if i.ProviderID() != "aws:///us-west-2a/i-0123456789abcdef0" {
		t.Errorf("got %s", i.ProviderID())
	}
}

// CP-019, AWS-295, AWS-363.
func TestLabels(t *testing.T) {
	i := instance.Instance{
		ID: "i-1", Type: "m5.large", Zone: "z", ZoneID: "z1", CapacityType: label.OnDemand, Tenancy: "default",
		ReservationID: "cr-1", PlacementGroupID: "pg-1", Tags: map[string]string{v1.TagNodePool: "pool", v1.TagNodeClass: "c", "x": "y"},
	}
	want := map[string]string{
		label.InstanceType: "m5.large", label.Zone: "z", v1.LabelTopologyZoneID: "z1", label.CapacityType: label.OnDemand, label.NodePool: "pool",
		v1.LabelNodeClass: "c", v1.LabelInstanceTenancy: "default", v1.LabelPlacementGroupID: "pg-1",
	}
	check := func(name string, partitioned bool, more map[string]string) {
		t.Helper()
		all := maps.Clone(want)
		maps.Copy(all, more)
		if got := i.Labels(partitioned); !maps.Equal(got, all) {
			t.Errorf("%s: got %v", name, got)
		}
	}
	check("no reservation labels unless reserved", false, nil)
	check("a partition that is not known yet is empty", true, map[string]string{v1.LabelPlacementGroupPartition: ""})
	i.Partition = 2
	check("a partition", true, map[string]string{v1.LabelPlacementGroupPartition: "2"})
	i.CapacityType, i.ReservationType = label.Reserved, v1.CapacityReservationTypeDefault
	check("reserved", false, map[string]string{
		label.CapacityType: label.Reserved, v1.LabelCapacityReservationID: "cr-1", v1.LabelCapacityReservationType: "default", v1.LabelCapacityReservationInterruptible: "false",
	})
}
