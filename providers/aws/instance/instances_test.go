// SPDX-License-Identifier: Apache-2.0

package instance_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/smithy-go"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"k8s.io/utils/clock"
	testclock "k8s.io/utils/clock/testing"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/label"
	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/instance"
	"karpenter.sh/providers/aws/internal/simtest"
)

// moment is the real clock for windows, and a virtual one for the age of machines.
type moment struct {
	clock.RealClock
	*testclock.FakePassiveClock
}

func (m moment) Now() time.Time                  { return m.FakePassiveClock.Now() }
func (m moment) Since(t time.Time) time.Duration { return m.FakePassiveClock.Since(t) }

type world struct {
	*testing.T
	*simtest.Account
	*instance.Instances
	api      *ec2.Client
	time     moment
	registry *prometheus.Registry
	shifted  string
}

// newWorld closes windows when so many have come.
func newWorld(t *testing.T, callers int, change ...func(*simtest.Options)) *world {
	t.Helper()
	a := simtest.New(t, change...)
	w := &world{
		T: t, Account: a, api: ec2.NewFromConfig(a.Config), registry: prometheus.NewRegistry(),
		time: moment{FakePassiveClock: testclock.NewFakePassiveClock(simtest.Start().Add(time.Hour))},
	}
	metrics, err := instance.NewMetrics(w.registry)
	if err != nil {
		t.Fatal(err)
	}
	w.Instances = instance.New(instance.Options{
		API: w.api, Cluster: simtest.Cluster, Reservations: true, Clock: w.time, Metrics: metrics,
		Idle: 50 * time.Millisecond, MaxWait: time.Minute, MaxItems: callers,
		Shifted: func(zoneID string) bool { return w.shifted != "" && zoneID == w.shifted },
	})
	t.Cleanup(func() {
		if err := w.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return w
}

func tags(cluster string) []types.Tag {
	var out []types.Tag
	for key, value := range map[string]string{v1.TagNodePool: "pool", v1.TagNodeClass: "default", v1.TagCluster: cluster} {
		out = append(out, types.Tag{Key: aws.String(key), Value: aws.String(value)})
	}
	return out
}

// run launches machines of a cluster in the first zone.
func (w *world) run(n int, cluster string, capacityType types.DefaultTargetCapacityType, change ...func(*types.RequestLaunchTemplateData)) []string {
	w.Helper()
	name := fmt.Sprintf("template-%d", w.Calls("ec2:CreateLaunchTemplate"))
	data := &types.RequestLaunchTemplateData{
		ImageId: aws.String(w.Setup.Parameters["/aws/service/eks/optimized-ami/1.34/amazon-linux-2023/x86_64/standard/recommended/image_id"]),
		NetworkInterfaces: []types.LaunchTemplateInstanceNetworkInterfaceSpecificationRequest{{
			DeviceIndex: aws.Int32(0), Groups: []string{w.Setup.SecurityGroups[1].ID, w.Setup.SecurityGroups[0].ID},
		}},
	}
	for _, f := range change {
		f(data)
	}
	if _, err := w.api.CreateLaunchTemplate(w.Context(), &ec2.CreateLaunchTemplateInput{LaunchTemplateName: &name, LaunchTemplateData: data}); err != nil {
		w.Fatal(err)
	}
	out, err := w.api.CreateFleet(w.Context(), &ec2.CreateFleetInput{
		Type: types.FleetTypeInstant,
		LaunchTemplateConfigs: []types.FleetLaunchTemplateConfigRequest{{
			LaunchTemplateSpecification: &types.FleetLaunchTemplateSpecificationRequest{LaunchTemplateName: &name, Version: aws.String("$Latest")},
			Overrides:                   []types.FleetLaunchTemplateOverridesRequest{{InstanceType: "m5.large", SubnetId: aws.String(w.Setup.Subnets[0].ID)}},
		}},
		TargetCapacitySpecification: &types.TargetCapacitySpecificationRequest{TotalTargetCapacity: aws.Int32(int32(n)), DefaultTargetCapacityType: capacityType},
		TagSpecifications:           []types.TagSpecification{{ResourceType: types.ResourceTypeInstance, Tags: tags(cluster)}},
	})
	if err != nil {
		w.Fatal(err)
	}
	var ids []string
	for _, i := range out.Instances {
		ids = append(ids, i.InstanceIds...)
	}
	if len(ids) != n {
		w.Fatalf("%d of %d: %+v", len(ids), n, out.Errors)
	}
	return ids
}

func (w *world) mine(n int) []string {
	w.Helper()
	return w.run(n, simtest.Cluster, types.DefaultTargetCapacityTypeOnDemand)
}

// together calls for several IDs at once.
func together(ids []string, call func(id string) error) map[string]error {
	out := map[string]error{}
	var mu sync.Mutex
	var work sync.WaitGroup
	for _, id := range ids {
		work.Go(func() {
			err := call(id)
			mu.Lock()
			defer mu.Unlock()
			out[id] = err
		})
	}
	work.Wait()
	return out
}

const nobody = "i-0123456789abcdef0"

// AWS-325, CP-091: calls by ID share requests, and one bad ID fails nobody else.
func TestFresh(t *testing.T) {
	w := newWorld(t, 9)
	ids := append(w.mine(8), nobody)
	for id, err := range together(ids, func(id string) error { _, err := w.Fresh(t.Context(), id); return err }) {
		if (id == nobody) != cloudprovider.IsNodeClaimNotFoundError(err) || id != nobody && err != nil {
			t.Errorf("%s: %v", id, err)
		}
	}
	if n := w.Calls("ec2:DescribeInstances"); n > 9 {
		t.Errorf("%d calls for 9 IDs", n)
	}
	before := w.Calls("ec2:DescribeInstances")
	if _, err := w.Get(t.Context(), ids[0]); err != nil || w.Calls("ec2:DescribeInstances") != before {
		t.Errorf("AWS-321: %v, %d calls for what is known", err, w.Calls("ec2:DescribeInstances")-before)
	}
}

// CP-027, CP-324, AWS-322.
func TestWhatIsGone(t *testing.T) {
	w := newWorld(t, 1)
	id := w.mine(1)[0]
	if err := w.Terminate(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if i, err := w.Fresh(t.Context(), id); err != nil || i.State != instance.StateShuttingDown || !i.State.Ending() {
		t.Errorf("AWS-322: %+v, %v", i, err)
	}
	w.Step(time.Minute)
	if _, err := w.Fresh(t.Context(), id); !cloudprovider.IsNodeClaimNotFoundError(err) {
		t.Errorf("AWS-322: terminated: %v", err)
	}
	w.Fail("ec2:DescribeInstances", "UnauthorizedOperation", "no")
	if _, err := w.Fresh(t.Context(), id); err == nil || cloudprovider.IsNodeClaimNotFoundError(err) {
		t.Errorf("CP-027: a failure is taken for gone: %v", err)
	}
}

// CP-027: EC2 does not show a machine at once.
func TestNotShownYet(t *testing.T) {
	w := newWorld(t, 1)
	w.Cloud.Lag("instance", time.Minute)
	id := w.mine(1)[0]
	w.Launched(instance.Instance{ID: id, LaunchTime: w.time.Now()})
	if _, err := w.Fresh(t.Context(), id); err == nil || cloudprovider.IsNodeClaimNotFoundError(err) {
		t.Errorf("a new machine: %v", err)
	}
	if all, err := w.List(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("listed %v, %v", all, err)
	}
	if _, err := w.Get(t.Context(), id); err != nil {
		t.Errorf("a list has forgotten a new machine: %v", err)
	}
	w.time.SetTime(w.time.Now().Add(time.Minute))
	if _, err := w.Fresh(t.Context(), id); !cloudprovider.IsNodeClaimNotFoundError(err) {
		t.Errorf("after a minute: %v", err)
	}
}

// AWS-324, AWS-325, CP-024, CP-322.
func TestTerminate(t *testing.T) {
	t.Run("together, with one that is not there", func(t *testing.T) {
		w := newWorld(t, 5)
		ids := w.mine(4)
		for id, err := range together(append(slices.Clone(ids), nobody), func(id string) error { return w.Terminate(t.Context(), id) }) {
			if (id == nobody) != cloudprovider.IsNodeClaimNotFoundError(err) || id != nobody && err != nil {
				t.Errorf("%s: %v", id, err)
			}
		}
		if n := w.Calls("ec2:TerminateInstances"); n != 1 {
			t.Errorf("%d calls", n)
		}
	})
	t.Run("again is no call, then gone", func(t *testing.T) {
		w := newWorld(t, 1)
		id := w.mine(1)[0]
		for range 3 {
			if err := w.Terminate(t.Context(), id); err != nil {
				t.Error(err)
			}
		}
		if n := w.Calls("ec2:TerminateInstances"); n != 1 {
			t.Errorf("%d calls", n)
		}
		w.Step(time.Minute)
		for range 2 {
			if err := w.Terminate(t.Context(), id); !cloudprovider.IsNodeClaimNotFoundError(err) {
				t.Errorf("got %v", err)
			}
		}
	})
	t.Run("CP-323: a failure is counted and told", func(t *testing.T) {
		w := newWorld(t, 1)
		id := w.mine(1)[0]
		w.Fail("ec2:TerminateInstances", "RequestLimitExceeded", "")
		if err := w.Terminate(t.Context(), id); err == nil || cloudprovider.IsNodeClaimNotFoundError(err) || !strings.Contains(err.Error(), id) {
			t.Errorf("got %v", err)
		}
		want := `# HELP karpenter_cloudprovider_instance_termination_failures_total Instances that could not be terminated, by zone and zone ID.
# TYPE karpenter_cloudprovider_instance_termination_failures_total counter
karpenter_cloudprovider_instance_termination_failures_total{zone="us-west-2a",zone_id="usw2-az1"} 1
`
		if err := testutil.GatherAndCompare(w.registry, strings.NewReader(want)); err != nil {
			t.Error(err)
		}
	})
	t.Run("surplus", func(t *testing.T) {
		w := newWorld(t, 3)
		var machines []instance.Instance
		for _, id := range append(w.mine(2), nobody) {
			machines = append(machines, instance.Instance{ID: id})
		}
		if err := w.TerminateKnown(t.Context(), machines); err != nil {
			t.Error(err)
		}
		if all, err := w.List(t.Context()); err != nil || len(all) != 2 || !all[0].State.Ending() {
			t.Errorf("%v, %v", all, err)
		}
	})
}

// answered is EC2 that terminates nothing at first.
type answered struct {
	*ec2.Client
	mu    sync.Mutex
	asked [][]string
}

func (a *answered) TerminateInstances(ctx context.Context, in *ec2.TerminateInstancesInput, o ...func(*ec2.Options)) (*ec2.TerminateInstancesOutput, error) {
	a.mu.Lock()
	a.asked = append(a.asked, in.InstanceIds)
	first := len(a.asked) == 1
	a.mu.Unlock()
	if !first {
		return a.Client.TerminateInstances(ctx, in, o...)
	}
	out := &ec2.TerminateInstancesOutput{}
	for i, id := range in.InstanceIds {
		state := types.InstanceStateNameShuttingDown
		if i == 0 {
			state = types.InstanceStateNameRunning
		}
		out.TerminatingInstances = append(out.TerminatingInstances, types.InstanceStateChange{InstanceId: &id, CurrentState: &types.InstanceState{Name: state}})
	}
	return out, nil
}

// AWS-325: what an answer does not say to be ending is asked for again, singly.
func TestTerminateAgain(t *testing.T) {
	w := newWorld(t, 1)
	ids := w.mine(3)
	api := &answered{Client: w.api}
	s := instance.New(instance.Options{API: api, Cluster: simtest.Cluster, Clock: clock.RealClock{}, Idle: time.Minute, MaxWait: time.Minute, MaxItems: 3})
	for id, err := range together(ids, func(id string) error { return s.Terminate(t.Context(), id) }) {
		if err != nil {
			t.Errorf("%s: %v", id, err)
		}
	}
	if len(api.asked) != 2 || len(api.asked[0]) != 3 || len(api.asked[1]) != 1 || api.asked[1][0] != api.asked[0][0] {
		t.Errorf("asked %v", api.asked)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// protected is EC2 that refuses calls with some machines.
type protected struct {
	*ec2.Client
	protects func(id string) bool
	calls    atomic.Int64
}

func (p *protected) TerminateInstances(ctx context.Context, in *ec2.TerminateInstancesInput, o ...func(*ec2.Options)) (*ec2.TerminateInstancesOutput, error) {
	p.calls.Add(1)
	if slices.ContainsFunc(in.InstanceIds, p.protects) {
		return nil, &smithy.GenericAPIError{Code: "UnauthorizedOperation", Message: "no"}
	}
	return p.Client.TerminateInstances(ctx, in, o...)
}

// CP-091: a machine that a policy protects fails nobody else; a permission that is missing
// costs few calls.
func TestTerminateProtected(t *testing.T) {
	for _, tc := range []struct {
		name      string
		protected int
		most      int64
	}{{"one", 1, 13}, {"some", 3, 40}, {"all", 64, 15}} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld(t, 1)
			ids := w.mine(64)
			api := &protected{Client: w.api, protects: func(id string) bool { return slices.Index(ids, id) < tc.protected }}
			s := instance.New(instance.Options{API: api, Cluster: simtest.Cluster, Clock: clock.RealClock{}, Idle: time.Minute, MaxWait: time.Minute, MaxItems: 64})
			var machines []instance.Instance
			for _, id := range ids {
				machines = append(machines, instance.Instance{ID: id})
			}
			err := s.TerminateKnown(t.Context(), machines)
			for i, id := range ids {
				if named := err != nil && strings.Contains(err.Error(), id); named != (i < tc.protected) {
					t.Errorf("%d: error %v", i, err)
				}
			}
			if n := api.calls.Load(); n > tc.most {
				t.Errorf("%d calls, want at most %d", n, tc.most)
			}
			if err := s.Close(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

// AWS-321, CP-325, CP-326: all pages of this cluster's machines, or an error.
func TestList(t *testing.T) {
	w := newWorld(t, 1, func(o *simtest.Options) { o.Cloud.Stock = 2000 })
	ids := w.mine(1100)
	w.run(2, "another", types.DefaultTargetCapacityTypeOnDemand)
	all, err := w.List(t.Context())
	if err != nil || len(all) != 1100 || w.Calls("ec2:DescribeInstances") != 2 {
		t.Fatalf("%d instances, %v, %d calls", len(all), err, w.Calls("ec2:DescribeInstances"))
	}
	w.Fault(`[{"call": "ec2:DescribeInstances", "page": 2, "times": 1, "error": {"code": "InternalError"}}]`)
	if all, err := w.List(t.Context()); err == nil || all != nil {
		t.Errorf("CP-325: %d instances, %v", len(all), err)
	}
	if _, err := w.api.TerminateInstances(t.Context(), &ec2.TerminateInstancesInput{InstanceIds: ids[:1]}); err != nil {
		t.Fatal(err)
	}
	w.Step(time.Minute)
	if all, err := w.List(t.Context()); err != nil || len(all) != 1099 {
		t.Errorf("%d instances, %v", len(all), err)
	}
	if _, err := w.Get(t.Context(), ids[0]); !cloudprovider.IsNodeClaimNotFoundError(err) {
		t.Errorf("AWS-321: one that has vanished is still remembered: %v", err)
	}
}

// AWS-368.
func TestShiftedZone(t *testing.T) {
	w := newWorld(t, 1)
	id := w.mine(1)[0]
	if _, err := w.List(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := w.Calls("")
	w.shifted = "usw2-az1"
	if _, err := w.Fresh(t.Context(), id); err != nil || w.Calls("") != before {
		t.Errorf("%v, %d calls", err, w.Calls("")-before)
	}
	if err := w.Terminate(t.Context(), id); err == nil || cloudprovider.IsNodeClaimNotFoundError(err) || !strings.Contains(err.Error(), "us-west-2a") {
		t.Errorf("terminating: %v", err)
	}
	if err := w.Tag(t.Context(), id, map[string]string{"a": "b"}); err == nil || w.Calls("") != before {
		t.Errorf("tagging: %v", err)
	}
	if _, err := w.api.TerminateInstances(t.Context(), &ec2.TerminateInstancesInput{InstanceIds: []string{id}}); err != nil {
		t.Fatal(err)
	}
	w.Step(time.Minute)
	if _, err := w.List(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Get(t.Context(), id); err != nil {
		t.Errorf("a list has evicted it: %v", err)
	}
}

// AWS-125.
func TestTag(t *testing.T) {
	w := newWorld(t, 1)
	id := w.mine(1)[0]
	if err := w.Tag(t.Context(), id, map[string]string{v1.TagName: "n", v1.TagNodeClaim: "c"}); err != nil {
		t.Fatal(err)
	}
	if i, err := w.Fresh(t.Context(), id); err != nil || i.Tags[v1.TagName] != "n" || i.Tags[v1.TagNodeClaim] != "c" || i.Tags[v1.TagNodePool] != "pool" {
		t.Errorf("%v, %v", i.Tags, err)
	}
	if err := w.Tag(t.Context(), nobody, map[string]string{"a": "b"}); !cloudprovider.IsNodeClaimNotFoundError(err) {
		t.Errorf("got %v", err)
	}
	w.Fail("ec2:CreateTags", "UnauthorizedOperation", "no")
	if err := w.Tag(t.Context(), id, map[string]string{"a": "b"}); err == nil || errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// What EC2 tells of a machine.
func TestFromTheWire(t *testing.T) {
	w := newWorld(t, 1)
	i, err := w.Fresh(t.Context(), w.run(1, simtest.Cluster, types.DefaultTargetCapacityTypeSpot)[0])
	if err != nil {
		t.Fatal(err)
	}
	groups := []string{w.Setup.SecurityGroups[0].ID, w.Setup.SecurityGroups[1].ID}
	slices.Sort(groups)
	if i.CapacityType != label.Spot || i.Type != "m5.large" || i.Zone != "us-west-2a" || i.ZoneID != "usw2-az1" || i.SubnetID != w.Setup.Subnets[0].ID ||
		!slices.Equal(i.SecurityGroupIDs, groups) || i.Tenancy != "default" || i.State != instance.StatePending || !i.LaunchTime.Equal(simtest.Start()) {
		t.Errorf("got %+v", i)
	}
}
