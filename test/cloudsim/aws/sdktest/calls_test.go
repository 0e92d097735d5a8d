// SPDX-License-Identifier: Apache-2.0

package sdktest_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/aws/aws-sdk-go-v2/service/arczonalshift"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/pricing"
	pricingtypes "github.com/aws/aws-sdk-go-v2/service/pricing/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"karpenter.sh/test/cloudsim/aws"
)

// SIM-011, SIM-034: what EC2 tells of the account.
func TestDiscovery(t *testing.T) {
	a := newAccount(t, func(o *aws.Options) {
		o.Setup.Reservations = []aws.Reservation{{ID: "cr-0a", Type: "m5.large", Zone: "us-west-2a", Count: 2, Match: "targeted", Kind: "default"}}
		o.Setup.PlacementGroups = []aws.PlacementGroup{{ID: "pg-0a", Name: "spread", Strategy: "spread"}}
	})
	ctx := context.Background()
	subnets, err := a.ec2.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{
		Filters: []types.Filter{filter("tag:karpenter.sh/discovery", "c*"), filter("availability-zone", "us-west-2b")},
	})
	must(t, err)
	if len(subnets.Subnets) != 1 || *subnets.Subnets[0].AvailabilityZoneId != "usw2-az2" || *subnets.Subnets[0].AvailableIpAddressCount != 16379 {
		t.Errorf("subnets %+v", subnets.Subnets)
	}
	groups, err := a.ec2.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{Filters: []types.Filter{filter("group-name", "nodes")}})
	must(t, err)
	if len(groups.SecurityGroups) != 1 {
		t.Errorf("groups %+v", groups.SecurityGroups)
	}
	images, err := a.ec2.DescribeImages(ctx, &ec2.DescribeImagesInput{
		Owners: []string{"self", "amazon"}, Filters: []types.Filter{filter("name", "amazon-eks-node-al2023-arm64-*"), filter("state", "available")},
	})
	must(t, err)
	if len(images.Images) != 4 {
		t.Errorf("%d images, want standard and nvidia of two releases", len(images.Images))
	}
	reservations, err := a.ec2.DescribeCapacityReservations(ctx, &ec2.DescribeCapacityReservationsInput{
		Filters: []types.Filter{filter("state", "active"), filter("instance-match-criteria", "targeted")},
	})
	must(t, err)
	if len(reservations.CapacityReservations) != 1 || *reservations.CapacityReservations[0].AvailableInstanceCount != 2 {
		t.Errorf("reservations %+v", reservations.CapacityReservations)
	}
	placement, err := a.ec2.DescribePlacementGroups(ctx, &ec2.DescribePlacementGroupsInput{Filters: []types.Filter{filter("group-name", "spread")}})
	must(t, err)
	if len(placement.PlacementGroups) != 1 {
		t.Errorf("placement groups %+v", placement.PlacementGroups)
	}
	_, err = a.ec2.DescribeInstanceTypes(ctx, &ec2.DescribeInstanceTypesInput{DryRun: sdk.Bool(true)})
	if code(err) != "DryRunOperation" {
		t.Errorf("dry run: %v", err)
	}
	_, err = a.ec2.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{Filters: []types.Filter{filter("colour", "red")}})
	if code(err) != "InvalidParameterValue" {
		t.Errorf("a filter that there is not: %v", err)
	}
}

