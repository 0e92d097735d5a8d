// SPDX-License-Identifier: Apache-2.0

package sdktest_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// allowed is the file that lists the steps that may differ, with the reason.
const allowed = "differential.txt"

// SIM-064: TestDifferential plays one scenario to the simulation and to another one, moto, and
// compares what a controller would see: error codes, states, counts. MOTO_SERVER is
// the path of moto's server; without it the test is skipped (make differential-aws).
func TestDifferential(t *testing.T) {
	server := os.Getenv("MOTO_SERVER")
	if server == "" {
		t.Skip("MOTO_SERVER is not set")
	}
	own := newAccount(t).config
	kinds, err := allKinds(own)
	must(t, err)
	ours := play(t, side{T: t, config: own, kinds: kinds})
	moto := startMoto(t, server)
	t.Setenv("AWS_ENDPOINT_URL", moto)
	t.Setenv("AWS_ENDPOINT_URL_STS", moto)
	t.Setenv("AWS_CA_BUNDLE", "")
	c, err := config.LoadDefaultConfig(context.Background(), config.WithRetryMaxAttempts(1))
	must(t, err)
	theirs := play(t, side{T: t, config: c, moto: true, kinds: kinds})
	reasons := readAllowed(t)
	for _, step := range ours.order {
		one, two, reason := ours.got[step], theirs.got[step], reasons[step]
		switch {
		case one != two && reason == "":
			t.Errorf("%s: %s, moto: %s", step, one, two)
		case one == two && reason != "":
			t.Errorf("%s: no difference any more (%s): take it off %s", step, one, allowed)
		case one != two:
			t.Logf("%s: %s, moto: %s, because %s", step, one, two, reason)
		}
		delete(reasons, step)
	}
	for step := range reasons {
		t.Errorf("%s lists %q, which is no step", allowed, step)
	}
}

func readAllowed(t *testing.T) map[string]string {
	t.Helper()
	file, err := os.Open(allowed)
	must(t, err)
	defer file.Close()
	out := map[string]string{}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		step, reason, found := strings.Cut(lines.Text(), ": ")
		if found && !strings.HasPrefix(step, "#") {
			out[step] = reason
		}
	}
	return out
}

