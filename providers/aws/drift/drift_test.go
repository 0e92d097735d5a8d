// SPDX-License-Identifier: Apache-2.0

package drift_test

import (
	"context"
	"errors"
	"testing"
	"time"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	awsv1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/drift"
)

var errDown = errors.New("EC2 is down")

// inputs are those of an instance that has not drifted.
func inputs() drift.Inputs {
	in := drift.Inputs{
		NodeClaim: &v1.NodeClaim{}, NodeClass: &awsv1.EC2NodeClass{}, TypeListed: true, ImageID: "ami-1",
		Instance:         &drift.Instance{SubnetID: "subnet-2", SecurityGroupIDs: []string{"sg-2", "sg-1"}, CapacityType: "on-demand"},
		ReservedCapacity: true,
		Fresh:            func(context.Context) (drift.Instance, error) { return drift.Instance{}, errDown },
	}
	in.NodeClaim.Status.ImageID, in.NodeClaim.Status.ProviderID = "ami-1", "aws:///z/i-1"
	in.NodeClaim.Labels = map[string]string{}
	in.NodeClass.Status = awsv1.EC2NodeClassStatus{
		AMIs:                 []awsv1.AMI{{ID: "ami-1"}},
		Subnets:              []awsv1.Subnet{{ID: "subnet-1"}, {ID: "subnet-2"}},
		SecurityGroups:       []awsv1.SecurityGroup{{ID: "sg-1"}, {ID: "sg-2"}},
		CapacityReservations: []awsv1.CapacityReservation{{ID: "cr-1"}},
	}
	return in
}

// reserved puts the instance into a reservation by the caches and, looked at again, as
// it is then.
func reserved(in *drift.Inputs, id string, fresh drift.Instance, err error) {
	in.Instance.CapacityType, in.Instance.ReservationID = "reserved", id
	in.Fresh = func(context.Context) (drift.Instance, error) { return fresh, err }
}

// AWS-376: each difference alone.
func TestReasons(t *testing.T) {
	in2 := drift.Instance{CapacityType: "reserved", ReservationID: "cr-2"}
	for _, tc := range []struct {
		reason string
		change func(*drift.Inputs)
		want   cloudprovider.DriftReason
	}{
		{"nothing differs", func(*drift.Inputs) {}, ""},
		{"the hash", func(in *drift.Inputs) { in.Static = "NodeClassDrift" }, "NodeClassDrift"},
		{"the image", func(in *drift.Inputs) { in.ImageID = "ami-2" }, "AMIDrift"},
		{"a group more", func(in *drift.Inputs) {
			in.Instance.SecurityGroupIDs = append(in.Instance.SecurityGroupIDs, "sg-3")
		}, "SecurityGroupDrift"},
		{"a group fewer", func(in *drift.Inputs) { in.Instance.SecurityGroupIDs = []string{"sg-1"} }, "SecurityGroupDrift"},
		{"another group", func(in *drift.Inputs) { in.Instance.SecurityGroupIDs = []string{"sg-1", "sg-3"} }, "SecurityGroupDrift"},
		{"a group twice", func(in *drift.Inputs) { in.Instance.SecurityGroupIDs = []string{"sg-1", "sg-2", "sg-1"} }, ""},
		{"the subnet", func(in *drift.Inputs) { in.Instance.SubnetID = "subnet-3" }, "SubnetDrift"},
		{"a reservation that is selected", func(in *drift.Inputs) { reserved(in, "cr-1", drift.Instance{}, errDown) }, ""},
		{"a reservation that is not", func(in *drift.Inputs) { reserved(in, "cr-2", in2, nil) }, "CapacityReservationDrift"},
		{"it has left the reservation", func(in *drift.Inputs) { reserved(in, "cr-2", drift.Instance{CapacityType: "on-demand"}, nil) }, ""},
		{"it is in another one by now", func(in *drift.Inputs) {
			reserved(in, "cr-2", drift.Instance{CapacityType: "reserved", ReservationID: "cr-1"}, nil)
		}, ""},
		{"it is in an open one that it did not ask for", func(in *drift.Inputs) { in.Instance.ReservationID = "cr-2" }, ""},
		{"AWS-433 the gate is off", func(in *drift.Inputs) { reserved(in, "cr-2", in2, nil); in.ReservedCapacity = false }, ""},
		{"a placement group it is not in", func(in *drift.Inputs) { in.PlacementGroupID = "pg-1" }, "PlacementGroupDrift"},
		{"a placement group that is not asked for any more", func(in *drift.Inputs) { in.NodeClaim.Labels[awsv1.LabelPlacementGroupID] = "pg-1" }, "PlacementGroupDrift"},
		{"its placement group", func(in *drift.Inputs) {
			in.NodeClaim.Labels[awsv1.LabelPlacementGroupID], in.PlacementGroupID = "pg-1", "pg-1"
		}, ""},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			in := inputs()
			tc.change(&in)
			if got, err := drift.Of(t.Context(), in); err != nil || got != tc.want {
				t.Errorf("got %q, %v, want %q", got, err, tc.want)
			}
		})
	}
}

