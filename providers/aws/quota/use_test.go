// SPDX-License-Identifier: Apache-2.0

package quota

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

func fourOfXlarge(kind string) (int64, bool) { return 4, kind == "m5.xlarge" }

// AWS-449: which instances count, and as how much.
func TestWhatInstancesUse(t *testing.T) {
	for _, tc := range []struct {
		why   string
		given types.Instance
		want  use
	}{
		{"on demand", types.Instance{InstanceType: "m5.xlarge"}, use{"", "standard on-demand vCPUs", 4}},
		{"spot", types.Instance{InstanceType: "m5.xlarge", InstanceLifecycle: "spot"}, use{"", "standard spot vCPUs", 4}},
		{"shutting down", types.Instance{InstanceType: "m5.xlarge", State: &types.InstanceState{Name: "shutting-down"}}, use{"", "standard on-demand vCPUs", 4}},
		{"stopped", types.Instance{InstanceType: "m5.xlarge", State: &types.InstanceState{Name: "stopped"}}, use{}},
		{"terminated", types.Instance{InstanceType: "m5.xlarge", State: &types.InstanceState{Name: "terminated"}}, use{}},
		{"in a capacity block", types.Instance{InstanceType: "m5.xlarge", InstanceLifecycle: "capacity-block"}, use{}},
		{"on a dedicated host", types.Instance{InstanceType: "m5.xlarge", Placement: &types.Placement{Tenancy: "host"}}, use{}},
		{"of a type that the cluster cannot use", types.Instance{
			InstanceType: "t1.micro", CpuOptions: &types.CpuOptions{CoreCount: aws.Int32(3), ThreadsPerCore: aws.Int32(2)},
		}, use{"", "standard on-demand vCPUs", 6}},
		{"of which nothing is told", types.Instance{InstanceType: "t1.micro"}, use{"", "standard on-demand vCPUs", 0}},
	} {
		got, counts := sizes(fourOfXlarge).ofInstance(tc.given)
		if got != tc.want || counts != (tc.want != use{}) {
			t.Errorf("%s: %+v, %t", tc.why, got, counts)
		}
	}
}

// AWS-449: which reservations count, and as how much.
func TestWhatReservationsUse(t *testing.T) {
	given := func(change func(*types.CapacityReservation)) types.CapacityReservation {
		r := types.CapacityReservation{
			InstanceType: aws.String("m5.xlarge"), AvailableInstanceCount: aws.Int32(2), OwnerId: aws.String("1"), State: "active", ReservationType: "default",
		}
		change(&r)
		return r
	}
	for why, tc := range map[string]struct {
		change func(*types.CapacityReservation)
		want   int64
	}{
		"open capacity":              {func(*types.CapacityReservation) {}, 8},
		"all used":                   {func(r *types.CapacityReservation) { r.AvailableInstanceCount = aws.Int32(0) }, 0},
		"another account's":          {func(r *types.CapacityReservation) { r.OwnerId = aws.String("2") }, 0},
		"not active":                 {func(r *types.CapacityReservation) { r.State = "expired" }, 0},
		"a capacity block":           {func(r *types.CapacityReservation) { r.ReservationType = "capacity-block" }, 0},
		"of a type that is not sold": {func(r *types.CapacityReservation) { r.InstanceType = aws.String("x") }, 0},
	} {
		got, counts := sizes(fourOfXlarge).ofReservation(given(tc.change), "1")
		if got.vcpus != tc.want || counts != (tc.want > 0) {
			t.Errorf("%s: %+v, %t", why, got, counts)
		}
	}
}