func startMoto(t *testing.T, path string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	address := listener.Addr().String()
	must(t, listener.Close())
	_, port, _ := net.SplitHostPort(address)
	ctx, cancel := context.WithCancel(context.Background())
	command := exec.CommandContext(ctx, path, "-H", "127.0.0.1", "-p", port)
	must(t, command.Start())
	t.Cleanup(func() { cancel(); _ = command.Wait() })
	for range 600 { // a minute at most
		if connection, err := net.DialTimeout("tcp", address, time.Second); err == nil {
			connection.Close()
			return "http://" + address
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatal("moto does not answer")
	return ""
}

// side is one of the two clouds.
type side struct {
	*testing.T
	config sdk.Config
	moto   bool
	kinds  []types.InstanceType // to be compared
}

// outcome is what the steps showed.
type outcome struct {
	got   map[string]string
	order []string
}

func (o *outcome) say(step string, err error, shown ...any) {
	text := code(err)
	if err == nil {
		text = strings.TrimSpace(fmt.Sprintln(shown...))
	}
	o.got[step] = text
	o.order = append(o.order, step)
}

// play runs the scenario.
func play(t *testing.T, s side) *outcome {
	o := &outcome{got: map[string]string{}}
	playNetwork(s, o)
	playInstances(s, o)
	playProfiles(s, o)
	playServices(s, o)
	return o
}

func playNetwork(s side, o *outcome) {
	ctx, client := context.Background(), ec2.NewFromConfig(s.config)
	subnets, err := client.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{Filters: []types.Filter{filter("availability-zone", "us-west-2a")}})
	o.say("subnets of a zone", err, len(subnets.Subnets), subnets.Subnets[0].State, *subnets.Subnets[0].AvailabilityZone)
	_, err = client.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{SubnetIds: []string{"subnet-00000000000000000"}})
	o.say("a subnet that there is not", err)
	_, err = client.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{Filters: []types.Filter{filter("colour", "red")}})
	o.say("a filter that there is not", err)
	_, err = client.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{GroupIds: []string{"sg-00000000000000000"}})
	o.say("a security group that there is not", err)
	_, err = client.DescribeImages(ctx, &ec2.DescribeImagesInput{ImageIds: []string{"ami-00000000000000000"}})
	o.say("an image that there is not", err)
	kinds, err := client.DescribeInstanceTypes(ctx, &ec2.DescribeInstanceTypesInput{InstanceTypes: []types.InstanceType{"m5.large"}})
	must(s.T, err)
	k := kinds.InstanceTypes[0]
	o.say("m5.large", err, *k.VCpuInfo.DefaultVCpus, *k.MemoryInfo.SizeInMiB, *k.NetworkInfo.MaximumNetworkInterfaces,
		*k.NetworkInfo.Ipv4AddressesPerInterface, k.Hypervisor, k.ProcessorInfo.SupportedArchitectures, k.NetworkInfo.EnaSupport, k.SupportedUsageClasses)
	for names := range slices.Chunk(s.kinds, 50) {
		out, err := client.DescribeInstanceTypes(ctx, &ec2.DescribeInstanceTypesInput{Filters: []types.Filter{filter("instance-type", texts(names)...)}})
		must(s.T, err)
		for _, k := range out.InstanceTypes {
			o.say("type "+string(k.InstanceType), nil, *k.VCpuInfo.DefaultVCpus, *k.MemoryInfo.SizeInMiB, *k.NetworkInfo.MaximumNetworkInterfaces,
				*k.NetworkInfo.Ipv4AddressesPerInterface, k.Hypervisor, *k.BareMetal, k.ProcessorInfo.SupportedArchitectures[0], devices(k))
		}
	}
	_, err = client.DescribeInstanceTypes(ctx, &ec2.DescribeInstanceTypesInput{InstanceTypes: []types.InstanceType{"z9.large"}})
	o.say("a type that there is not", err)
	_, err = client.DescribePlacementGroups(ctx, &ec2.DescribePlacementGroupsInput{GroupNames: []string{"none"}})
	o.say("a placement group that there is not", err)
}

// texts are the names of types.
func texts(kinds []types.InstanceType) []string {
	var out []string
	for _, k := range kinds {
		out = append(out, string(k))
	}
	return out
}

// devices are the GPUs of a type.
func devices(k types.InstanceTypeInfo) string {
	if k.GpuInfo == nil || len(k.GpuInfo.Gpus) == 0 {
		return "no GPU"
	}
	g := k.GpuInfo.Gpus[0]
	return fmt.Sprint(*g.Count, " ", *g.Name, " ", *g.MemoryInfo.SizeInMiB)
}

// allKinds are the types that the simulation has.
func allKinds(c sdk.Config) ([]types.InstanceType, error) {
	var out []types.InstanceType
	pages := ec2.NewDescribeInstanceTypesPaginator(ec2.NewFromConfig(c), &ec2.DescribeInstanceTypesInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(context.Background())
		if err != nil {
			return nil, err
		}
		for _, k := range page.InstanceTypes {
			out = append(out, k.InstanceType)
		}
	}
	return out, nil
}

