// SPDX-License-Identifier: Apache-2.0

package wiring_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
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
	for _, add := range []func(*runtime.Scheme) error{appsv1.AddToScheme, corev1.AddToScheme, karpv1.AddToScheme, v1.AddToScheme} {
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
		LaunchTemplateName: aws.String("template"), LaunchTemplateData: &ec2types.RequestLaunchTemplateData{ImageId: &image},
	}); err != nil {
		t.Fatal(err)
	}
	out, err := api.CreateFleet(t.Context(), &ec2.CreateFleetInput{
		Type: ec2types.FleetTypeInstant,
		LaunchTemplateConfigs: []ec2types.FleetLaunchTemplateConfigRequest{{
			LaunchTemplateSpecification: &ec2types.FleetLaunchTemplateSpecificationRequest{LaunchTemplateName: aws.String("template"), Version: aws.String("$Latest")},
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

// AWS-089: the type that is tried, in which zones, and with which tenancy.
func TestTrial(t *testing.T) {
	t.Parallel()
	pool := func(w *whole, requirements ...karpv1.NodeSelectorRequirementWithMinValues) {
		p := &karpv1.NodePool{ObjectMeta: metav1.ObjectMeta{Name: "pool"}}
		p.Spec.Template.Spec.NodeClassRef = karpv1.NodeClassReference{Group: v1.Group, Kind: v1.NodeClassKind, Name: "default"}
		p.Spec.Template.Spec.Requirements = requirements
		if err := w.Client.Create(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	in := func(key string, values ...string) karpv1.NodeSelectorRequirementWithMinValues {
		return karpv1.NodeSelectorRequirementWithMinValues{Key: key, Operator: "In", Values: values}
	}
	for _, tc := range []struct {
		name, kind, tenancy string
		change              func(*whole, *v1.EC2NodeClass)
		zones               int
	}{
		{"no NodePool", "m5.large", "default", func(*whole, *v1.EC2NodeClass) {}, 3},
		{"of a NodePool, dedicated", "c5.large", "dedicated", func(w *whole, _ *v1.EC2NodeClass) {
			pool(w, in(label.InstanceType, "c5.large"), in(v1.LabelInstanceTenancy, "default", "dedicated"))
		}, 3},
		{"only where there are subnets", "m5.large", "default", func(_ *whole, c *v1.EC2NodeClass) { c.Status.Subnets = c.Status.Subnets[:1] }, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWhole(t)
			if err := w.Load(t.Context()); err != nil {
				t.Fatal(err)
			}
			c := resolved(w)
			tc.change(w, c)
			if got, err := w.Validator.Resolve(t.Context(), c); err != nil || got.Status != "True" {
				t.Fatalf("got %+v, %v", got, err)
			}
			run := fmt.Sprint(w.Requests("ec2:RunInstances")[0].Input)
			if !strings.Contains(run, "InstanceType:"+tc.kind) {
				t.Errorf("tried %s", run)
			}
			if template := fmt.Sprint(w.Requests("ec2:CreateLaunchTemplate")[0].Input); !strings.Contains(template, "Tenancy:"+tc.tenancy) {
				t.Errorf("template %s", template)
			}
			if asked := fmt.Sprint(w.Requests("ec2:CreateFleet")[0].Input); strings.Count(asked, "SubnetId:") != tc.zones {
				t.Errorf("fleet %s", asked)
			}
		})
	}
}

// resolved is a NodeClass with what the account has.
func resolved(w *whole) *v1.EC2NodeClass {
	c := &v1.EC2NodeClass{
		ObjectMeta: metav1.ObjectMeta{Name: "default", UID: "uid"},
		Spec:       v1.EC2NodeClassSpec{AMISelectorTerms: []v1.AMISelectorTerm{{Alias: "al2023@latest"}}},
	}
	c.Status.AMIs = []v1.AMI{{
		ID:           w.Setup.Parameters["/aws/service/eks/optimized-ami/1.34/amazon-linux-2023/x86_64/standard/recommended/image_id"],
		Requirements: []corev1.NodeSelectorRequirement{{Key: corev1.LabelArchStable, Operator: corev1.NodeSelectorOpIn, Values: []string{"amd64"}}},
	}}
	for _, s := range w.Setup.Subnets {
		c.Status.Subnets = append(c.Status.Subnets, v1.Subnet{ID: s.ID, Zone: s.Zone})
	}
	c.Status.SecurityGroups = []v1.SecurityGroup{{ID: w.Setup.SecurityGroups[0].ID}}
	set := c.StatusConditions()
	for _, name := range []string{
		v1.ConditionTypeAMIsReady, v1.ConditionTypePlacementGroupReady, v1.ConditionTypeSubnetsReady,
		v1.ConditionTypeSecurityGroupsReady, v1.ConditionTypeInstanceProfileReady,
	} {
		set.SetTrue(name)
	}
	return c
}
