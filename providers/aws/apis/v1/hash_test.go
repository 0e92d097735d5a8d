// SPDX-License-Identifier: Apache-2.0

package v1_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"pgregory.net/rapid"

	"karpenter.sh/core/apis/lenient"
	karpenterv1 "karpenter.sh/core/apis/v1"
	v1 "karpenter.sh/providers/aws/apis/v1"
)

func defaultMetadata() *v1.MetadataOptions {
	return &v1.MetadataOptions{
		HTTPEndpoint: new("enabled"), HTTPProtocolIPv6: new("disabled"), HTTPPutResponseHopLimit: new(int64(1)), HTTPTokens: new("required"),
	}
}

// nodeClass is vector A of AWS-091, changed.
func nodeClass(changes ...func(*v1.EC2NodeClassSpec)) *v1.EC2NodeClass {
	c := &v1.EC2NodeClass{ObjectMeta: metav1.ObjectMeta{Name: "default"}, Spec: v1.EC2NodeClassSpec{
		AMISelectorTerms: []v1.AMISelectorTerm{{Alias: "al2023@latest"}},
		Role:             "KarpenterNodeRole",
		MetadataOptions:  defaultMetadata(),
	}}
	for _, change := range changes {
		change(&c.Spec)
	}
	return c
}

func kubelet(text string) func(*v1.EC2NodeClassSpec) {
	return func(s *v1.EC2NodeClassSpec) { s.Kubelet = &runtime.RawExtension{Raw: []byte(text)} }
}

func everything(s *v1.EC2NodeClassSpec) {
	s.AMISelectorTerms[0].Alias = "bottlerocket@latest"
	s.PlacementGroupSelector = &v1.PlacementGroupSelector{ID: new("pg-1")}
	s.AssociatePublicIPAddress = new(false)
	s.UserData = new("x")
	s.Role, s.InstanceProfile = "", new("prof")
	s.Tags = map[string]string{"a": "b"}
	s.BlockDeviceMappings = []*v1.BlockDeviceMapping{{
		DeviceName: new("/dev/xvda"), RootVolume: true,
		EBS: &v1.BlockDevice{
			DeleteOnTermination: new(true), Encrypted: new(true), IOPS: new(int64(3000)), Throughput: new(int64(125)),
			VolumeSize: new(resource.MustParse("100Gi")), VolumeType: new("gp3"),
		},
	}}
	s.InstanceStorePolicy = new("RAID0")
	s.DetailedMonitoring = new(false)
	s.ConnectionTracking = &v1.ConnectionTracking{TCPEstablishedTimeout: new(int32(300)), UDPStreamTimeout: new(int32(120)), UDPTimeout: new(int32(45))}
	s.Context = new("ctx")
	s.CPUOptions = &v1.CPUOptions{NestedVirtualization: new("enabled")}
}

const (
	vectorA      = "9428231282790951906"
	withMaxPods  = "6867287555093189619"
	withNetworks = "6580587958304298012"
	withTags     = "3287352366647618686"
	withDevices  = "9242947641572516104"
	all          = "15239838489865623720"
)

