// SPDX-License-Identifier: Apache-2.0

package sdktest_test

import (
	"context"
	"strings"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"karpenter.sh/test/cloudsim/aws"
	"karpenter.sh/test/cloudsim/limit"
	"karpenter.sh/test/cloudsim/world"
)

// SIM-030, SIM-031: an instant fleet launches; its machines live, and end.
func TestInstancesLive(t *testing.T) {
	a := newAccount(t)
	ctx := context.Background()
	id := a.launch(1, types.DefaultTargetCapacityTypeOnDemand)[0]
	i := a.describe(id)
	if i.State.Name != types.InstanceStateNamePending || i.InstanceType != "m5.large" || *i.ImageId != a.image("x86_64") {
		t.Errorf("after launch: %+v", i)
	}
	has := map[string]string{}
	for _, tag := range i.Tags {
		has[*tag.Key] = *tag.Value
	}
	if has["karpenter.sh/nodepool"] != "default" || has["aws:ec2:fleet-id"] == "" || has["aws:ec2launchtemplate:id"] == "" {
		t.Errorf("tags %v: want those of the request, and those that AWS adds", has)
	}
	if *i.SecurityGroups[0].GroupId != a.setup.SecurityGroups[0].ID || i.MetadataOptions.HttpTokens != types.HttpTokensStateRequired {
		t.Errorf("what the template says is not what the instance has: %+v", i)
	}
	a.step(10 * time.Second)
	if s := a.describe(id).State.Name; s != types.InstanceStateNameRunning {
		t.Errorf("state %s after ten seconds, want running", s)
	}
	free := a.free()
	for range 2 { // ending twice is no error
		out, err := a.ec2.TerminateInstances(ctx, &ec2.TerminateInstancesInput{InstanceIds: []string{id}})
		must(t, err)
		if s := out.TerminatingInstances[0].CurrentState.Name; s != types.InstanceStateNameShuttingDown {
			t.Errorf("state %s after TerminateInstances", s)
		}
	}
	a.step(15 * time.Second)
	if s := a.describe(id).State.Name; s != types.InstanceStateNameTerminated {
		t.Errorf("state %s, want terminated", s)
	}
	if got := a.free(); got != free+1 {
		t.Errorf("free addresses %d, want the one given back: %d", got, free+1)
	}
	a.step(time.Hour)
	_, err := a.ec2.DescribeInstances(ctx, &ec2.DescribeInstancesInput{InstanceIds: []string{id}})
	if code(err) != "InvalidInstanceID.NotFound" {
		t.Errorf("an hour after its end: %v", err)
	}
}

// free is how many addresses all subnets have left.
func (a *account) free() int {
	a.Helper()
	out, err := a.ec2.DescribeSubnets(context.Background(), &ec2.DescribeSubnetsInput{})
	must(a.T, err)
	n := 0
	for _, s := range out.Subnets {
		n += int(*s.AvailableIpAddressCount)
	}
	return n
}

