// SPDX-License-Identifier: Apache-2.0

package failure_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/smithy-go"

	"karpenter.sh/core/cloudprovider/kit/health"
	"karpenter.sh/providers/aws/failure"
	"karpenter.sh/providers/aws/internal/simtest"
)

// predicates are all of them by name.
func predicates() map[string]func(error) bool {
	return map[string]func(error) bool{
		"not found": failure.IsNotFound, "template": failure.IsTemplateNotFound, "exists": failure.IsAlreadyExists,
		"throttled": failure.IsThrottled, "unauthorized": failure.IsUnauthorized, "dry run": failure.IsDryRunPassed,
		"server": failure.IsServerFault, "profile": failure.IsProfileMissing, "role": failure.IsRoleMissing,
		"user data": failure.IsUserDataTooLarge,
	}
}

func checkPredicates(t *testing.T, err error, want ...string) {
	t.Helper()
	is := map[string]bool{}
	for _, name := range want {
		is[name] = true
	}
	for name, predicate := range predicates() {
		if got := predicate(fmt.Errorf("doing something: %w", err)); got != is[name] {
			t.Errorf("%q is %t for: %v", name, got, err)
		}
		if predicate(nil) {
			t.Errorf("%q holds without error", name)
		}
	}
}

// AWS-300: the classes, by errors of the services themselves.
func TestPredicatesOnTheWire(t *testing.T) {
	t.Parallel()
	a := simtest.New(t)
	ctx := t.Context()
	vm := ec2.NewFromConfig(a.Config)
	id := iam.NewFromConfig(a.Config)
	_, err := vm.DescribeInstances(ctx, &ec2.DescribeInstancesInput{InstanceIds: []string{"i-0123456789abcdef0"}})
	checkPredicates(t, err, "not found")
	_, err = vm.DescribeInstanceTypes(ctx, &ec2.DescribeInstanceTypesInput{DryRun: aws.Bool(true)})
	checkPredicates(t, err, "dry run")
	_, err = vm.DescribePlacementGroups(ctx, &ec2.DescribePlacementGroupsInput{GroupNames: []string{"none"}})
	checkPredicates(t, err, "not found")
	_, err = vm.DescribeCapacityReservations(ctx, &ec2.DescribeCapacityReservationsInput{CapacityReservationIds: []string{"cr-0123456789abcdef0"}})
	checkPredicates(t, err, "not found")
	for _, in := range []*ec2.DeleteLaunchTemplateInput{{LaunchTemplateName: aws.String("none")}, {LaunchTemplateId: aws.String("lt-0123456789abcdef0")}} {
		_, err = vm.DeleteLaunchTemplate(ctx, in)
		checkPredicates(t, err, "not found", "template")
	}
	_, err = sqs.NewFromConfig(a.Config).GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: aws.String("none")})
	checkPredicates(t, err, "not found")
	_, err = ssm.NewFromConfig(a.Config).GetParameter(ctx, &ssm.GetParameterInput{Name: aws.String("/none")})
	checkPredicates(t, err, "not found")
	_, err = eks.NewFromConfig(a.Config).DescribeCluster(ctx, &eks.DescribeClusterInput{Name: aws.String("none")})
	checkPredicates(t, err, "not found")

	_, err = id.GetInstanceProfile(ctx, &iam.GetInstanceProfileInput{InstanceProfileName: aws.String("my-role-profile")})
	checkPredicates(t, err, "not found") // its name is not taken for a role
	profile := &iam.CreateInstanceProfileInput{InstanceProfileName: aws.String("p")}
	if _, err = id.CreateInstanceProfile(ctx, profile); err != nil {
		t.Fatal(err)
	}
	_, err = id.CreateInstanceProfile(ctx, profile)
	checkPredicates(t, err, "exists")
	_, err = id.AddRoleToInstanceProfile(ctx, &iam.AddRoleToInstanceProfileInput{InstanceProfileName: aws.String("p"), RoleName: aws.String("none")})
	checkPredicates(t, err, "not found", "role")

	for code, want := range map[string][]string{
		"RequestLimitExceeded": {"throttled", "server"}, "ThrottlingException": {"throttled"}, "Throttling": {"throttled"},
		"InternalError": {"server"}, "Unavailable": {"server"},
		"UnauthorizedOperation": {"unauthorized"}, "AccessDenied": {"unauthorized"}, "AccessDeniedException": {"unauthorized"}, "AuthFailure": {"unauthorized"},
		"InvalidLaunchTemplateName.AlreadyExistsException": {"exists"}, "InvalidParameterValue": nil,
	} {
		a.Heal()
		a.Fail("ec2:DescribeSubnets", code, "")
		_, err = vm.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{})
		checkPredicates(t, err, want...)
	}
}

// AWS-300: errors of services that the simulation cannot provoke.
func TestPredicatesByValue(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		code, message string
		fault         smithy.ErrorFault
		want          []string
	}{
		{code: "InvalidParameterValue", message: "Value (p) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name", want: []string{"profile"}},
		{code: "InvalidUserData.Malformed", message: "Invalid BASE64 encoding of user data."},
		{code: "InvalidUserData.Malformed", message: "User data is limited to 16384 bytes", want: []string{"user data"}},
		{code: "QueueDoesNotExist", want: []string{"not found"}},
		{code: "ServerException", fault: smithy.FaultServer, want: []string{"server"}},
	} {
		checkPredicates(t, &smithy.GenericAPIError{Code: c.code, Message: c.message, Fault: c.fault}, c.want...)
	}
	checkPredicates(t, errors.New("no answer"))
}

