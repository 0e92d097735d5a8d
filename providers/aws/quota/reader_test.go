// SPDX-License-Identifier: Apache-2.0

package quota_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas"
	"github.com/go-logr/logr/funcr"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/providers/aws/internal/simtest"
	"karpenter.sh/providers/aws/quota"
	cloudaws "karpenter.sh/test/cloudsim/aws"
	"karpenter.sh/test/cloudsim/fault"
)

const (
	onDemand = "standard on-demand vCPUs"
	spot     = "standard spot vCPUs"
)

// world is an account and who reads its quotas.
type world struct {
	*testing.T
	*simtest.Account
	quotas *quota.Account
	reader *quota.Reader
	logged []string
}

func newWorld(t *testing.T, reservations bool, change ...func(*simtest.Options)) *world {
	t.Helper()
	w := &world{T: t, Account: simtest.New(t, change...)}
	w.quotas = quota.NewAccount(w.Clock)
	w.reader = quota.NewReader(quota.Options{
		Account: w.quotas, API: servicequotas.NewFromConfig(w.Config), EC2: ec2.NewFromConfig(w.Config), Reservations: reservations,
		VCPUs: func(kind string) (int64, bool) {
			n, known := map[string]int64{"m5.large": 2, "m5.xlarge": 4, "c5.large": 2}[kind]
			return n, known
		},
		Random: func() float64 { return 0 }, Clock: w.Clock,
		Log: funcr.New(func(_, args string) { w.logged = append(w.logged, args) }, funcr.Options{}),
	})
	return w
}

// read makes a reading, and returns how long it is until the next.
func (w *world) read() time.Duration {
	w.Helper()
	result, err := w.reader.Reconcile(w.Context())
	if err != nil {
		w.Fatal(err)
	}
	return result.RequeueAfter
}

// known is a limit that is known.
func (w *world) known(name string) cloudprovider.SharedLimit {
	w.Helper()
	for _, l := range w.quotas.Limits().Shared {
		if l.Name == name {
			return l
		}
	}
	w.Fatalf("nothing is known of %q, but of %v", name, w.quotas.Limits().Shared)
	return cloudprovider.SharedLimit{}
}

// launch launches machines that nobody told the account of.
func (w *world) launch(n int32, kind types.InstanceType, capacity types.DefaultTargetCapacityType, reservation string) []string {
	w.Helper()
	client, name := ec2.NewFromConfig(w.Config), fmt.Sprintf("t-%s-%d", reservation, w.Calls("ec2:CreateLaunchTemplate"))
	data := &types.RequestLaunchTemplateData{
		ImageId: aws.String(w.Setup.Parameters["/aws/service/eks/optimized-ami/1.34/amazon-linux-2023/x86_64/standard/recommended/image_id"]),
		NetworkInterfaces: []types.LaunchTemplateInstanceNetworkInterfaceSpecificationRequest{{
			DeviceIndex: aws.Int32(0), Groups: []string{w.Setup.SecurityGroups[0].ID},
		}},
		CapacityReservationSpecification: &types.LaunchTemplateCapacityReservationSpecificationRequest{CapacityReservationPreference: "none"},
	}
	if reservation != "" {
		data.CapacityReservationSpecification = &types.LaunchTemplateCapacityReservationSpecificationRequest{
			CapacityReservationTarget: &types.CapacityReservationTarget{CapacityReservationId: &reservation},
		}
	}
	_, err := client.CreateLaunchTemplate(w.Context(), &ec2.CreateLaunchTemplateInput{LaunchTemplateName: &name, LaunchTemplateData: data})
	if err != nil {
		w.Fatal(err)
	}
	out, err := client.CreateFleet(w.Context(), &ec2.CreateFleetInput{
		Type: types.FleetTypeInstant,
		LaunchTemplateConfigs: []types.FleetLaunchTemplateConfigRequest{{
			LaunchTemplateSpecification: &types.FleetLaunchTemplateSpecificationRequest{LaunchTemplateName: &name, Version: aws.String("$Latest")},
			Overrides: []types.FleetLaunchTemplateOverridesRequest{{
				InstanceType: kind, SubnetId: aws.String(w.Setup.Subnets[0].ID), AvailabilityZone: aws.String(w.Setup.Subnets[0].Zone),
			}},
		}},
		TargetCapacitySpecification: &types.TargetCapacitySpecificationRequest{TotalTargetCapacity: &n, DefaultTargetCapacityType: capacity},
	})
	if err != nil {
		w.Fatal(err)
	}
	var ids []string
	for _, i := range out.Instances {
		ids = append(ids, i.InstanceIds...)
	}
	if len(ids) != int(n) {
		w.Fatalf("launched %d of %d: %+v", len(ids), n, out.Errors)
	}
	return ids
}