// AWS-091: the vectors, bit for bit, and what leaves a hash as it is (AWS-092).
func TestHash(t *testing.T) {
	first := &v1.NetworkInterface{InterfaceType: v1.InterfaceTypeInterface}
	second := &v1.NetworkInterface{DeviceIndex: 1, InterfaceType: v1.InterfaceTypeEFAOnly}
	for _, tt := range []struct {
		reason    string
		nodeClass *v1.EC2NodeClass
		ca, want  string
	}{
		{"AWS-091 A", nodeClass(), "", vectorA},
		{"AWS-091 A with kubelet", nodeClass(kubelet(`{"maxPods":110}`)), "", withMaxPods},
		{"AWS-091 A with network interfaces", nodeClass(func(s *v1.EC2NodeClassSpec) { s.NetworkInterfaces = []*v1.NetworkInterface{first, second} }), "", withNetworks},
		{"AWS-091 A with empty tags", nodeClass(func(s *v1.EC2NodeClassSpec) { s.Tags = map[string]string{} }), "", withTags},
		{"AWS-091 A with empty devices", nodeClass(func(s *v1.EC2NodeClassSpec) { s.BlockDeviceMappings = []*v1.BlockDeviceMapping{} }), "", withDevices},
		{"AWS-091 everything", nodeClass(everything), "Y2E=", all},

		{"AWS-091 blanks in kubelet", nodeClass(kubelet(" {\"maxPods\" :\n110} ")), "", withMaxPods},
		{"AWS-091 no kubelet", nodeClass(func(s *v1.EC2NodeClassSpec) { s.Kubelet = &runtime.RawExtension{} }), "", vectorA},
		{"AWS-091 null kubelet", nodeClass(kubelet("null")), "", vectorA},
		{"AWS-091 empty kubelet", nodeClass(kubelet("{ }")), "", vectorA},
		{"AWS-091 other form of a volume's size", nodeClass(everything, func(s *v1.EC2NodeClassSpec) {
			s.BlockDeviceMappings[0].EBS.VolumeSize = new(resource.MustParse("102400Mi"))
		}), "Y2E=", all},
		{"AWS-092 the alias's own family", nodeClass(func(s *v1.EC2NodeClassSpec) { s.AMIFamily = new("AL2023") }), "", vectorA},
		{"AWS-092 selector terms and ipPrefixCount", nodeClass(func(s *v1.EC2NodeClassSpec) {
			s.SubnetSelectorTerms = []v1.SubnetSelectorTerm{{ID: "subnet-1"}}
			s.SecurityGroupSelectorTerms = []v1.SecurityGroupSelectorTerm{{ID: "sg-1"}}
			s.CapacityReservationSelectorTerms = []v1.CapacityReservationSelectorTerm{{ID: "cr-1"}}
			s.AMISelectorTerms = []v1.AMISelectorTerm{{Alias: "al2023@v20250101"}}
			s.IPPrefixCount = new(int32(2))
		}), "", vectorA},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			if got, err := tt.nodeClass.Hash(tt.ca); err != nil || got != tt.want {
				t.Errorf("got %s, %v, want %s", got, err, tt.want)
			}
		})
	}
}

// AWS-091, AWS-092: each of these counts.
func TestHashTells(t *testing.T) {
	seen := map[string]string{}
	for reason, tt := range map[string]struct {
		change func(*v1.EC2NodeClassSpec)
		ca     string
	}{
		"nothing":                  {func(*v1.EC2NodeClassSpec) {}, ""},
		"CA bundle":                {func(*v1.EC2NodeClassSpec) {}, "Y2E="},
		"family":                   {func(s *v1.EC2NodeClassSpec) { s.AMIFamily = new("Custom") }, ""},
		"placementGroupSelector":   {func(s *v1.EC2NodeClassSpec) { s.PlacementGroupSelector = &v1.PlacementGroupSelector{Name: new("x")} }, ""},
		"associatePublicIPAddress": {func(s *v1.EC2NodeClassSpec) { s.AssociatePublicIPAddress = new(false) }, ""},
		"userData":                 {func(s *v1.EC2NodeClassSpec) { s.UserData = new("") }, ""},
		"role":                     {func(s *v1.EC2NodeClassSpec) { s.Role = "x" }, ""},
		"instanceProfile":          {func(s *v1.EC2NodeClassSpec) { s.InstanceProfile = new("x") }, ""},
		"tags":                     {func(s *v1.EC2NodeClassSpec) { s.Tags = map[string]string{"a": ""} }, ""},
		"kubelet":                  {kubelet(`{"maxPods":1}`), ""},
		"kubelet in other order":   {kubelet(`{"kubeReserved":{"cpu":"1"}}`), ""},
		"instanceStorePolicy":      {func(s *v1.EC2NodeClassSpec) { s.InstanceStorePolicy = new("RAID0") }, ""},
		"networkInterfaces":        {func(s *v1.EC2NodeClassSpec) { s.NetworkInterfaces = []*v1.NetworkInterface{{NetworkCardIndex: 1}} }, ""},
		"detailedMonitoring":       {func(s *v1.EC2NodeClassSpec) { s.DetailedMonitoring = new(false) }, ""},
		"metadataOptions":          {func(s *v1.EC2NodeClassSpec) { s.MetadataOptions.HTTPTokens = new("optional") }, ""},
		"connectionTracking": {func(s *v1.EC2NodeClassSpec) {
			s.ConnectionTracking = &v1.ConnectionTracking{UDPTimeout: new(int32(30))}
		}, ""},
		"context":    {func(s *v1.EC2NodeClassSpec) { s.Context = new("x") }, ""},
		"cpuOptions": {func(s *v1.EC2NodeClassSpec) { s.CPUOptions = &v1.CPUOptions{} }, ""},
	} {
		hash, err := nodeClass(tt.change).Hash(tt.ca)
		if err != nil {
			t.Fatal(err)
		}
		if other, found := seen[hash]; found {
			t.Errorf("%s and %s have one hash", reason, other)
		}
		seen[hash] = reason
	}
}

