// SPDX-License-Identifier: Apache-2.0

package interruption_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	testclock "k8s.io/utils/clock/testing"

	cloudaws "karpenter.sh/test/cloudsim/aws"
	"karpenter.sh/test/cloudsim/fault"
	"karpenter.sh/test/cloudsim/serve"
)

// account is a simulated account with a queue and the SDK's configuration for it.
type account struct {
	t      *testing.T
	cloud  *cloudaws.Cloud
	clock  *testclock.FakeClock
	setup  cloudaws.Setup
	config aws.Config
}

func newAccount(t *testing.T) *account {
	t.Helper()
	o := cloudaws.DefaultOptions("c1")
	clk := testclock.NewFakeClock(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	o.Clock, o.Unlimited = clk, true
	cloud, err := cloudaws.New(o)
	must(t, err)
	authority, err := serve.NewAuthority(time.Now())
	must(t, err)
	server, err := serve.Start(0, cloud, authority)
	must(t, err)
	t.Cleanup(func() { must(t, server.Close()) })
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority.PEM)
	key := cloud.Env(server.URL, "", "")["AWS_ACCESS_KEY_ID"]
	return &account{t: t, cloud: cloud, clock: clk, setup: o.Setup, config: aws.Config{
		Region: o.Setup.Region, BaseEndpoint: aws.String(server.URL),
		Credentials: credentials.NewStaticCredentialsProvider(key, "simulated", ""),
		Retryer:     func() aws.Retryer { return aws.NopRetryer{} },
		HTTPClient: awshttp.NewBuildableClient().WithTransportOptions(func(tr *http.Transport) {
			tr.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
			t.Cleanup(tr.CloseIdleConnections)
		}),
	}}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// step moves the time on and lets happen what is due.
func (a *account) step(d time.Duration) {
	a.clock.Step(d)
	a.cloud.Settle()
}

// fail lets calls of a name fail from now on; so many times, if not 0.
func (a *account) fail(call, code string, times int) {
	a.cloud.Faults().Add(fault.Rule{Call: call, Times: times, Error: &fault.Failure{Code: code}})
}

func (a *account) calls(call string) int { return len(a.cloud.Journal().Entries(call, 0)) }

const nodeConfig = `MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="//"

--//
Content-Type: application/node.eks.aws

apiVersion: node.eks.aws/v1alpha1
kind: NodeConfig
spec:
  cluster: {name: c1, apiServerEndpoint: "https://127.0.0.1:6443", certificateAuthority: Y2E=, cidr: 10.100.0.0/16}
--//--
`

// launch launches spot machines and returns their IDs. They run.
func (a *account) launch(n int) []string {
	a.t.Helper()
	api, name := ec2.NewFromConfig(a.config), "template"
	image := a.setup.Parameters["/aws/service/eks/optimized-ami/1.34/amazon-linux-2023/x86_64/standard/recommended/image_id"]
	_, err := api.CreateLaunchTemplate(a.t.Context(), &ec2.CreateLaunchTemplateInput{
		LaunchTemplateName: &name, LaunchTemplateData: &types.RequestLaunchTemplateData{
			ImageId: &image, UserData: aws.String(base64.StdEncoding.EncodeToString([]byte(nodeConfig))),
			NetworkInterfaces: []types.LaunchTemplateInstanceNetworkInterfaceSpecificationRequest{{
				DeviceIndex: aws.Int32(0), Groups: []string{a.setup.SecurityGroups[0].ID},
			}},
		},
	})
	must(a.t, err)
	out, err := api.CreateFleet(a.t.Context(), &ec2.CreateFleetInput{
		Type: types.FleetTypeInstant,
		LaunchTemplateConfigs: []types.FleetLaunchTemplateConfigRequest{{
			LaunchTemplateSpecification: &types.FleetLaunchTemplateSpecificationRequest{LaunchTemplateName: &name, Version: aws.String("$Latest")},
			Overrides:                   []types.FleetLaunchTemplateOverridesRequest{{InstanceType: "m5.large", SubnetId: &a.setup.Subnets[0].ID}},
		}},
		TargetCapacitySpecification: &types.TargetCapacitySpecificationRequest{
			TotalTargetCapacity: aws.Int32(int32(n)), DefaultTargetCapacityType: types.DefaultTargetCapacityTypeSpot,
		},
		SpotOptions: &types.SpotOptionsRequest{AllocationStrategy: types.SpotAllocationStrategyPriceCapacityOptimized},
	})
	must(a.t, err)
	var ids []string
	for _, i := range out.Instances {
		ids = append(ids, i.InstanceIds...)
	}
	if len(ids) != n {
		a.t.Fatalf("launched %d of %d: %+v", len(ids), n, out.Errors)
	}
	a.step(time.Minute)
	return ids
}
