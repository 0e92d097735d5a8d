// SPDX-License-Identifier: Apache-2.0

package provider_test

import (
	"context"
	"errors"
	"maps"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	karpv1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/kubelet"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/core/events/eventstest"
	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/blueprint"
	"karpenter.sh/providers/aws/fleet"
	"karpenter.sh/providers/aws/instance"
	"karpenter.sh/providers/aws/instancetype"
	"karpenter.sh/providers/aws/placement"
	"karpenter.sh/providers/aws/provider"
	"karpenter.sh/providers/aws/userdata"
)

var errDown = errors.New("the cloud is down")

func start() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

// world is a provider whose parts are under the test's hand.
type world struct {
	*provider.Provider
	options   provider.Options
	nodeClass *v1.EC2NodeClass
	nodeClaim *karpv1.NodeClaim
	events    *eventstest.Recorder

	types    []*cloudprovider.InstanceType
	typesErr error
	group    *placement.Group
	lost     bool
	factsErr error

	asked     []fleet.Request
	machine   instance.Instance
	launchErr error
	told      []instance.Instance
	forgotten []string
	logs      int

	machines  map[string]instance.Instance
	fresh     map[string]instance.Instance
	err       error
	terminate error
	ended     []string
}

// The parts.
type (
	types        struct{ *world }
	groups       struct{ *world }
	launcher     struct{ *world }
	instances    struct{ *world }
	reservations struct{ *world }
)

func (w types) List(context.Context, *v1.EC2NodeClass, *placement.Group) ([]*cloudprovider.InstanceType, error) {
	return w.types, w.typesErr
}

func (types) Machine(*v1.EC2NodeClass, string) (instancetype.Machine, error) {
	return instancetype.Machine{Settings: kubelet.Settings{MaxPods: 29, Pods: 29}, EFAs: 1, VCPUs: 2}, nil
}
func (w groups) Last(*v1.EC2NodeClass) (*placement.Group, bool) { return w.group, !w.lost }
func (w launcher) Launch(_ context.Context, r fleet.Request) (instance.Instance, error) {
	w.asked = append(w.asked, r)
	return w.machine, w.launchErr
}
func (w launcher) Forget(id string) { w.forgotten = append(w.forgotten, id) }
func (w instances) Get(_ context.Context, id string) (instance.Instance, error) {
	return found(w.machines, id, w.err)
}

func (w instances) Fresh(_ context.Context, id string) (instance.Instance, error) {
	return found(w.fresh, id, w.err)
}

func (w instances) List(context.Context) ([]instance.Instance, error) {
	var out []instance.Instance
	for _, m := range w.machines {
		out = append(out, m)
	}
	return out, w.err
}
func (w instances) Terminate(context.Context, string) error { return w.terminate }
func (w instances) Launched(i instance.Instance)            { w.told = append(w.told, i) }
func (w reservations) Ended(id string)                      { w.ended = append(w.ended, id) }

func found(all map[string]instance.Instance, id string, err error) (instance.Instance, error) {
	if err != nil {
		return instance.Instance{}, err
	}
	machine, there := all[id]
	if !there {
		return machine, cloudprovider.NewNodeClaimNotFoundError(errors.New("gone"))
	}
	return machine, nil
}

// newWorld has a NodeClass that is ready, one type, and a machine that fits.
func newWorld(t testing.TB, change ...func(*world)) *world {
	t.Helper()
	w := &world{nodeClass: nodeClass(), nodeClaim: nodeClaim(), events: &eventstest.Recorder{}, types: []*cloudprovider.InstanceType{m5()}, machine: machine()}
	w.machines = map[string]instance.Instance{"i-1": w.machine}
	w.fresh = maps.Clone(w.machines)
	for _, f := range change {
		f(w)
	}
	scheme := runtime.NewScheme()
	if err := v1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	objects := fake.NewClientBuilder().WithScheme(scheme)
	if w.nodeClass != nil {
		objects = objects.WithObjects(w.nodeClass)
	}
	w.options.Client, w.options.Events, w.options.Hash = objects.Build(), w.events, new(v1.HashScheme(""))
	w.options.Region, w.options.Profiles = "a", profiles{}
	w.options.Types, w.options.Groups, w.options.Launcher, w.options.Instances = types{w}, groups{w}, launcher{w}, instances{w}
	w.options.Reservations, w.options.Clock = reservations{w}, clocktesting.NewFakePassiveClock(start())
	w.options.Log = func(context.Context, string, ...any) { w.logs++ }
	w.options.Facts = func(context.Context, *v1.EC2NodeClass) (blueprint.Facts, error) {
		return blueprint.Facts{Cluster: userdata.Cluster{Name: "c1", Endpoint: "https://c1", ServiceCIDR: "10.100.0.0/16"}}, w.factsErr
	}
	var err error
	if w.Provider, err = provider.New(w.options); err != nil {
		t.Fatal(err)
	}
	return w
}

