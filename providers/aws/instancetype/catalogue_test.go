// SPDX-License-Identifier: Apache-2.0

package instancetype_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/core/apis/vocabulary"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/requirement"
	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/instancetype"
	"karpenter.sh/providers/aws/placement"
	sim "karpenter.sh/test/cloudsim/aws"
	"karpenter.sh/test/cloudsim/join"
	"karpenter.sh/test/cloudsim/kube"
)

// inProcess answers the SDK's requests without a network.
type inProcess struct{ cloud http.Handler }

func (p inProcess) Do(r *http.Request) (*http.Response, error) {
	recorder := httptest.NewRecorder()
	p.cloud.ServeHTTP(recorder, r)
	return recorder.Result(), nil
}

// simulated is a provider for a simulated account. Its api holds what EC2 describes.
func simulated(t testing.TB) (*world, sim.Setup) {
	t.Helper()
	o := sim.DefaultOptions("c1")
	cloud, err := sim.New(o)
	must(t, err)
	env := cloud.Env("", "", "")
	client := ec2.New(ec2.Options{
		Region: o.Setup.Region, HTTPClient: inProcess{cloud}, RetryMaxAttempts: 1,
		BaseEndpoint: aws.String("https://simulated.test"),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: env["AWS_ACCESS_KEY_ID"], SecretAccessKey: env["AWS_SECRET_ACCESS_KEY"]}, nil
		}),
	})
	described, err := client.DescribeInstanceTypes(context.Background(), &ec2.DescribeInstanceTypesInput{})
	must(t, err)
	for described.NextToken != nil {
		page, err := client.DescribeInstanceTypes(context.Background(), &ec2.DescribeInstanceTypesInput{NextToken: described.NextToken})
		must(t, err)
		described.InstanceTypes, described.NextToken = append(described.InstanceTypes, page.InstanceTypes...), page.NextToken
	}
	w := newWorld(t, described.InstanceTypes, func(w *world) { w.options.API, w.options.Region = client, o.Setup.Region })
	return w, o.Setup
}

// simulatedClass has the subnets of the account.
func simulatedClass(setup sim.Setup, change ...func(*v1.EC2NodeClass)) *v1.EC2NodeClass {
	c := nodeClass(change...)
	c.Status.Subnets = nil
	for _, s := range setup.Subnets {
		c.Status.Subnets = append(c.Status.Subnets, v1.Subnet{ID: s.ID, Zone: s.Zone, ZoneID: "id-of-" + s.Zone})
	}
	return c
}

// words are the core's with the provider's additions (AWS-122).
func words(t testing.TB) *vocabulary.Vocabulary {
	t.Helper()
	words, err := vocabulary.New(v1.Vocabulary())
	must(t, err)
	return words
}

// AWS-200, CP-006, CP-045 to CP-051 on the whole catalogue of the simulated account.
func TestSimulatedCatalogue(t *testing.T) {
	w, setup := simulated(t)
	words := words(t)
	for name, c := range map[string]*v1.EC2NodeClass{
		"Linux":    simulatedClass(setup),
		"Windows":  simulatedClass(setup, family(v1.AMIFamilyWindows2022)),
		"reserved": simulatedClass(setup, reserve(v1.CapacityReservation{ID: "cr-1", InstanceType: "m5.large", AvailabilityZone: setup.Subnets[0].Zone})),
	} {
		for _, group := range []*placement.Group{nil, {ID: "pg-1", Strategy: "partition", Partitions: 2}} {
			list := w.list(c, group)
			if len(list) < 80 {
				t.Fatalf("%s: %d types", name, len(list))
			}
			must(t, cloudprovider.CheckKeys(list, words.IsWellKnown))
			names := map[string]bool{}
			for _, it := range list {
				if names[it.Name] {
					t.Errorf("%s is there twice", it.Name)
				}
				names[it.Name] = true
				sound(t, it, words)
			}
		}
	}
}

// sound checks what the contract asks of every type.
func sound(t *testing.T, it *cloudprovider.InstanceType, words *vocabulary.Vocabulary) {
	t.Helper()
	for _, key := range words.WellKnownLabels() {
		if key != label.NodePool && key != v1.LabelNodeClass && !it.Requirements.Has(key) {
			t.Errorf("%s: %s is not defined", it.Name, key)
		}
	}
	// AWS-120: nodes of any NodeClass that a NodePool's template names may be of the type.
	if !it.Requirements.Overlaps(requirement.All(requirement.In(v1.LabelNodeClass, "any"))) {
		t.Errorf("%s: pods that select a NodeClass fit no type", it.Name)
	}
	for i, o := range it.Offerings {
		if o.Zone() == "" || o.CapacityType() == "" || o.Price < 0 {
			t.Errorf("%s: offering %s for %v", it.Name, o.Requirements, o.Price)
		}
		// Not all offerings of a type are reserved (CP-051).
		reqs := o.Requirements.Without(words.IsReservedCapacityLabel)
		if o.Available && !it.Requirements.Compatible(reqs, requirement.Strict) {
			t.Errorf("%s: the type does not have its offering %s", it.Name, o.Requirements)
		}
		for _, other := range it.Offerings[:i] {
			if o.Requirements.Equal(other.Requirements) {
				t.Errorf("%s: offering %s is there twice", it.Name, o.Requirements)
			}
		}
	}
	for name, q := range it.Allocatable() {
		if q.Sign() < 0 {
			t.Errorf("%s: %s of %s", it.Name, q.String(), name)
		}
	}
}