// AWS-014: what admission would have refused is an error, which names it.
func TestHashErrors(t *testing.T) {
	for reason, tt := range map[string]struct {
		change func(*v1.EC2NodeClassSpec)
		want   string
	}{
		"bad alias":       {func(s *v1.EC2NodeClassSpec) { s.AMISelectorTerms[0].Alias = "x" }, `alias "x"`},
		"unknown family":  {func(s *v1.EC2NodeClassSpec) { s.AMISelectorTerms[0].Alias = "x@latest" }, `alias "x@latest"`},
		"no family":       {func(s *v1.EC2NodeClassSpec) { s.AMISelectorTerms = nil }, "spec.amiFamily"},
		"kubelet no JSON": {kubelet("{"), "spec.kubelet"},
		"kubelet no map":  {kubelet("[]"), "spec.kubelet"},
	} {
		if hash, err := nodeClass(tt.change).Hash(""); hash != "" || err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %q, %v", reason, hash, err)
		}
	}
}

// KIT-115: a spec of which a part is missing has no hash; a status does not count.
func TestHashOfUnreadable(t *testing.T) {
	for field, want := range map[string]string{"spec.blockDeviceMappings[0].ebs.volumeSize": "", "spec": "", "status.conditions[0]": vectorA, "specific": vectorA} {
		c := nodeClass()
		c.Unreadable = []lenient.Problem{{Field: field}}
		if got, err := c.Hash(""); err != nil || got != want {
			t.Errorf("%s: got %q, %v, want %q", field, got, err, want)
		}
	}
}

// AWS-090: the annotations, and drift by them.
func TestHashScheme(t *testing.T) {
	const key, version = "karpenter.k8s.aws/ec2nodeclass-hash", "karpenter.k8s.aws/ec2nodeclass-hash-version"
	scheme, c := v1.HashScheme(""), nodeClass()
	stamp, err := scheme.Stamp(c)
	if err != nil || len(stamp) != 2 || stamp[key] != vectorA || stamp[version] != "v6" {
		t.Fatalf("stamp %v, %v", stamp, err)
	}
	claim := &karpenterv1.NodeClaim{ObjectMeta: metav1.ObjectMeta{Annotations: stamp}}
	for ca, want := range map[string]string{"": "", "Y2E=": "NodeClassDrift"} { // AWS-092
		scheme := v1.HashScheme(ca)
		if c.Annotations, err = scheme.Stamp(c); err != nil {
			t.Fatal(err)
		}
		if got, err := scheme.Drifted(claim, c); err != nil || string(got) != want {
			t.Errorf("with CA %q: %q, %v, want %q", ca, got, err, want)
		}
	}
}