// SIM-032: strategies choose, and what is missing is an error of the answer.
func TestFleetsChooseAndReport(t *testing.T) {
	ctx := context.Background()
	tests := []struct {
		reason  string
		prepare func(*account, *ec2.CreateFleetInput)
		want    types.InstanceType // "" none
		errs    string             // codes, comma-separated, each once
	}{
		{"lowest price", func(*account, *ec2.CreateFleetInput) {}, "c5.large", ""},
		{"the first by priority", func(_ *account, in *ec2.CreateFleetInput) {
			in.OnDemandOptions.AllocationStrategy = types.FleetOnDemandAllocationStrategyPrioritized
			for i := range in.LaunchTemplateConfigs[0].Overrides {
				o := &in.LaunchTemplateConfigs[0].Overrides[i]
				o.Priority = sdk.Float64(map[types.InstanceType]float64{"m5.large": 1, "c5.large": 2}[o.InstanceType])
			}
		}, "m5.large", ""},
		{"the next type where the cheapest has no capacity", func(a *account, _ *ec2.CreateFleetInput) {
			a.cloud.Stock().Set(world.Pool{Type: "c5.large"}, 0)
		}, "m5.large", "InsufficientInstanceCapacity"},
		{"nothing without capacity", func(a *account, _ *ec2.CreateFleetInput) {
			a.cloud.Stock().Set(world.Pool{}, 0)
		}, "", "InsufficientInstanceCapacity"},
		{"nothing over the quota", func(a *account, _ *ec2.CreateFleetInput) {
			a.cloud.Quotas().Set(aws.QuotaOnDemand, 1)
		}, "", "VcpuLimitExceeded"},
		{"spot has a quota of its own", func(a *account, in *ec2.CreateFleetInput) {
			in.TargetCapacitySpecification.DefaultTargetCapacityType = types.DefaultTargetCapacityTypeSpot
			a.cloud.Quotas().Set(aws.QuotaSpot, 1)
		}, "", "MaxSpotInstanceCountExceeded"},
		{"nothing where no address is free", func(a *account, _ *ec2.CreateFleetInput) {
			for _, s := range a.setup.Subnets {
				must(a.T, a.cloud.BlockAddresses(s.ID, 0))
			}
		}, "", "InsufficientFreeAddressesInSubnet"},
		{"a zone that does not sell the type", func(_ *account, in *ec2.CreateFleetInput) {
			all := in.LaunchTemplateConfigs[0].Overrides
			in.LaunchTemplateConfigs[0].Overrides = all[2:3]
			all[2].InstanceType = "p4d.24xlarge"
		}, "", "Unsupported"},
		{"an architecture that the image is not for", func(_ *account, in *ec2.CreateFleetInput) {
			for i := range in.LaunchTemplateConfigs[0].Overrides {
				in.LaunchTemplateConfigs[0].Overrides[i].InstanceType = "m6g.large"
			}
		}, "", "InvalidParameterValue"},
	}
	for _, tc := range tests {
		t.Run(tc.reason, func(t *testing.T) {
			a := newAccount(t)
			in := a.request(a.template("karpenter.k8s.aws/1", "x86_64"), 1, types.DefaultTargetCapacityTypeOnDemand, "m5.large", "c5.large")
			tc.prepare(a, in)
			out, err := a.ec2.CreateFleet(ctx, in)
			must(t, err)
			var got types.InstanceType
			for _, i := range out.Instances {
				got = i.InstanceType
			}
			var errs []string
			for _, e := range out.Errors {
				if !strings.Contains(strings.Join(errs, ","), *e.ErrorCode) {
					errs = append(errs, *e.ErrorCode)
				}
				if e.LaunchTemplateAndOverrides.Overrides.InstanceType == "" || *e.ErrorMessage == "" {
					t.Errorf("error %+v does not say what it is about", e)
				}
			}
			if got != tc.want || strings.Join(errs, ",") != tc.errs {
				t.Errorf("launched %q with errors %v, want %q and %q", got, errs, tc.want, tc.errs)
			}
		})
	}
}

// SIM-033: a client token makes repeated calls one.
func TestFleetsAreIdempotent(t *testing.T) {
	a := newAccount(t)
	in := a.request(a.template("karpenter.k8s.aws/1", "x86_64"), 2, types.DefaultTargetCapacityTypeSpot, "m5.large")
	in.ClientToken = sdk.String("once")
	one, err := a.ec2.CreateFleet(context.Background(), in)
	must(t, err)
	two, err := a.ec2.CreateFleet(context.Background(), in)
	must(t, err)
	if *one.FleetId != *two.FleetId || a.instances() != 2 {
		t.Errorf("fleets %s and %s with %d instances, want one fleet of 2", *one.FleetId, *two.FleetId, a.instances())
	}
	in.TargetCapacitySpecification.TotalTargetCapacity = sdk.Int32(3)
	if _, err := a.ec2.CreateFleet(context.Background(), in); code(err) != "IdempotentParameterMismatch" {
		t.Errorf("the token with another request: %v", err)
	}
}

// instances is how many instances the controller would list.
func (a *account) instances() int {
	a.Helper()
	n := 0
	pages := ec2.NewDescribeInstancesPaginator(a.ec2, &ec2.DescribeInstancesInput{
		Filters: []types.Filter{
			filter("tag-key", "karpenter.sh/nodepool"), filter("tag:eks:eks-cluster-name", "c1"),
			filter("instance-state-name", "pending", "running", "stopping", "stopped", "shutting-down"),
		},
		MaxResults: sdk.Int32(5),
	})
	for pages.HasMorePages() {
		out, err := pages.NextPage(context.Background())
		must(a.T, err)
		for _, r := range out.Reservations {
			n += len(r.Instances)
		}
	}
	return n
}

// SIM-021: pages show everything once.
func TestListsComeInPages(t *testing.T) {
	a := newAccount(t)
	a.launch(17, types.DefaultTargetCapacityTypeSpot)
	if n := a.instances(); n != 17 {
		t.Errorf("%d instances over pages of 5, want 17", n)
	}
	_, err := a.ec2.DescribeInstances(context.Background(), &ec2.DescribeInstancesInput{MaxResults: sdk.Int32(5), NextToken: sdk.String("2.made-up")})
	if code(err) != "InvalidNextToken" {
		t.Errorf("a made-up token: %v", err)
	}
}