// SIM-035: the catalogue and its prices belong together.
func TestCatalogueAndPrices(t *testing.T) {
	a := newAccount(t)
	ctx := context.Background()
	known := map[types.InstanceType]types.InstanceTypeInfo{}
	pages := ec2.NewDescribeInstanceTypesPaginator(a.ec2, &ec2.DescribeInstanceTypesInput{
		Filters:    []types.Filter{filter("supported-virtualization-type", "hvm"), filter("processor-info.supported-architecture", "x86_64", "arm64")},
		MaxResults: sdk.Int32(30),
	})
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		must(t, err)
		for _, i := range out.InstanceTypes {
			known[i.InstanceType] = i
		}
	}
	if len(known) < 60 {
		t.Errorf("%d types, want at least 60", len(known))
	}
	m5 := known["m5.large"]
	if *m5.VCpuInfo.DefaultVCpus != 2 || *m5.MemoryInfo.SizeInMiB != 8192 || *m5.NetworkInfo.NetworkCards[0].MaximumNetworkInterfaces != 3 ||
		*m5.NetworkInfo.Ipv4AddressesPerInterface != 10 || m5.Hypervisor != types.InstanceTypeHypervisorNitro {
		t.Errorf("m5.large is %+v", m5)
	}
	offered := map[types.InstanceType]int{}
	places := ec2.NewDescribeInstanceTypeOfferingsPaginator(a.ec2, &ec2.DescribeInstanceTypeOfferingsInput{LocationType: types.LocationTypeAvailabilityZone})
	for places.HasMorePages() {
		out, err := places.NextPage(ctx)
		must(t, err)
		for _, o := range out.InstanceTypeOfferings {
			offered[o.InstanceType]++
		}
	}
	if offered["m5.large"] != 3 || offered["p4d.24xlarge"] != 2 || len(offered) != len(known) {
		t.Errorf("m5.large in %d zones, p4d.24xlarge in %d, %d types", offered["m5.large"], offered["p4d.24xlarge"], len(offered))
	}
	spot := 0
	history := ec2.NewDescribeSpotPriceHistoryPaginator(a.ec2, &ec2.DescribeSpotPriceHistoryInput{
		StartTime: sdk.Time(a.clock.Now()), ProductDescriptions: []string{"Linux/UNIX"},
	})
	for history.HasMorePages() {
		out, err := history.NextPage(ctx)
		must(t, err)
		spot += len(out.SpotPriceHistory)
	}
	if spot < 3*60 {
		t.Errorf("%d spot prices", spot)
	}
	products := pricing.NewFromConfig(a.config)
	term := func(field, value string) pricingtypes.Filter {
		return pricingtypes.Filter{Type: pricingtypes.FilterTypeTermMatch, Field: &field, Value: &value}
	}
	out, err := products.GetProducts(ctx, &pricing.GetProductsInput{
		ServiceCode: sdk.String("AmazonEC2"), Filters: []pricingtypes.Filter{
			term("regionCode", "us-west-2"), term("operatingSystem", "Linux"), term("tenancy", "Dedicated"),
			term("productFamily", "Compute Instance (bare metal)"),
		},
	})
	must(t, err)
	var document struct {
		Product struct{ Attributes struct{ InstanceType string } }
	}
	must(t, json.Unmarshal([]byte(out.PriceList[0]), &document))
	if document.Product.Attributes.InstanceType != "m5.metal" {
		t.Errorf("the first price is of %+v", document)
	}
}

// SIM-036: launch templates are found by name and ID, and are made once.
func TestLaunchTemplates(t *testing.T) {
	a := newAccount(t)
	ctx := context.Background()
	id := a.template("karpenter.k8s.aws/1", "x86_64")
	out, err := a.ec2.DescribeLaunchTemplates(ctx, &ec2.DescribeLaunchTemplatesInput{LaunchTemplateNames: []string{"karpenter.k8s.aws/1"}})
	must(t, err)
	if *out.LaunchTemplates[0].LaunchTemplateId != id {
		t.Errorf("found %+v", out.LaunchTemplates)
	}
	_, err = a.ec2.CreateLaunchTemplate(ctx, &ec2.CreateLaunchTemplateInput{LaunchTemplateName: sdk.String("karpenter.k8s.aws/1"), LaunchTemplateData: &types.RequestLaunchTemplateData{InstanceType: "m5.large"}})
	if code(err) != "InvalidLaunchTemplateName.AlreadyExistsException" {
		t.Errorf("the same name again: %v", err)
	}
	_, err = a.ec2.DeleteLaunchTemplate(ctx, &ec2.DeleteLaunchTemplateInput{LaunchTemplateId: &id})
	must(t, err)
	for reason, call := range map[string]func() error{
		"InvalidLaunchTemplateName.NotFoundException": func() error {
			_, err := a.ec2.DescribeLaunchTemplates(ctx, &ec2.DescribeLaunchTemplatesInput{LaunchTemplateNames: []string{"karpenter.k8s.aws/1"}})
			return err
		},
		"InvalidLaunchTemplateId.NotFound": func() error {
			_, err := a.ec2.CreateFleet(ctx, a.request(id, 1, types.DefaultTargetCapacityTypeSpot, "m5.large"))
			return err
		},
	} {
		if err := call(); code(err) != reason {
			t.Errorf("%v, want %s", err, reason)
		}
	}
}