// AWS-448, AWS-449: what is left is the quota less what all instances of the account use,
// by way to buy and group. What is ending uses it until it has ended.
func TestReading(t *testing.T) {
	w := newWorld(t, true)
	w.Cloud.Quotas().Set(cloudaws.QuotaOnDemand, 64)
	w.Cloud.Quotas().Set(cloudaws.QuotaSpot, 10)
	ids := w.launch(2, "m5.xlarge", types.DefaultTargetCapacityTypeOnDemand, "")
	w.launch(3, "m5.large", types.DefaultTargetCapacityTypeSpot, "")
	w.launch(1, "c5.large", types.DefaultTargetCapacityTypeOnDemand, "")
	if next := w.read(); next != 3*time.Minute {
		t.Errorf("the next reading is in %v", next)
	}
	if l := w.known(onDemand); l.Max != 64 || l.Used != 10 || l.Left() != 54 {
		t.Errorf("on demand: %v", l)
	}
	if l := w.known(spot); l.Max != 10 || l.Used != 6 {
		t.Errorf("spot: %v", l)
	}
	_, err := ec2.NewFromConfig(w.Config).TerminateInstances(t.Context(), &ec2.TerminateInstancesInput{InstanceIds: ids})
	if err != nil {
		t.Fatal(err)
	}
	w.read()
	if l := w.known(onDemand); l.Used != 10 {
		t.Errorf("while machines are ending: %v", l)
	}
	w.Clock.Step(time.Hour)
	w.Cloud.Settle()
	w.read()
	if l := w.known(onDemand); l.Used != 2 {
		t.Errorf("once they have ended: %v", l)
	}
}

// AWS-448: reserved capacity of the account counts on demand, used or not; with the gate
// ReservedCapacity off it is not read (AWS-433), and another account's does not count.
func TestReservedCapacityCounts(t *testing.T) {
	for _, reads := range []bool{true, false} {
		w := newWorld(t, reads, func(o *simtest.Options) {
			o.Cloud.Setup.Reservations = []cloudaws.Reservation{
				{ID: "cr-1", Type: "m5.xlarge", Zone: "us-west-2a", Count: 3, Match: "targeted", Kind: "default"},
				{ID: "cr-2", Type: "m5.xlarge", Zone: "us-west-2a", Count: 9, Match: "targeted", Kind: "default", Owner: "999999999999"},
			}
		})
		w.launch(1, "m5.xlarge", types.DefaultTargetCapacityTypeOnDemand, "cr-1")
		w.read()
		if l := w.known(onDemand); l.Used != 4 && !reads || l.Used != 12 && reads {
			t.Errorf("reading reservations: %t, %v", reads, l)
		}
		if calls := w.Calls("ec2:DescribeCapacityReservations"); (calls > 0) != reads {
			t.Errorf("%d calls", calls)
		}
	}
}

