// SPDX-License-Identifier: Apache-2.0

package iam_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"

	"karpenter.sh/core/cloudprovider/kit/errortable"
	"karpenter.sh/providers/aws/iam"
	"karpenter.sh/providers/aws/internal/simtest"
	cloudaws "karpenter.sh/test/cloudsim/aws"
)

const (
	nodeRole   = "KarpenterNodeRole-c1"
	reserve    = "cr-1"
	groupID    = "pg-1"
	ownRoot    = "/karpenter/us-west-2/c1/uid/"
	otherRoot  = "/karpenter/us-west-2/c2/uid/"
	controller = "AKIACONTROLLER"
	admin      = "AKIAROOT"
)

// account is one where the controller may do what the documents say, and an
// administrator everything.
type account struct {
	*testing.T
	*simtest.Account
	policies []json.RawMessage
	own, all aws.Config
}

func newAccount(t *testing.T) *account {
	t.Helper()
	a := &account{T: t}
	for _, d := range iam.Policies() {
		a.policies = append(a.policies, render(t, d, values()))
	}
	a.Account = simtest.New(t, func(o *simtest.Options) {
		s := &o.Cloud.Setup
		s.Identities = []cloudaws.Identity{{AccessKey: controller, Role: "controller", Policies: a.policies}, {AccessKey: admin, Role: "admin"}}
		s.Roles = append(s.Roles, "Administrator")
		s.Queues = append(s.Queues, "c2")
		s.Parameters["/mine"] = "ami-1"
		s.Reservations = []cloudaws.Reservation{{ID: reserve, Type: "m5.large", Zone: "us-west-2a", Count: 5, Match: "targeted", Kind: "default"}}
		s.PlacementGroups = []cloudaws.PlacementGroup{{ID: groupID, Name: "g", Strategy: "cluster"}}
	})
	a.own, a.all = a.Config, a.Config.Copy()
	a.all.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: admin, SecretAccessKey: "simulated"}, nil
	})
	return a
}

func (a *account) must(err error) {
	a.Helper()
	if err != nil {
		a.Fatal(err)
	}
}

// code is an error's; "" without one, or if all would be allowed but for the dry run.
func code(err error) string {
	if err == nil {
		return ""
	}
	if c := errortable.FailureOf(err).Code; c != "DryRunOperation" {
		return c
	}
	return ""
}

func tagsOf(cluster string, without ...string) (out []ec2types.Tag) {
	for _, tag := range []string{
		"kubernetes.io/cluster/" + cluster + "=owned", "karpenter.sh/nodepool=default",
		"eks:eks-cluster-name=" + cluster, "karpenter.k8s.aws/ec2nodeclass=default", "team=a",
	} {
		if key, value, _ := strings.Cut(tag, "="); !slices.Contains(without, key) {
			out = append(out, ec2types.Tag{Key: &key, Value: &value})
		}
	}
	return out
}

func specs(tags []ec2types.Tag, kinds ...ec2types.ResourceType) (out []ec2types.TagSpecification) {
	if len(tags) == 0 {
		return nil
	}
	for _, kind := range kinds {
		out = append(out, ec2types.TagSpecification{ResourceType: kind, Tags: tags})
	}
	return out
}