// SIM-037: dry runs check everything and do nothing.
func TestDryRuns(t *testing.T) {
	a := newAccount(t)
	ctx := context.Background()
	template := a.template("karpenter.k8s.aws/1", "x86_64")
	fleet := a.request(template, 1, types.DefaultTargetCapacityTypeOnDemand, "m5.large")
	fleet.DryRun = sdk.Bool(true)
	if _, err := a.ec2.CreateFleet(ctx, fleet); code(err) != "DryRunOperation" || a.instances() != 0 {
		t.Errorf("CreateFleet: %v with %d instances", err, a.instances())
	}
	run := &ec2.RunInstancesInput{
		DryRun: sdk.Bool(true), MinCount: sdk.Int32(1), MaxCount: sdk.Int32(1), InstanceType: "m5.large",
		LaunchTemplate:    &types.LaunchTemplateSpecification{LaunchTemplateId: &template},
		NetworkInterfaces: []types.InstanceNetworkInterfaceSpecification{{DeviceIndex: sdk.Int32(0), SubnetId: sdk.String(a.setup.Subnets[0].ID)}},
		TagSpecifications: []types.TagSpecification{{ResourceType: types.ResourceTypeInstance, Tags: tags()}},
	}
	if _, err := a.ec2.RunInstances(ctx, run); code(err) != "DryRunOperation" {
		t.Errorf("RunInstances: %v", err)
	}
	missing := a.template("no-profile", "x86_64", func(d *types.RequestLaunchTemplateData) {
		d.IamInstanceProfile = &types.LaunchTemplateIamInstanceProfileSpecificationRequest{Name: sdk.String("nobody")}
	})
	run.LaunchTemplate.LaunchTemplateId = &missing
	_, err := a.ec2.RunInstances(ctx, run)
	if code(err) != "InvalidParameterValue" {
		t.Errorf("RunInstances without the profile: %v", err)
	}
}

// SIM-038: instance profiles hold one role, and must be empty to go.
func TestInstanceProfiles(t *testing.T) {
	a := newAccount(t)
	ctx := context.Background()
	client := iam.NewFromConfig(a.config)
	name, role := sdk.String("c1_1"), sdk.String("KarpenterNodeRole-c1")
	_, err := client.GetInstanceProfile(ctx, &iam.GetInstanceProfileInput{InstanceProfileName: name})
	var missing *iamtypes.NoSuchEntityException
	if !errors.As(err, &missing) {
		t.Fatalf("before it was made: %v", err)
	}
	_, err = client.CreateInstanceProfile(ctx, &iam.CreateInstanceProfileInput{
		InstanceProfileName: name, Path: sdk.String("/karpenter/us-west-2/c1/uid/"),
		Tags: []iamtypes.Tag{{Key: sdk.String("eks:eks-cluster-name"), Value: sdk.String("c1")}},
	})
	must(t, err)
	_, err = client.AddRoleToInstanceProfile(ctx, &iam.AddRoleToInstanceProfileInput{InstanceProfileName: name, RoleName: role})
	must(t, err)
	_, err = client.AddRoleToInstanceProfile(ctx, &iam.AddRoleToInstanceProfileInput{InstanceProfileName: name, RoleName: role})
	if code(err) != "LimitExceeded" {
		t.Errorf("a second role: %v", err)
	}
	out, err := client.GetInstanceProfile(ctx, &iam.GetInstanceProfileInput{InstanceProfileName: name})
	must(t, err)
	if *out.InstanceProfile.Roles[0].RoleName != *role || len(out.InstanceProfile.Tags) != 1 {
		t.Errorf("profile %+v", out.InstanceProfile)
	}
	list, err := client.ListInstanceProfiles(ctx, &iam.ListInstanceProfilesInput{PathPrefix: sdk.String("/karpenter/us-west-2/c1/")})
	must(t, err)
	if len(list.InstanceProfiles) != 1 || list.IsTruncated {
		t.Errorf("list %+v", list)
	}
	_, err = client.DeleteInstanceProfile(ctx, &iam.DeleteInstanceProfileInput{InstanceProfileName: name})
	if code(err) != "DeleteConflict" {
		t.Errorf("deleting one with a role: %v", err)
	}
	_, err = client.RemoveRoleFromInstanceProfile(ctx, &iam.RemoveRoleFromInstanceProfileInput{InstanceProfileName: name, RoleName: role})
	must(t, err)
	_, err = client.DeleteInstanceProfile(ctx, &iam.DeleteInstanceProfileInput{InstanceProfileName: name})
	must(t, err)
}