// AWS-442: the forms in which services say what is not allowed.
func TestPermissionTexts(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]string{
		"User: arn:aws:sts::111122223333:assumed-role/k/1 is not authorized to perform: ec2:RunInstances on resource: arn:aws:ec2:us-west-2::image/ami-1 because no identity-based policy allows the ec2:RunInstances action. Encoded authorization failure message: AbC": "ec2:RunInstances on arn:aws:ec2:us-west-2::image/ami-1",
		"You are not authorized to perform this operation. User: u is not authorized to perform: ec2:DescribeSubnets because no identity-based policy allows the action":                                                                                                  "ec2:DescribeSubnets",
		"User: u is not authorized to perform: iam:GetInstanceProfile on resource: instance profile p because no identity-based policy allows it":                                                                                                                         "iam:GetInstanceProfile on instance profile p",
		"User: u is not authorized to perform: ssm:GetParameter on resource: arn:aws:ssm:us-west-2::parameter/a.b/c with an explicit deny in a permissions boundary":                                                                                                      "ssm:GetParameter on arn:aws:ssm:us-west-2::parameter/a.b/c",
		"User: u is not authorized to perform: eks:DescribeCluster on resource: arn:aws:eks:us-west-2:111122223333:cluster/c1":                                                                                                                                            "eks:DescribeCluster on arn:aws:eks:us-west-2:111122223333:cluster/c1",
		"You are not authorized to perform this operation. Encoded authorization failure message: AbC":                                                                                                                                                                    "arc-zonal-shift:GetManagedResource",
	} {
		err := &smithy.OperationError{ServiceID: "ARC Zonal Shift", OperationName: "GetManagedResource", Err: &smithy.GenericAPIError{Code: "AccessDenied", Message: message}}
		if p, ok := failure.PermissionMissing(err); !ok || p.String() != want {
			t.Errorf("%q is told as %q, not %q", message, p, want)
		}
	}
	if _, ok := failure.PermissionMissing(errors.New("something else")); ok {
		t.Error("an error of another kind names a permission")
	}
}

// AWS-441: families that share a quota are one group, and unknown ones are their own.
func TestQuotaGroup(t *testing.T) {
	t.Parallel()
	for kind, want := range map[string]string{
		"m5.large": "standard", "c7gn.metal": "standard", "t4g.nano": "standard", "im4gn.large": "standard", "is4gen.large": "standard",
		"g6.xlarge": "g-vt", "gr6.4xlarge": "g-vt", "vt1.3xlarge": "g-vt", "p5.48xlarge": "p", "inf2.xlarge": "inf", "trn1.2xlarge": "trn",
		"x2idn.metal": "x", "f2.6xlarge": "f", "dl2q.24xlarge": "dl", "hpc7g.4xlarge": "hpc", "u-24tb1.metal": "u", "u7i-12tb.224xlarge": "u",
		"q1.large": "q", "mac": "mac", "": "",
	} {
		if got := failure.QuotaGroup(kind); got != want {
			t.Errorf("%q is of group %q, not %q", kind, got, want)
		}
	}
}

// AWS-441: a type that does not fit a quota takes the greater ones of all families of
// the group away, and leaves smaller ones, other groups and the other capacity type.
func TestQuotaIsKnownToTheNextPlan(t *testing.T) {
	t.Parallel()
	a := simtest.New(t)
	record := health.New(health.Options{Clock: a.Clock})
	failed := failure.Attempt{CapacityType: "spot", InstanceType: "m5.4xlarge", VCPUs: 16, Zone: "a"}
	for _, m := range table(t).Classify(failure.Of(&smithy.GenericAPIError{Code: "MaxSpotInstanceCountExceeded"}), failed).Marks {
		if err := record.Mark(m); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		attempt failure.Attempt
		want    bool
	}{
		{failure.Attempt{CapacityType: "spot", InstanceType: "c6i.8xlarge", VCPUs: 32, Zone: "b"}, true},
		{failure.Attempt{CapacityType: "spot", InstanceType: "r6i.4xlarge", VCPUs: 16, Zone: "b"}, true},
		{failure.Attempt{CapacityType: "spot", InstanceType: "r6i.2xlarge", VCPUs: 8, Zone: "a"}, false},
		{failure.Attempt{CapacityType: "spot", InstanceType: "g5.16xlarge", VCPUs: 64, Zone: "a"}, false},
		{failure.Attempt{CapacityType: "on-demand", InstanceType: "c6i.8xlarge", VCPUs: 32, Zone: "a"}, false},
	} {
		if why, got := record.Snapshot().Why(c.attempt.Offering()); got != c.want {
			t.Errorf("%+v is unavailable: %t, by %v", c.attempt, got, why.Scope)
		}
	}
	a.Step(failure.TTL)
	if got := record.Snapshot().Entries(); len(got) > 0 {
		t.Errorf("marks outlive their time: %v", got)
	}
}

// AWS-235: a mark is scoped to the group, or to the partition that the launch targeted.
func TestPlaces(t *testing.T) {
	t.Parallel()
	stock := failure.Of(&smithy.GenericAPIError{Code: "InsufficientInstanceCapacity"})
	a := failure.Attempt{CapacityType: "spot", InstanceType: "m5.large", Zone: "a", PlacementGroupID: "pg-1"}
	if got := table(t).Classify(stock, a).Marks[0].Scope.Place; got != "pg-1" {
		t.Errorf("the mark is of place %q", got)
	}
	a.Partition = 2
	if got := table(t).Classify(stock, a).Marks[0].Scope.Place; got != "pg-1/2" {
		t.Errorf("the mark is of place %q", got)
	}
}