// profiles are looked up anew without effect.
type profiles struct{}

func (profiles) Invalidate(string) {}

func nodeClass() *v1.EC2NodeClass {
	c := &v1.EC2NodeClass{
		ObjectMeta: metav1.ObjectMeta{Name: "default", UID: "class"},
		Spec:       v1.EC2NodeClassSpec{Role: "node", AMISelectorTerms: []v1.AMISelectorTerm{{Alias: "al2023@latest"}}},
		Status: v1.EC2NodeClassStatus{
			AMIs:           []v1.AMI{{ID: "ami-1", Requirements: []corev1.NodeSelectorRequirement{{Key: corev1.LabelArchStable, Operator: corev1.NodeSelectorOpIn, Values: []string{"amd64"}}}}},
			Subnets:        []v1.Subnet{{ID: "subnet-a", Zone: "a", ZoneID: "z1"}},
			SecurityGroups: []v1.SecurityGroup{{ID: "sg-1"}}, InstanceProfile: "profile",
		},
	}
	set := c.StatusConditions()
	for _, name := range []string{
		v1.ConditionTypeAMIsReady, v1.ConditionTypePlacementGroupReady, v1.ConditionTypeSubnetsReady,
		v1.ConditionTypeSecurityGroupsReady, v1.ConditionTypeInstanceProfileReady, v1.ConditionTypeValidationSucceeded,
	} {
		set.SetTrue(name)
	}
	return c
}

func nodeClaim() *karpv1.NodeClaim {
	c := &karpv1.NodeClaim{ObjectMeta: metav1.ObjectMeta{Name: "pool-1", UID: "claim", Labels: map[string]string{karpv1.NodePoolLabelKey: "pool"}}}
	c.Spec.NodeClassRef = karpv1.NodeClassReference{Group: v1.Group, Kind: v1.NodeClassKind, Name: "default"}
	c.Spec.Requirements = []karpv1.NodeSelectorRequirementWithMinValues{
		{Key: label.CapacityType, Operator: "In", Values: []string{label.OnDemand}}, {Key: corev1.LabelOSStable, Operator: "In", Values: []string{"linux"}},
	}
	c.Status.ProviderID, c.Status.ImageID = "aws:///a/i-1", "ami-1"
	c.Labels[corev1.LabelInstanceTypeStable] = "m5.large"
	return c
}

// offering has values of keys.
func offering(pairs ...string) *cloudprovider.Offering {
	var reqs []requirement.Requirement
	for i := 0; i < len(pairs); i += 2 {
		reqs = append(reqs, requirement.In(pairs[i], pairs[i+1]))
	}
	return &cloudprovider.Offering{Requirements: requirement.All(reqs...), Price: 1, Available: true}
}

func onDemand(more ...string) *cloudprovider.Offering {
	return offering(append([]string{label.CapacityType, label.OnDemand, label.Zone, "a", v1.LabelTopologyZoneID, "z1"}, more...)...)
}

// m5 is the type m5.large.
func m5(offerings ...*cloudprovider.Offering) *cloudprovider.InstanceType {
	if len(offerings) == 0 {
		offerings = []*cloudprovider.Offering{onDemand()}
	}
	return &cloudprovider.InstanceType{
		Name: "m5.large", Offerings: offerings,
		Requirements: requirement.All(
			requirement.In(corev1.LabelArchStable, "amd64"), requirement.In(corev1.LabelOSStable, "linux"), requirement.In(label.InstanceType, "m5.large"),
			requirement.In(label.Zone, "a"), requirement.In(label.CapacityType, label.OnDemand), requirement.In(v1.LabelCapacityReservationID, "cr-9"),
			requirement.In(v1.LabelInstanceTenancy, "default", "dedicated"), requirement.In(v1.LabelInstanceFamily, "m5"),
		),
		Capacity: corev1.ResourceList{
			corev1.ResourceCPU: resource.MustParse("2"), corev1.ResourceMemory: resource.MustParse("8Gi"), corev1.ResourcePods: resource.MustParse("29"),
			v1.ResourceEFA: resource.MustParse("1"), v1.ResourceNVIDIAGPU: resource.MustParse("0"),
		},
	}
}

func machine() instance.Instance {
	return instance.Instance{
		ID: "i-1", Type: "m5.large", Zone: "a", CapacityType: label.OnDemand, ImageID: "ami-1", SubnetID: "subnet-a",
		SecurityGroupIDs: []string{"sg-1"}, Tenancy: "default", State: instance.StatePending, LaunchTime: start().Add(-time.Minute),
		Tags: map[string]string{v1.TagNodePool: "pool", v1.TagNodeClass: "default"},
	}
}

// mustNew is a provider of changed options.
func mustNew(t *testing.T, w *world) *provider.Provider {
	t.Helper()
	p, err := provider.New(w.options)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