// SIM-010, SIM-039: the services that speak JSON, and REST.
func TestOtherServices(t *testing.T) {
	a := newAccount(t, func(o *aws.Options) {
		o.Setup.Shifted = []aws.Shift{{Zone: "usw2-az1", Expires: start().Add(time.Hour)}, {Zone: "usw2-az2", Expires: start()}}
	})
	ctx := context.Background()
	t.Run("SSM", func(t *testing.T) {
		client := ssm.NewFromConfig(a.config)
		out, err := client.GetParameter(ctx, &ssm.GetParameterInput{Name: sdk.String("/aws/service/bottlerocket/aws-k8s-1.34/arm64/latest/image_id")})
		must(t, err)
		if (*out.Parameter.Value)[:4] != "ami-" {
			t.Errorf("value %s", *out.Parameter.Value)
		}
		_, err = client.GetParameter(ctx, &ssm.GetParameterInput{Name: sdk.String("/no")})
		var missing *ssmtypes.ParameterNotFound
		if !errors.As(err, &missing) {
			t.Errorf("a parameter that there is not: %v", err)
		}
	})
	t.Run("EKS", func(t *testing.T) {
		client := eks.NewFromConfig(a.config)
		out, err := client.DescribeCluster(ctx, &eks.DescribeClusterInput{Name: sdk.String("c1")})
		must(t, err)
		if *out.Cluster.KubernetesNetworkConfig.ServiceIpv4Cidr != "10.100.0.0/16" || *out.Cluster.Version != "1.34" {
			t.Errorf("cluster %+v", out.Cluster)
		}
		_, err = client.DescribeCluster(ctx, &eks.DescribeClusterInput{Name: sdk.String("c2")})
		var missing *ekstypes.ResourceNotFoundException
		if !errors.As(err, &missing) {
			t.Errorf("a cluster that there is not: %v", err)
		}
	})
	t.Run("STS", func(t *testing.T) {
		out, err := sts.NewFromConfig(a.config).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
		must(t, err)
		if *out.Account != a.setup.Account {
			t.Errorf("account %s", *out.Account)
		}
	})
	t.Run("ARC zonal shift", func(t *testing.T) {
		client := arczonalshift.NewFromConfig(a.config)
		in := &arczonalshift.GetManagedResourceInput{ResourceIdentifier: sdk.String("arn:aws:eks:us-west-2:111122223333:cluster/c1")}
		out, err := client.GetManagedResource(ctx, in)
		must(t, err)
		if len(out.ZonalShifts) != 1 || *out.ZonalShifts[0].AwayFrom != "usw2-az1" || !out.ZonalShifts[0].ExpiryTime.Equal(a.clock.Now().Add(time.Hour)) {
			t.Errorf("shifts %+v", out.ZonalShifts)
		}
		must(t, a.cloud.ShiftZone("us-west-2a", 0)) // SIM-069
		must(t, a.cloud.ShiftZone("usw2-az3", time.Minute))
		out, err = client.GetManagedResource(ctx, in)
		must(t, err)
		if len(out.ZonalShifts) != 1 || *out.ZonalShifts[0].AwayFrom != "usw2-az3" || out.AppliedWeights["usw2-az3"] != 0 || out.AppliedWeights["usw2-az1"] != 1 {
			t.Errorf("shifts %+v, weights %v", out.ZonalShifts, out.AppliedWeights)
		}
	})
	t.Run("instance metadata", func(t *testing.T) {
		out, err := imds.NewFromConfig(a.config).GetRegion(ctx, &imds.GetRegionInput{})
		must(t, err)
		if out.Region != "us-west-2" {
			t.Errorf("region %s", out.Region)
		}
	})
}

