// SPDX-License-Identifier: Apache-2.0

package wiring_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/version"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	karpv1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/events/eventstest"
	"karpenter.sh/core/metrics"
	coreoptions "karpenter.sh/core/operator/options"
	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/clients"
	"karpenter.sh/providers/aws/cluster"
	"karpenter.sh/providers/aws/internal/simtest"
	"karpenter.sh/providers/aws/options"
	"karpenter.sh/providers/aws/wiring"
)

// apiServer tells a version.
type apiServer struct{}

func (apiServer) ServerVersionWithContext(context.Context) (*version.Info, error) {
	return &version.Info{Major: "1", Minor: "34"}, nil
}

// whole is the provider on a simulated account.
type whole struct {
	*simtest.Account
	*wiring.Parts
	registry *prometheus.Registry
}

func newWhole(t *testing.T, change ...func(*wiring.Options)) *whole {
	t.Helper()
	w := &whole{Account: simtest.New(t, func(o *simtest.Options) { o.RealTime = true }), registry: prometheus.NewRegistry()}
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{karpv1.AddToScheme, v1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	api := fake.NewClientBuilder().WithScheme(scheme).Build()
	services := clients.New(w.Config)
	known, err := cluster.Discover(t.Context(), cluster.Options{
		Name: simtest.Cluster, CABundle: "Y2E=", EKS: services.EKS, Server: apiServer{}, Reader: api, Log: logr.Discard(),
	})
	if err != nil {
		t.Fatal(err)
	}
	nodeClaims, err := metrics.NewNodeClaims(w.registry)
	if err != nil {
		t.Fatal(err)
	}
	o := wiring.Options{
		Settings: options.Options{
			ClusterName: simtest.Cluster, VMMemoryOverheadPercent: 0.075, AMIRefreshInterval: time.Minute, SubnetRefreshInterval: time.Minute,
			InterruptionQueue: "queue", PricePerVCPU: 0.034, PricePerGiB: 0.004, PricePerAccelerator: 1,
		},
		Core:   coreoptions.Options{FeatureGates: coreoptions.FeatureGates{ReservedCapacity: true}},
		Region: w.Setup.Region, Services: services, Cluster: known, Client: api, Live: api, Scheme: scheme,
		Events: &eventstest.Recorder{}, Registerer: w.registry, NodeClaims: nodeClaims, Clock: clock.RealClock{}, Log: logr.Discard(),
	}
	for _, f := range change {
		f(&o)
	}
	if w.Parts, err = wiring.New(o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return w
}

// AWS-401, AWS-402: each metric is registered once, under its name.
func TestMetrics(t *testing.T) {
	t.Parallel()
	w := newWhole(t)
	for name, c := range map[string]prometheus.Collector{
		"karpenter_ec2nodeclasses_userdata_bytes":                prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "karpenter_ec2nodeclasses_userdata_bytes", Help: "x"}, []string{"nodeclass"}),
		"karpenter_interruption_received_messages_total":         prometheus.NewCounterVec(prometheus.CounterOpts{Name: "karpenter_interruption_received_messages_total", Help: "x"}, []string{"message_type"}),
		"karpenter_interruption_deleted_messages_total":          prometheus.NewCounter(prometheus.CounterOpts{Name: "karpenter_interruption_deleted_messages_total", Help: "x"}),
		"karpenter_interruption_instance_status_unhealthy_total": prometheus.NewCounterVec(prometheus.CounterOpts{Name: "karpenter_interruption_instance_status_unhealthy_total", Help: "x"}, []string{"category"}),
	} {
		if err := w.registry.Register(c); err == nil {
			t.Errorf("%s is not registered", name)
		}
	}
	if _, err := wiring.New(w.Options); err == nil {
		t.Error("metrics that are registered already are no error")
	}
}

// AWS-353: all instances are asked for with one call; those that are gone are left out,
// and any other failure is one of all.
func TestCapacityTypes(t *testing.T) {
	t.Parallel()
	w := newWhole(t)
	api := ec2.NewFromConfig(w.Config)
	image := w.Setup.Parameters["/aws/service/eks/optimized-ami/1.34/amazon-linux-2023/x86_64/standard/recommended/image_id"]
	if _, err := api.CreateLaunchTemplate(t.Context(), &ec2.CreateLaunchTemplateInput{
		LaunchTemplateName: aws.String("t"), LaunchTemplateData: &ec2types.RequestLaunchTemplateData{ImageId: &image},
	}); err != nil {
		t.Fatal(err)
	}
	out, err := api.CreateFleet(t.Context(), &ec2.CreateFleetInput{
		Type: ec2types.FleetTypeInstant,
		LaunchTemplateConfigs: []ec2types.FleetLaunchTemplateConfigRequest{{
			LaunchTemplateSpecification: &ec2types.FleetLaunchTemplateSpecificationRequest{LaunchTemplateName: aws.String("t"), Version: aws.String("$Latest")},
			Overrides:                   []ec2types.FleetLaunchTemplateOverridesRequest{{InstanceType: "m5.large", SubnetId: aws.String(w.Setup.Subnets[0].ID)}},
		}},
		TargetCapacitySpecification: &ec2types.TargetCapacitySpecificationRequest{TotalTargetCapacity: aws.Int32(5), DefaultTargetCapacityType: ec2types.DefaultTargetCapacityTypeOnDemand},
	})
	if err != nil || len(out.Instances) == 0 {
		t.Fatal(out, err)
	}
	var ids []string
	for _, i := range out.Instances {
		ids = append(ids, i.InstanceIds...)
	}
	got, err := w.CapacityTypes(t.Context(), ids)
	if err != nil || len(got) != 5 || got[ids[0]] != label.OnDemand || w.Calls("ec2:DescribeInstances") != 1 {
		t.Errorf("got %v, %v, by %d calls", got, err, w.Calls("ec2:DescribeInstances"))
	}
	got, err = w.CapacityTypes(t.Context(), append(slices.Clone(ids), "i-0123456789abcdef0"))
	if err != nil || len(got) != 5 {
		t.Errorf("with one that is gone: %v, %v", got, err)
	}
	w.Fail("ec2:DescribeInstances", "InternalError", "")
	if got, err = w.CapacityTypes(t.Context(), ids); err == nil || got != nil {
		t.Errorf("while the cloud is down: %v, %v", got, err)
	}
}

// AWS-002 (9): without a catalogue nothing starts; the gate ReservedCapacity leaves no
// part of reservations (AWS-433).
func TestLoad(t *testing.T) {
	t.Parallel()
	w := newWhole(t, func(o *wiring.Options) { o.Core.FeatureGates.ReservedCapacity = false })
	if w.Counts != nil || w.Reservations != nil {
		t.Error("AWS-433: parts of reservations are there with the gate off")
	}
	on := newWhole(t)
	if more := len(on.Controllers()) - len(w.Controllers()); more != 2 {
		t.Errorf("AWS-433: the gate brings %d controllers, want 2", more)
	}
	w.Fail("ec2:DescribeInstanceTypes", "InternalError", "")
	if err := w.Load(t.Context()); err == nil || !strings.Contains(err.Error(), "instance types") {
		t.Errorf("got %v", err)
	}
	w.Heal()
	if err := w.Load(t.Context()); err != nil {
		t.Error(err)
	}
}