func playInstances(s side, o *outcome) {
	ctx, client := context.Background(), ec2.NewFromConfig(s.config)
	name := sdk.String("karpenter.k8s.aws/1")
	images, err := client.DescribeImages(ctx, &ec2.DescribeImagesInput{Filters: []types.Filter{filter("architecture", "x86_64"), filter("state", "available")}})
	must(s.T, err)
	subnets, err := client.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{Filters: []types.Filter{filter("availability-zone", "us-west-2a")}})
	must(s.T, err)
	create := &ec2.CreateLaunchTemplateInput{
		LaunchTemplateName: name, LaunchTemplateData: &types.RequestLaunchTemplateData{ImageId: images.Images[0].ImageId},
	}
	template, err := client.CreateLaunchTemplate(ctx, create)
	must(s.T, err)
	o.say("a template", err, *template.LaunchTemplate.LaunchTemplateName, *template.LaunchTemplate.LatestVersionNumber)
	create.ClientToken = sdk.String("another")
	_, err = client.CreateLaunchTemplate(ctx, create)
	o.say("a template of the same name", err)
	_, err = client.DescribeLaunchTemplates(ctx, &ec2.DescribeLaunchTemplatesInput{LaunchTemplateNames: []string{"none"}})
	o.say("a template that there is not", err)
	in := &ec2.CreateFleetInput{
		Type: types.FleetTypeInstant,
		LaunchTemplateConfigs: []types.FleetLaunchTemplateConfigRequest{{
			LaunchTemplateSpecification: &types.FleetLaunchTemplateSpecificationRequest{
				LaunchTemplateId: template.LaunchTemplate.LaunchTemplateId, Version: sdk.String("$Latest"),
			},
			Overrides: []types.FleetLaunchTemplateOverridesRequest{{InstanceType: "m5.large", SubnetId: subnets.Subnets[0].SubnetId}},
		}},
		TargetCapacitySpecification: &types.TargetCapacitySpecificationRequest{
			TotalTargetCapacity: sdk.Int32(2), DefaultTargetCapacityType: types.DefaultTargetCapacityTypeOnDemand,
		},
		TagSpecifications: []types.TagSpecification{{ResourceType: types.ResourceTypeInstance, Tags: tags()}},
	}
	fleet, err := client.CreateFleet(ctx, in)
	must(s.T, err)
	var launched []string
	for _, i := range fleet.Instances {
		launched = append(launched, i.InstanceIds...)
	}
	o.say("a fleet of two", err, len(launched), len(fleet.Errors))
	playLives(s, o, launched)
	_, err = client.DeleteLaunchTemplate(ctx, &ec2.DeleteLaunchTemplateInput{LaunchTemplateName: name})
	o.say("the template goes", err, "gone")
	_, err = client.DeleteLaunchTemplate(ctx, &ec2.DeleteLaunchTemplateInput{LaunchTemplateName: name})
	o.say("the template goes again", err)
}

func playLives(s side, o *outcome, launched []string) {
	ctx, client := context.Background(), ec2.NewFromConfig(s.config)
	out, err := client.DescribeInstances(ctx, &ec2.DescribeInstancesInput{InstanceIds: launched[:1]})
	must(s.T, err)
	i := out.Reservations[0].Instances[0]
	o.say("an instance", err, i.InstanceType, *i.Placement.AvailabilityZone, i.Architecture, i.InstanceLifecycle, *i.VpcId != "", *i.SubnetId != "")
	found, err := client.DescribeInstances(ctx, &ec2.DescribeInstancesInput{
		Filters: []types.Filter{filter("tag-key", "karpenter.sh/nodepool"), filter("tag:eks:eks-cluster-name", "c?"), filter("instance-state-name", "pending", "running")},
	})
	n := 0
	if err == nil {
		for _, r := range found.Reservations {
			n += len(r.Instances)
		}
	}
	o.say("instances by tags", err, n)
	_, err = client.DescribeInstances(ctx, &ec2.DescribeInstancesInput{InstanceIds: []string{"i-00000000000000000"}})
	o.say("an instance that there is not", err)
	_, err = client.CreateTags(ctx, &ec2.CreateTagsInput{Resources: []string{"i-00000000000000000"}, Tags: tags()})
	o.say("tagging an instance that there is not", err)
	_, err = client.CreateTags(ctx, &ec2.CreateTagsInput{Resources: launched, Tags: []types.Tag{{Key: sdk.String("Name"), Value: sdk.String("n")}}})
	o.say("tagging instances", err, "tagged")
	_, err = client.RunInstances(ctx, &ec2.RunInstancesInput{
		DryRun: sdk.Bool(true), MinCount: sdk.Int32(1), MaxCount: sdk.Int32(1), InstanceType: "m5.large", ImageId: i.ImageId,
	})
	o.say("a dry run", err)
	for _, step := range []string{"ending an instance", "ending it again"} {
		out, err := client.TerminateInstances(ctx, &ec2.TerminateInstancesInput{InstanceIds: launched[:1]})
		must(s.T, err)
		o.say(step, err, out.TerminatingInstances[0].CurrentState.Name)
	}
	_, err = client.TerminateInstances(ctx, &ec2.TerminateInstancesInput{InstanceIds: []string{"i-00000000000000000"}})
	o.say("ending an instance that there is not", err)
}