// SIM-040: rules let calls go wrong.
func TestFaults(t *testing.T) {
	ctx := context.Background()
	t.Run("an error without effect", func(t *testing.T) {
		a := newAccount(t)
		template := a.template("karpenter.k8s.aws/1", "x86_64")
		a.fault(`[{"call": "ec2:CreateFleet", "times": 1, "error": {"code": "InternalError"}}]`)
		_, err := a.ec2.CreateFleet(ctx, a.request(template, 1, types.DefaultTargetCapacityTypeSpot, "m5.large"))
		if code(err) != "InternalError" || a.instances() != 0 {
			t.Errorf("%v with %d instances, want InternalError and none", err, a.instances())
		}
	})
	t.Run("an answer that is lost", func(t *testing.T) {
		a := newAccount(t)
		template := a.template("karpenter.k8s.aws/1", "x86_64")
		a.fault(`[{"call": "ec2:CreateFleet", "times": 1, "lost": true}]`)
		_, err := a.ec2.CreateFleet(ctx, a.request(template, 1, types.DefaultTargetCapacityTypeSpot, "m5.large"))
		if err == nil || a.instances() != 1 {
			t.Errorf("%v with %d instances, want a failure and 1", err, a.instances())
		}
	})
	t.Run("a late success", func(t *testing.T) {
		a := newAccount(t)
		template := a.template("karpenter.k8s.aws/1", "x86_64")
		a.fault(`[{"call": "ec2:CreateFleet", "times": 1, "late": "1m", "error": {"code": "RequestExpired"}}]`)
		_, err := a.ec2.CreateFleet(ctx, a.request(template, 1, types.DefaultTargetCapacityTypeSpot, "m5.large"))
		before := a.instances()
		a.step(time.Minute)
		if code(err) != "RequestExpired" || before != 0 || a.instances() != 1 {
			t.Errorf("%v with %d, then %d instances, want 0, then 1", err, before, a.instances())
		}
	})
	t.Run("a part of what was asked", func(t *testing.T) {
		a := newAccount(t)
		template := a.template("karpenter.k8s.aws/1", "x86_64")
		a.fault(`[{"call": "ec2:CreateFleet", "times": 1, "atMost": 2}]`)
		_, err := a.ec2.CreateFleet(ctx, a.request(template, 5, types.DefaultTargetCapacityTypeSpot, "m5.large"))
		must(t, err)
		if n := a.instances(); n != 2 {
			t.Errorf("%d instances of 5, want 2", n)
		}
	})
	t.Run("a page that fails", func(t *testing.T) {
		a := newAccount(t)
		a.launch(12, types.DefaultTargetCapacityTypeSpot)
		a.fault(`[{"call": "ec2:DescribeInstances", "page": 3, "error": {"code": "Unavailable"}}]`)
		pages := ec2.NewDescribeInstancesPaginator(a.ec2, &ec2.DescribeInstancesInput{MaxResults: sdk.Int32(5)})
		for n := 1; pages.HasMorePages(); n++ {
			_, err := pages.NextPage(ctx)
			if want := map[bool]string{true: "Unavailable"}[n == 3]; code(err) != want {
				t.Fatalf("page %d: %v, want %q", n, err, want)
			}
			if err != nil {
				break
			}
		}
	})
	t.Run("a machine that dies before it registers", func(t *testing.T) {
		a := newAccount(t)
		a.fault(`[{"call": "ec2:CreateFleet", "times": 1, "dies": "8s"}]`)
		id := a.launch(1, types.DefaultTargetCapacityTypeSpot)[0]
		a.step(time.Minute)
		if _, joined := a.cloud.Yard().Outcome(id); joined || a.describe(id).State.Name != types.InstanceStateNameTerminated {
			t.Errorf("joined %v, %+v", joined, a.describe(id).State)
		}
	})
}

// SIM-022, SIM-023: reads are late where they are told to be, and calls are throttled.
func TestLagAndThrottling(t *testing.T) {
	a := newAccount(t)
	ctx := context.Background()
	a.cloud.Lag("instance", 3*time.Second)
	id := a.launch(1, types.DefaultTargetCapacityTypeSpot)[0]
	_, err := a.ec2.DescribeInstances(ctx, &ec2.DescribeInstancesInput{InstanceIds: []string{id}})
	if code(err) != "InvalidInstanceID.NotFound" || a.instances() != 0 {
		t.Errorf("a fresh instance is told: %v", err)
	}
	a.step(3 * time.Second)
	if a.describe(id).State == nil || a.instances() != 1 {
		t.Error("the instance is not told after the delay")
	}
	a.cloud.Limit("ec2:CreateTags", limit.Rate{Burst: 1, Refill: 1})
	in := &ec2.CreateTagsInput{Resources: []string{id}, Tags: []types.Tag{{Key: sdk.String("Name"), Value: sdk.String("n")}}}
	_, first := a.ec2.CreateTags(ctx, in)
	_, second := a.ec2.CreateTags(ctx, in)
	a.step(time.Second)
	_, third := a.ec2.CreateTags(ctx, in)
	if code(first) != "" || code(second) != "RequestLimitExceeded" || code(third) != "" {
		t.Errorf("%v, %v, %v: want the second only to be throttled", first, second, third)
	}
}
