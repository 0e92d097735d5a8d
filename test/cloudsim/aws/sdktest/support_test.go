// SPDX-License-Identifier: Apache-2.0

package sdktest_test

import (
	"context"
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/smithy-go"
	testclock "k8s.io/utils/clock/testing"

	"karpenter.sh/test/cloudsim/aws"
	"karpenter.sh/test/cloudsim/fault"
	"karpenter.sh/test/cloudsim/serve"
)

// account is a simulated account and the SDK's configuration for it.
type account struct {
	*testing.T
	cloud  *aws.Cloud
	clock  *testclock.FakeClock
	setup  aws.Setup
	config sdk.Config
	ec2    *ec2.Client
}

func start() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

// newAccount serves a cloud over TLS and points the SDK at it by its environment.
func newAccount(t *testing.T, change ...func(*aws.Options)) *account {
	t.Helper()
	clock := testclock.NewFakeClock(start())
	o := aws.DefaultOptions("c1")
	o.Clock = clock
	for _, f := range change {
		f(&o)
	}
	cloud, err := aws.New(o)
	must(t, err)
	authority, err := serve.NewAuthority(time.Now())
	must(t, err)
	server, err := serve.Start(0, cloud, authority)
	must(t, err)
	control, err := serve.Start(0, cloud.Metadata(), nil)
	must(t, err)
	t.Cleanup(func() {
		if err := errors.Join(server.Close(), control.Close()); err != nil {
			t.Error(err)
		}
	})
	bundle := filepath.Join(t.TempDir(), "ca.pem")
	must(t, os.WriteFile(bundle, authority.PEM, 0o600))
	for name, value := range cloud.Env(server.URL, bundle, control.URL) {
		t.Setenv(name, value)
	}
	c, err := config.LoadDefaultConfig(context.Background(), config.WithRetryMaxAttempts(1))
	must(t, err)
	return &account{T: t, cloud: cloud, clock: clock, setup: o.Setup, config: c, ec2: ec2.NewFromConfig(c)}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// code is the code of an error of the SDK; "" if there is none.
func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	if err != nil {
		return "no API error: " + err.Error()
	}
	return ""
}

// step moves the time on and lets happen what is due.
func (a *account) step(d time.Duration) {
	a.clock.Step(d)
	a.cloud.Settle()
}

// fault adds rules, which are written as tests would send them.
func (a *account) fault(rules string) {
	a.Helper()
	parsed, err := fault.Parse([]byte(rules), a.cloud.Calls())
	must(a.T, err)
	a.cloud.Faults().Add(parsed...)
}

// image is the image that a parameter of EKS names, for the architecture.
func (a *account) image(arch string) string {
	return a.setup.Parameters["/aws/service/eks/optimized-ami/1.34/amazon-linux-2023/"+arch+"/standard/recommended/image_id"]
}

const nodeConfig = `MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="//"

--//
Content-Type: application/node.eks.aws

apiVersion: node.eks.aws/v1alpha1
kind: NodeConfig
spec:
  cluster: {name: c1, apiServerEndpoint: "https://127.0.0.1:6443", certificateAuthority: Y2E=, cidr: 10.100.0.0/16}
  kubelet:
    config:
      maxPods: 58
      registerWithTaints: [{key: karpenter.sh/unregistered, effect: NoExecute}]
    flags: ['--node-labels="karpenter.sh/nodepool=default,team=a"']
--//--
`

// template makes a launch template for an architecture.
func (a *account) template(name, arch string, change ...func(*types.RequestLaunchTemplateData)) string {
	a.Helper()
	data := &types.RequestLaunchTemplateData{
		ImageId:  sdk.String(a.image(arch)),
		UserData: sdk.String(base64.StdEncoding.EncodeToString([]byte(nodeConfig))),
		NetworkInterfaces: []types.LaunchTemplateInstanceNetworkInterfaceSpecificationRequest{{
			DeviceIndex: sdk.Int32(0), Groups: []string{a.setup.SecurityGroups[0].ID},
		}},
		MetadataOptions: &types.LaunchTemplateInstanceMetadataOptionsRequest{HttpTokens: types.LaunchTemplateHttpTokensStateRequired},
	}
	for _, f := range change {
		f(data)
	}
	out, err := a.ec2.CreateLaunchTemplate(context.Background(), &ec2.CreateLaunchTemplateInput{
		LaunchTemplateName: &name, LaunchTemplateData: data,
		TagSpecifications: []types.TagSpecification{{
			ResourceType: types.ResourceTypeLaunchTemplate, Tags: tags(),
		}},
	})
	must(a.T, err)
	return *out.LaunchTemplate.LaunchTemplateId
}

func tags() []types.Tag {
	return []types.Tag{
		{Key: sdk.String("karpenter.sh/nodepool"), Value: sdk.String("default")},
		{Key: sdk.String("eks:eks-cluster-name"), Value: sdk.String("c1")},
		{Key: sdk.String("kubernetes.io/cluster/c1"), Value: sdk.String("owned")},
	}
}

// request is a fleet request for machines of a template, in all subnets.
func (a *account) request(template string, n int, capacity types.DefaultTargetCapacityType, kinds ...types.InstanceType) *ec2.CreateFleetInput {
	var overrides []types.FleetLaunchTemplateOverridesRequest
	for _, kind := range kinds {
		for _, s := range a.setup.Subnets {
			overrides = append(overrides, types.FleetLaunchTemplateOverridesRequest{
				InstanceType: kind, SubnetId: sdk.String(s.ID), AvailabilityZone: sdk.String(s.Zone),
			})
		}
	}
	return &ec2.CreateFleetInput{
		Type: types.FleetTypeInstant,
		LaunchTemplateConfigs: []types.FleetLaunchTemplateConfigRequest{{
			LaunchTemplateSpecification: &types.FleetLaunchTemplateSpecificationRequest{
				LaunchTemplateId: &template, Version: sdk.String("$Latest"),
			},
			Overrides: overrides,
		}},
		TargetCapacitySpecification: &types.TargetCapacitySpecificationRequest{
			TotalTargetCapacity: sdk.Int32(int32(n)), DefaultTargetCapacityType: capacity,
		},
		SpotOptions:       &types.SpotOptionsRequest{AllocationStrategy: types.SpotAllocationStrategyPriceCapacityOptimized},
		OnDemandOptions:   &types.OnDemandOptionsRequest{AllocationStrategy: types.FleetOnDemandAllocationStrategyLowestPrice},
		TagSpecifications: []types.TagSpecification{{ResourceType: types.ResourceTypeInstance, Tags: tags()}, {ResourceType: types.ResourceTypeFleet, Tags: tags()}},
	}
}

// launch launches machines and returns their IDs.
func (a *account) launch(n int, capacity types.DefaultTargetCapacityType) []string {
	a.Helper()
	out, err := a.ec2.CreateFleet(context.Background(), a.request(a.template("karpenter.k8s.aws/1", "x86_64"), n, capacity, "m5.large"))
	must(a.T, err)
	var ids []string
	for _, i := range out.Instances {
		ids = append(ids, i.InstanceIds...)
	}
	if len(ids) != n {
		a.Fatalf("launched %d of %d, errors %+v", len(ids), n, out.Errors)
	}
	return ids
}

// describe is one instance, as it is told.
func (a *account) describe(id string) types.Instance {
	a.Helper()
	out, err := a.ec2.DescribeInstances(context.Background(), &ec2.DescribeInstancesInput{InstanceIds: []string{id}})
	must(a.T, err)
	return out.Reservations[0].Instances[0]
}

func filter(name string, values ...string) types.Filter {
	return types.Filter{Name: &name, Values: values}
}