// CP-049, CP-111: no node of the simulated account has less than its type promised,
// nor much more. Their boot data say just what Machine says.
func TestNodesHaveWhatTypesPromise(t *testing.T) {
	w, setup := simulated(t)
	for name, tc := range map[string]struct {
		class *v1.EC2NodeClass
		boot  join.Bootstrap
		data  func(instancetype.Machine) string
	}{
		"AL2023":            {simulatedClass(setup), join.Nodeadm{}, nodeConfig},
		"AL2023 configured": {simulatedClass(setup, configured), join.Nodeadm{}, nodeConfig},
		"Bottlerocket":      {simulatedClass(setup, family(v1.AMIFamilyBottlerocket)), join.Bottlerocket{}, settings},
	} {
		t.Run(name, func(t *testing.T) {
			for _, it := range w.list(tc.class, nil) {
				m, err := w.provider.Machine(tc.class, it.Name)
				must(t, err)
				machine := w.bare(it.Name)
				machine.UserData = []byte(tc.data(m))
				booted, err := tc.boot.Boot(machine)
				must(t, err)
				node, err := kube.NodeOf(booted, nil)
				must(t, err)
				within(t, it, node)
			}
		})
	}
}

func configured(c *v1.EC2NodeClass) {
	kubelet(`{"maxPods":"min(max_pods, 58)","podsPerCore":20,"kubeReserved":{"cpu":"vcpus * 20","memory":"memory_mib / 20"},
		"systemReserved":{"memory":"100Mi"},"evictionHard":{"memory.available":"3%","nodefs.available":"15%"}}`)(c)
}

// bare is a machine of a type as the simulated cloud boots it.
func (w *world) bare(name string) join.Machine {
	w.Helper()
	at := slices.IndexFunc(w.api.types, func(i ec2types.InstanceTypeInfo) bool { return string(i.InstanceType) == name })
	if at < 0 {
		w.Fatalf("%s is not described", name)
	}
	i := w.api.types[at]
	network := i.NetworkInfo
	return join.Machine{
		ID: "i-1", NodeName: "n", ProviderID: "aws:///a/i-1", Type: name, Architecture: "amd64", Address: "10.0.0.4",
		CPU: int(*i.VCpuInfo.DefaultVCpus), Memory: int(*i.MemoryInfo.SizeInMiB), Disk: 20,
		DefaultMaxPods: int(*network.NetworkCards[0].MaximumNetworkInterfaces*(*network.Ipv4AddressesPerInterface-1) + 2),
	}
}

func within(t *testing.T, it *cloudprovider.InstanceType, node *corev1.Node) {
	t.Helper()
	const much = 0.06 // of 2 GiB, the smallest; firmware of arm64 is in it
	promised := it.Allocatable()
	for _, name := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory, corev1.ResourceEphemeralStorage, corev1.ResourcePods} {
		has, want := node.Status.Allocatable[name], promised[name]
		if want.Cmp(has) > 0 {
			t.Errorf("%s promises %s of %s, its node has %s", it.Name, want.String(), name, has.String())
		}
		if more := has.AsApproximateFloat64() - want.AsApproximateFloat64(); more > much*has.AsApproximateFloat64() {
			t.Errorf("%s promises only %s of %s, its node has %s", it.Name, want.String(), name, has.String())
		}
	}
}

// nodeConfig is the least boot data of AL2023 that pass the settings on.
func nodeConfig(m instancetype.Machine) string {
	config := map[string]any{
		"maxPods": m.Settings.MaxPods, "kubeReserved": m.Settings.KubeReserved, "systemReserved": m.Settings.SystemReserved,
		"evictionHard": m.Settings.EvictionHard,
	}
	if m.Settings.PodsPerCore > 0 {
		config["podsPerCore"] = m.Settings.PodsPerCore
	}
	text, _ := json.Marshal(map[string]any{
		"apiVersion": "node.eks.aws/v1alpha1", "kind": "NodeConfig",
		"spec": map[string]any{
			"cluster": map[string]any{"name": "c1", "apiServerEndpoint": "https://a", "certificateAuthority": "Y2E=", "cidr": "10.0.0.0/16"},
			"kubelet": map[string]any{"config": config},
		},
	})
	return string(text)
}

// settings are the least boot data of Bottlerocket that pass on what is configured: its
// own defaults are those of AWS-208.
func settings(m instancetype.Machine) string {
	return fmt.Sprintf("[settings.kubernetes]\ncluster-name = \"c1\"\napi-server = \"https://a\"\ncluster-certificate = \"Y2E=\"\nmax-pods = %d\n", m.Settings.MaxPods)
}