// AWS-376: of several differences the first in order.
func TestOrder(t *testing.T) {
	in := inputs()
	in.PlacementGroupID = "pg-1"
	steps := []struct {
		want   cloudprovider.DriftReason
		change func()
	}{
		{"PlacementGroupDrift", func() {}},
		{"CapacityReservationDrift", func() {
			reserved(&in, "cr-2", drift.Instance{CapacityType: "reserved", ReservationID: "cr-2"}, nil)
		}},
		{"SubnetDrift", func() { in.Instance.SubnetID = "subnet-3" }},
		{"SecurityGroupDrift", func() { in.Instance.SecurityGroupIDs = []string{"sg-3"} }},
		{"AMIDrift", func() { in.ImageID = "ami-2" }},
		{"NodeClassDrift", func() { in.Static = "NodeClassDrift" }},
	}
	for _, step := range steps {
		step.change()
		if got, err := drift.Of(t.Context(), in); err != nil || got != step.want {
			t.Errorf("got %q, %v, want %q", got, err, step.want)
		}
	}
}

// AWS-377, CP-037: what is missing is an error and never drift, whatever else differs.
func TestMissing(t *testing.T) {
	for reason, change := range map[string]func(*drift.Inputs){
		"type not listed":            func(in *drift.Inputs) { in.TypeListed = false },
		"no images":                  func(in *drift.Inputs) { in.NodeClass.Status.AMIs = nil },
		"no image for the type":      func(in *drift.Inputs) { in.ImageID = "" },
		"no subnets":                 func(in *drift.Inputs) { in.NodeClass.Status.Subnets = nil },
		"no groups":                  func(in *drift.Inputs) { in.NodeClass.Status.SecurityGroups = nil },
		"no image ID":                func(in *drift.Inputs) { in.NodeClaim.Status.ImageID = "" },
		"no provider ID":             func(in *drift.Inputs) { in.NodeClaim.Status.ProviderID = "" },
		"no instance":                func(in *drift.Inputs) { in.Instance = nil },
		"an instance without subnet": func(in *drift.Inputs) { in.Instance.SubnetID = "" },
		"an instance without groups": func(in *drift.Inputs) { in.Instance.SecurityGroupIDs = nil },
		"a group that is not resolved": func(in *drift.Inputs) {
			in.NodeClass.Spec.PlacementGroupSelector = &awsv1.PlacementGroupSelector{Name: new("group")}
		},
	} {
		in := inputs()
		in.Static = "NodeClassDrift"
		change(&in)
		if got, err := drift.Of(t.Context(), in); err == nil || got != "" {
			t.Errorf("%s: got %q, %v", reason, got, err)
		}
	}
	in := inputs()
	reserved(&in, "cr-2", drift.Instance{}, errDown)
	if got, err := drift.Of(t.Context(), in); !errors.Is(err, errDown) || got != "" {
		t.Errorf("the second look fails: got %q, %v", got, err)
	}
}

// AWS-378, CP-038
func TestRepairPolicies(t *testing.T) {
	want := map[string]time.Duration{
		"Ready=False": 30 * time.Minute, "Ready=Unknown": 30 * time.Minute, "AcceleratedHardwareReady=False": 10 * time.Minute,
		"StorageReady=False": 30 * time.Minute, "NetworkingReady=False": 30 * time.Minute,
		"KernelReady=False": 30 * time.Minute, "ContainerRuntimeReady=False": 30 * time.Minute,
	}
	got := drift.RepairPolicies()
	for _, p := range got {
		if d, ok := want[string(p.ConditionType)+"="+string(p.ConditionStatus)]; !ok || d != p.TolerationDuration {
			t.Errorf("got %+v, want %s", p, d)
		}
	}
	if len(got) != len(want) {
		t.Errorf("got %d policies", len(got))
	}
}