// AWS-448: without the permission nothing is limited. That is told once, and asked again
// after an hour.
func TestWithoutPermission(t *testing.T) {
	w := newWorld(t, true, func(o *simtest.Options) {
		o.Cloud.Setup.Identities = []cloudaws.Identity{{AccessKey: "AKIA", Role: "r", Policies: []json.RawMessage{
			[]byte(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}]}`),
		}}}
	})
	for range 3 {
		if next := w.read(); next != time.Hour {
			t.Errorf("the next reading is in %v", next)
		}
	}
	if err := w.quotas.Begin("uid", quota.Draws("on-demand", "m5.large", 1_000_000)); err != nil || len(w.quotas.Limits().Shared) > 0 {
		t.Errorf("limited: %v, %v", err, w.quotas.Limits().Shared)
	}
	if len(w.logged) != 1 || !strings.Contains(w.logged[0], "permission missing: servicequotas:ListServiceQuotas") {
		t.Errorf("logged %q", w.logged)
	}
}

// AWS-448, KIT-034: while there is no answer what was read last holds for 15 minutes; it
// is asked again ever later, and told once, as is the end of it.
func TestNoAnswer(t *testing.T) {
	w := newWorld(t, true)
	w.Cloud.Quotas().Set(cloudaws.QuotaOnDemand, 64)
	w.read()
	for i, call := range []string{"servicequotas:ListServiceQuotas", "ec2:DescribeInstances", "ec2:DescribeCapacityReservations", "ec2:DescribeInstances", "ec2:DescribeInstances", "ec2:DescribeInstances"} {
		rules, err := fault.Parse([]byte(`[{"call": "`+call+`", "times": 1, "error": {"code": "InternalError"}}]`), w.Cloud.Calls())
		if err != nil {
			t.Fatal(err)
		}
		w.Cloud.Faults().Add(rules...)
		if next := w.read(); next != min(time.Minute<<i, 30*time.Minute) {
			t.Errorf("failure %d: the next reading is in %v", i+1, next)
		}
	}
	if l := w.known(onDemand); l.Max != 64 {
		t.Errorf("known %v", l)
	}
	w.Clock.Step(15 * time.Minute)
	if known := w.quotas.Limits().Shared; len(known) > 0 {
		t.Errorf("an old reading limits: %v", known)
	}
	w.read()
	if len(w.logged) != 2 || !strings.Contains(w.logged[1], "planning with the vCPU quotas") {
		t.Errorf("logged %q", w.logged)
	}
}

// AWS-448: a quota that is nearly used up is read more often.
func TestTightQuotas(t *testing.T) {
	w := newWorld(t, true)
	w.Cloud.Quotas().Set(cloudaws.QuotaSpot, 8)
	w.Cloud.Quotas().Set(cloudaws.QuotaOnDemand, 0) // none at all is no news
	w.launch(3, "m5.large", types.DefaultTargetCapacityTypeSpot, "")
	if next := w.read(); next != 3*time.Minute {
		t.Errorf("a quarter left: the next reading is in %v", next)
	}
	w.launch(1, "m5.large", types.DefaultTargetCapacityTypeSpot, "")
	if next := w.read(); next != 30*time.Second {
		t.Errorf("nothing left: the next reading is in %v", next)
	}
}

// AWS-450, KIT-031: a launch counts once, whether EC2 shows its machine yet or not, also
// when it shows it at once.
func TestLaunchesCountOnce(t *testing.T) {
	w := newWorld(t, true)
	w.Cloud.Quotas().Set(cloudaws.QuotaOnDemand, 64)
	w.read()
	left := func(when string, want int64) {
		t.Helper()
		if got, _ := w.quotas.Left(onDemand); got != want {
			t.Errorf("%s: %d left, want %d", when, got, want)
		}
	}
	draws := quota.Draws("on-demand", "m5.xlarge", 4)
	if err := w.quotas.Begin("uid", draws); err != nil || !w.quotas.Limits().Counts("uid") {
		t.Fatal(err)
	}
	left("while it is asked for", 60)
	ids := w.launch(1, "m5.xlarge", types.DefaultTargetCapacityTypeOnDemand, "")
	w.quotas.Settle("uid", ids[0], draws)
	left("once it is there", 60)
	for _, after := range []time.Duration{0, 30 * time.Second, 30 * time.Second, time.Hour} {
		w.Clock.Step(after)
		w.read()
		left("after "+after.String(), 60)
	}
	if w.quotas.Limits().Counts("uid") {
		t.Error("it is in flight for ever")
	}
}

// AWS-450, KIT-031: nor does a launch count twice that was there before the first reading,
// as after a restart, or once the permission is granted.
func TestLaunchesBeforeTheFirstReading(t *testing.T) {
	w := newWorld(t, true)
	w.Cloud.Quotas().Set(cloudaws.QuotaOnDemand, 64)
	draws := quota.Draws("on-demand", "m5.xlarge", 4)
	if err := w.quotas.Begin("uid", draws); err != nil {
		t.Fatal(err)
	}
	w.quotas.Settle("uid", w.launch(1, "m5.xlarge", types.DefaultTargetCapacityTypeOnDemand, "")[0], draws)
	for _, after := range []time.Duration{time.Second, 30 * time.Second, 30 * time.Second, time.Hour} {
		w.Clock.Step(after)
		w.read()
		if got, _ := w.quotas.Left(onDemand); got != 60 {
			t.Errorf("after %v: %d left, want 60", after, got)
		}
	}
}

// CP-130, SCH-331: limits and the launches that they count are of one moment, so that a
// launch which begins then is counted by whoever knows of it, once.
func TestLimitsAreOfOneMoment(t *testing.T) {
	w := newWorld(t, true)
	w.Cloud.Quotas().Set(cloudaws.QuotaOnDemand, 64)
	w.read()
	before := w.quotas.Limits()
	if err := w.quotas.Begin("uid", quota.Draws("on-demand", "m5.xlarge", 4)); err != nil {
		t.Fatal(err)
	}
	if before.Counts("uid") || !w.quotas.Limits().Counts("uid") || w.known(onDemand).InFlight != 4 {
		t.Error("the limits count a launch that began after them, or not one that began before")
	}
}

// AWS-450: what does not fit is a lack of capacity that names the limit.
func TestNoRoom(t *testing.T) {
	w := newWorld(t, true)
	w.Cloud.Quotas().Set(cloudaws.QuotaSpot, 3)
	w.read()
	err := w.quotas.Begin("uid", quota.Draws("spot", "m5.xlarge", 4))
	if !cloudprovider.IsInsufficientCapacityError(err) || !strings.Contains(err.Error(), `vCPU quota exceeded: 4 needed of "standard spot vCPUs", 3 left`) {
		t.Errorf("got %v", err)
	}
	w.quotas.Refused(quota.Draws("spot", "m5.large", 2)[0]) // by EC2, though 3 are left
	if left, _ := w.quotas.Left(spot); left != 1 {
		t.Errorf("%d left after a refusal", left)
	}
	w.Clock.Step(time.Second)
	w.read()
	if left, _ := w.quotas.Left(spot); left != 3 {
		t.Errorf("%d left after another reading", left)
	}
}

// AWS-448: a reading that is cut off by the end of the process is no failure.
func TestEnd(t *testing.T) {
	w := newWorld(t, true)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.reader.Reconcile(ctx); err != nil || len(w.logged) > 0 {
		t.Errorf("got %v, logged %q", err, w.logged)
	}
}