// SIM-050, SIM-051: interruptions reach the queue, and what is announced happens.
func TestInterruptions(t *testing.T) {
	a := newAccount(t)
	ctx := context.Background()
	client := sqs.NewFromConfig(a.config)
	_, err := client.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: sdk.String("none")})
	var missing *sqstypes.QueueDoesNotExist
	if !errors.As(err, &missing) {
		t.Errorf("a queue that there is not: %v", err)
	}
	queue, err := client.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: sdk.String("c1")})
	must(t, err)
	receive := func() []sqstypes.Message {
		out, err := client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: queue.QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 20, WaitTimeSeconds: 20})
		must(t, err)
		return out.Messages
	}
	id := a.launch(1, types.DefaultTargetCapacityTypeSpot)[0]
	must(t, a.cloud.Notify(id, ""))
	got := receive()
	var event struct {
		Type   string `json:"detail-type"`
		Detail map[string]string
	}
	must(t, json.Unmarshal([]byte(*got[0].Body), &event))
	if event.Type != "EC2 Spot Instance Interruption Warning" || event.Detail["instance-id"] != id {
		t.Errorf("event %+v", event)
	}
	if len(receive()) != 0 {
		t.Error("a message that is being handled is received again")
	}
	a.step(21 * time.Second)
	again := receive()
	if len(again) != 1 || *again[0].MessageId != *got[0].MessageId {
		t.Error("a message that was not deleted does not come back")
	}
	_, err = client.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: queue.QueueUrl, ReceiptHandle: again[0].ReceiptHandle})
	must(t, err)
	a.step(2 * time.Minute)
	if s := a.describe(id).State.Name; s == types.InstanceStateNameRunning {
		t.Errorf("two minutes after the notice the instance is %s", s)
	}
}

// SIM-052: a lost host fails its checks.
func TestHostLoss(t *testing.T) {
	a := newAccount(t)
	id := a.launch(1, types.DefaultTargetCapacityTypeOnDemand)[0]
	a.step(5 * time.Minute)
	must(t, a.cloud.Lose(id))
	out, err := a.ec2.DescribeInstanceStatus(context.Background(), &ec2.DescribeInstanceStatusInput{
		Filters: []types.Filter{filter("instance-status.status", "impaired")},
	})
	must(t, err)
	if len(out.InstanceStatuses) != 1 || *out.InstanceStatuses[0].InstanceId != id || out.InstanceStatuses[0].InstanceStatus.Details[0].ImpairedSince == nil {
		t.Errorf("statuses %+v", out.InstanceStatuses)
	}
}

// SIM-045: a machine joins with what its user data says.
func TestMachinesJoin(t *testing.T) {
	a := newAccount(t)
	id := a.launch(1, types.DefaultTargetCapacityTypeSpot)[0]
	if _, joined := a.cloud.Yard().Outcome(id); joined {
		t.Error("the machine joined before it had booted")
	}
	a.step(time.Minute)
	outcome, _ := a.cloud.Yard().Outcome(id)
	if outcome.Node == nil {
		t.Fatalf("it did not join: %s", outcome.Reason)
	}
	n := outcome.Node
	if n.MaxPods != 58 || n.Labels["team"] != "a" || n.Taints[0].Key != "karpenter.sh/unregistered" || n.Machine.NodeName != *a.describe(id).PrivateDnsName {
		t.Errorf("node %+v", n)
	}
}