// template is a request for a launch template whose tags of machines are as given
// (AWS-263), for a profile.
func (a *account) template(name, profile string, own, machines []ec2types.Tag) *ec2.CreateLaunchTemplateInput {
	data := &ec2types.RequestLaunchTemplateData{
		ImageId: aws.String(a.Setup.Parameters["/aws/service/eks/optimized-ami/1.34/amazon-linux-2023/x86_64/standard/recommended/image_id"]),
		NetworkInterfaces: []ec2types.LaunchTemplateInstanceNetworkInterfaceSpecificationRequest{{
			DeviceIndex: aws.Int32(0), Groups: []string{a.Setup.SecurityGroups[0].ID},
		}},
	}
	if profile != "" {
		data.IamInstanceProfile = &ec2types.LaunchTemplateIamInstanceProfileSpecificationRequest{Name: &profile}
	}
	for _, kind := range []ec2types.ResourceType{ec2types.ResourceTypeNetworkInterface, ec2types.ResourceTypeSpotInstancesRequest} {
		if len(machines) > 0 {
			data.TagSpecifications = append(data.TagSpecifications, ec2types.LaunchTemplateTagSpecificationRequest{ResourceType: kind, Tags: machines})
		}
	}
	return &ec2.CreateLaunchTemplateInput{
		LaunchTemplateName: &name, LaunchTemplateData: data, TagSpecifications: specs(own, ec2types.ResourceTypeLaunchTemplate),
	}
}

// fleet is a request for one machine (AWS-290).
func (a *account) fleet(template string, capacity ec2types.DefaultTargetCapacityType, tags []ec2types.Tag) *ec2.CreateFleetInput {
	subnet := a.Setup.Subnets[0]
	return &ec2.CreateFleetInput{
		Type: ec2types.FleetTypeInstant,
		LaunchTemplateConfigs: []ec2types.FleetLaunchTemplateConfigRequest{{
			LaunchTemplateSpecification: &ec2types.FleetLaunchTemplateSpecificationRequest{LaunchTemplateName: &template, Version: aws.String("$Latest")},
			Overrides: []ec2types.FleetLaunchTemplateOverridesRequest{{
				InstanceType: "m5.large", SubnetId: &subnet.ID, AvailabilityZone: &subnet.Zone,
			}},
		}},
		TargetCapacitySpecification: &ec2types.TargetCapacitySpecificationRequest{TotalTargetCapacity: aws.Int32(1), DefaultTargetCapacityType: capacity},
		TagSpecifications:           specs(tags, ec2types.ResourceTypeInstance, ec2types.ResourceTypeVolume, ec2types.ResourceTypeFleet),
	}
}

// launch makes a template and a machine from it.
func (a *account) launch(c aws.Config, name, profile, cluster string, capacity ec2types.DefaultTargetCapacityType) (instance string) {
	a.Helper()
	client, tags := ec2.NewFromConfig(c), tagsOf(cluster)
	_, err := client.CreateLaunchTemplate(a.Context(), a.template(name, profile, tags, tags))
	a.must(err)
	out, err := client.CreateFleet(a.Context(), a.fleet(name, capacity, tags))
	a.must(err)
	if len(out.Instances) == 0 {
		a.Fatalf("launched nothing: %+v", out.Errors)
	}
	return out.Instances[0].InstanceIds[0]
}

// profile makes an instance profile with a role in it, as somebody.
func (a *account) profile(c aws.Config, name, path, cluster, region string) {
	a.Helper()
	client := awsiam.NewFromConfig(c)
	_, err := client.CreateInstanceProfile(a.Context(), newProfile(name, path, cluster, region))
	a.must(err)
	_, err = client.AddRoleToInstanceProfile(a.Context(), &awsiam.AddRoleToInstanceProfileInput{InstanceProfileName: &name, RoleName: aws.String(nodeRole)})
	a.must(err)
}

// newProfile is a request with the tags of AWS-341; without cluster there are none.
func newProfile(name, path, cluster, region string) *awsiam.CreateInstanceProfileInput {
	in := &awsiam.CreateInstanceProfileInput{InstanceProfileName: &name, Path: &path}
	if cluster == "" {
		return in
	}
	for _, tag := range []string{
		"kubernetes.io/cluster/" + cluster + "=owned", "eks:eks-cluster-name=" + cluster,
		"karpenter.k8s.aws/ec2nodeclass=default", "topology.kubernetes.io/region=" + region,
	} {
		key, value, _ := strings.Cut(tag, "=")
		in.Tags = append(in.Tags, iamtypes.Tag{Key: &key, Value: &value})
	}
	return in
}