// specs are any specs, with all that tells an absent value from an empty one.
func specs() *rapid.Generator[*v1.EC2NodeClass] {
	return rapid.Custom(func(t *rapid.T) *v1.EC2NodeClass {
		text, flag := rapid.Ptr(rapid.String(), true), rapid.Ptr(rapid.Bool(), true)
		small, large := rapid.Ptr(rapid.Int32(), true), rapid.Ptr(rapid.Int64(), true)
		size := rapid.Ptr(rapid.Map(rapid.SampledFrom([]string{"1Gi", "1024Gi", "1000G", "1T", "58Ti", "102400Mi"}), resource.MustParse), true)
		// The API server keeps nested keys in order.
		kubelets := []string{`{}`, `null`, `{"b":{"a":[1,2],"z":1},"a":"x < 1 && y"}`, `{"maxPods": "\u003c\u2028é"}`, `{ "b" : 1.5 , "a" : 1000 }`}
		c := nodeClass(func(s *v1.EC2NodeClassSpec) {
			s.AMIFamily = rapid.SampledFrom([]*string{nil, new("Custom"), new("Bottlerocket")}).Draw(t, "amiFamily")
			s.AssociatePublicIPAddress, s.UserData, s.InstanceProfile = flag.Draw(t, "public"), text.Draw(t, "userData"), text.Draw(t, "profile")
			s.Role = rapid.String().Draw(t, "role")
			s.DetailedMonitoring, s.Context, s.InstanceStorePolicy = flag.Draw(t, "monitoring"), text.Draw(t, "context"), text.Draw(t, "policy")
			if rapid.Bool().Draw(t, "has tags") {
				s.Tags = rapid.MapOfN(rapid.String(), rapid.String(), 0, 3).Draw(t, "tags")
			}
			if rapid.Bool().Draw(t, "has kubelet") {
				kubelet(rapid.SampledFrom(kubelets).Draw(t, "kubelet"))(s)
			}
			if rapid.Bool().Draw(t, "has devices") {
				s.BlockDeviceMappings = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) *v1.BlockDeviceMapping {
					return &v1.BlockDeviceMapping{
						DeviceName: text.Draw(t, "name"), RootVolume: rapid.Bool().Draw(t, "root"),
						EBS: rapid.SampledFrom([]*v1.BlockDevice{nil, {}, {IOPS: large.Draw(t, "iops"), VolumeSize: size.Draw(t, "size"), Encrypted: flag.Draw(t, "encrypted")}}).Draw(t, "ebs"),
					}
				}), 0, 3).Draw(t, "devices")
			}
			if rapid.Bool().Draw(t, "has interfaces") {
				s.NetworkInterfaces = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) *v1.NetworkInterface {
					return &v1.NetworkInterface{NetworkCardIndex: rapid.Int32().Draw(t, "card"), InterfaceType: v1.InterfaceTypeEFAOnly}
				}), 0, 3).Draw(t, "interfaces")
			}
			s.ConnectionTracking = rapid.SampledFrom([]*v1.ConnectionTracking{nil, {}, {UDPTimeout: small.Draw(t, "udp")}}).Draw(t, "tracking")
			s.MetadataOptions = rapid.SampledFrom([]*v1.MetadataOptions{nil, {}, {HTTPTokens: text.Draw(t, "tokens")}}).Draw(t, "metadata")
		})
		return c
	})
}

// AWS-090: what is written and read again, as JSON or as what clients without
// types hold, is hashed as before: a full update by any client drifts nothing.
func TestHashSurvivesRoundTrips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		before := specs().Draw(t, "nodeClass")
		want, err := before.Hash("Y2E=")
		if err != nil {
			t.Fatal(err)
		}
		for name, after := range map[string]*v1.EC2NodeClass{"JSON": throughJSON(t, before), "unstructured": throughUnstructured(t, before), "copy": before.DeepCopy()} {
			if got, err := after.Hash("Y2E="); err != nil || got != want || len(after.Unreadable) > 0 {
				t.Errorf("through %s: got %s, %v, %v, want %s", name, got, err, after.Unreadable, want)
			}
		}
	})
}

func throughJSON(t *rapid.T, before *v1.EC2NodeClass) *v1.EC2NodeClass {
	text, err := json.Marshal(before)
	if err != nil {
		t.Fatal(err)
	}
	after := &v1.EC2NodeClass{}
	if err := json.Unmarshal(text, after); err != nil {
		t.Fatal(err)
	}
	return after
}

func throughUnstructured(t *rapid.T, before *v1.EC2NodeClass) *v1.EC2NodeClass {
	fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(before)
	if err != nil {
		t.Fatal(err)
	}
	after := &v1.EC2NodeClass{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(fields, after); err != nil {
		t.Fatal(err)
	}
	return after
}

// AWS-091: an order of lists is no part of the hash, as elsewhere.
func TestHashOfLists(t *testing.T) {
	change := func(s *v1.EC2NodeClassSpec) {
		s.BlockDeviceMappings = []*v1.BlockDeviceMapping{{DeviceName: new("a")}, {DeviceName: new("b")}}
	}
	turned := func(s *v1.EC2NodeClassSpec) { change(s); slices.Reverse(s.BlockDeviceMappings) }
	a, _ := nodeClass(change).Hash("")
	if b, _ := nodeClass(turned).Hash(""); a != b {
		t.Errorf("%s and %s", a, b)
	}
}