func playProfiles(s side, o *outcome) {
	ctx, client := context.Background(), iam.NewFromConfig(s.config)
	role := sdk.String("KarpenterNodeRole-c1")
	if s.moto {
		_, err := client.CreateRole(ctx, &iam.CreateRoleInput{RoleName: role, AssumeRolePolicyDocument: sdk.String("{}")})
		must(s.T, err)
	}
	name := sdk.String("c1_1")
	_, err := client.GetInstanceProfile(ctx, &iam.GetInstanceProfileInput{InstanceProfileName: name})
	o.say("a profile that there is not", err)
	create := &iam.CreateInstanceProfileInput{InstanceProfileName: name, Path: sdk.String("/karpenter/us-west-2/c1/u/")}
	out, err := client.CreateInstanceProfile(ctx, create)
	must(s.T, err)
	o.say("a profile", err, *out.InstanceProfile.Path, len(out.InstanceProfile.Roles), strings.HasSuffix(*out.InstanceProfile.Arn, ":instance-profile/karpenter/us-west-2/c1/u/c1_1"))
	_, err = client.CreateInstanceProfile(ctx, create)
	o.say("a profile twice", err)
	_, err = client.AddRoleToInstanceProfile(ctx, &iam.AddRoleToInstanceProfileInput{InstanceProfileName: name, RoleName: sdk.String("none")})
	o.say("a role that there is not", err)
	for _, step := range []string{"a role", "a second role"} {
		_, err = client.AddRoleToInstanceProfile(ctx, &iam.AddRoleToInstanceProfileInput{InstanceProfileName: name, RoleName: role})
		o.say(step, err, "added")
	}
	list, err := client.ListInstanceProfiles(ctx, &iam.ListInstanceProfilesInput{PathPrefix: sdk.String("/karpenter/us-west-2/c1/")})
	must(s.T, err)
	o.say("profiles of the cluster", err, len(list.InstanceProfiles), *list.InstanceProfiles[0].Roles[0].RoleName)
	_, err = client.DeleteInstanceProfile(ctx, &iam.DeleteInstanceProfileInput{InstanceProfileName: name})
	o.say("deleting a profile with a role", err, "deleted")
	_, err = client.RemoveRoleFromInstanceProfile(ctx, &iam.RemoveRoleFromInstanceProfileInput{InstanceProfileName: name, RoleName: role})
	o.say("the role goes", err, "gone")
	_, err = client.DeleteInstanceProfile(ctx, &iam.DeleteInstanceProfileInput{InstanceProfileName: name})
	o.say("the profile goes", err, "gone")
}

func playServices(s side, o *outcome) {
	ctx := context.Background()
	_, err := ssm.NewFromConfig(s.config).GetParameter(ctx, &ssm.GetParameterInput{Name: sdk.String("/none")})
	o.say("a parameter that there is not", err)
	_, err = eks.NewFromConfig(s.config).DescribeCluster(ctx, &eks.DescribeClusterInput{Name: sdk.String("none")})
	o.say("a cluster that there is not", err)
	who, err := sts.NewFromConfig(s.config).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	o.say("who calls", err, len(*who.Account))
	queues := sqs.NewFromConfig(s.config)
	_, err = queues.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: sdk.String("none")})
	o.say("a queue that there is not", err)
	if s.moto {
		_, err := queues.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: sdk.String("c1")})
		must(s.T, err)
	}
	queue, err := queues.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: sdk.String("c1")})
	must(s.T, err)
	out, err := queues.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: queue.QueueUrl, MaxNumberOfMessages: 10})
	must(s.T, err)
	o.say("an empty queue", err, len(out.Messages))
	_, err = queues.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: queue.QueueUrl, ReceiptHandle: sdk.String("none")})
	o.say("a receipt that there is not", err, "deleted")
}
