// SPDX-License-Identifier: Apache-2.0

package statichash_test

import (
	"reflect"
	"strconv"
	"testing"
	"testing/quick"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider/kit/nodeclass/statichash"
)

// The part of an EC2NodeClass that the vectors of AWS-091 use.
type (
	EC2NodeClassSpec struct {
		PlacementGroupSelector   *PlacementGroupSelector
		AssociatePublicIPAddress *bool
		UserData                 *string
		Role                     string
		InstanceProfile          *string
		Tags                     map[string]string
		BlockDeviceMappings      []*BlockDeviceMapping
		InstanceStorePolicy      *string
		NetworkInterfaces        []*NetworkInterface
		DetailedMonitoring       *bool
		MetadataOptions          *MetadataOptions
		ConnectionTracking       *ConnectionTracking
		Context                  *string
		CPUOptions               *CPUOptions
		Selectors                []string `hash:"ignore"`
	}
	PlacementGroupSelector struct{ Name, ID *string }
	CPUOptions             struct{ NestedVirtualization *string }
	ConnectionTracking     struct{ TCPEstablishedTimeout, UDPStreamTimeout, UDPTimeout *int32 }
	MetadataOptions        struct {
		HTTPEndpoint, HTTPProtocolIPv6 *string
		HTTPPutResponseHopLimit        *int64
		HTTPTokens                     *string
	}
	BlockDeviceMapping struct {
		DeviceName *string
		EBS        *BlockDevice
		RootVolume bool
	}
	BlockDevice struct {
		DeleteOnTermination, Encrypted *bool
		IOPS                           *int64
		KMSKeyID, SnapshotID           *string
		Throughput                     *int64
		VolumeInitializationRate       *int32
		VolumeSize                     *resource.Quantity `hash:"string"`
		VolumeType                     *string
	}
	NetworkInterface struct {
		NetworkCardIndex, DeviceIndex int32
		InterfaceType                 *string
	}
)

func defaults(change func(*EC2NodeClassSpec)) EC2NodeClassSpec {
	s := EC2NodeClassSpec{
		Role: "KarpenterNodeRole",
		MetadataOptions: &MetadataOptions{
			HTTPEndpoint: new("enabled"), HTTPProtocolIPv6: new("disabled"), HTTPPutResponseHopLimit: new(int64(1)), HTTPTokens: new("required"),
		},
	}
	change(&s)
	return s
}

func full(s *EC2NodeClassSpec) {
	s.Role = ""
	s.PlacementGroupSelector = &PlacementGroupSelector{ID: new("pg-1")}
	s.AssociatePublicIPAddress, s.UserData, s.InstanceProfile = new(false), new("x"), new("prof")
	s.Tags = map[string]string{"a": "b"}
	s.BlockDeviceMappings = []*BlockDeviceMapping{{
		DeviceName: new("/dev/xvda"), RootVolume: true,
		EBS: &BlockDevice{
			DeleteOnTermination: new(true), Encrypted: new(true), IOPS: new(int64(3000)), Throughput: new(int64(125)),
			VolumeSize: new(resource.MustParse("100Gi")), VolumeType: new("gp3"),
		},
	}}
	s.InstanceStorePolicy, s.DetailedMonitoring = new("RAID0"), new(false)
	s.ConnectionTracking = &ConnectionTracking{TCPEstablishedTimeout: new(int32(300)), UDPStreamTimeout: new(int32(120)), UDPTimeout: new(int32(45))}
	s.Context, s.CPUOptions = new("ctx"), &CPUOptions{NestedVirtualization: new("enabled")}
}

// KIT-110, CP-103: bit for bit what other implementations write (AWS-091).
func TestVectors(t *testing.T) {
	for _, tc := range []struct {
		reason              string
		spec                EC2NodeClassSpec
		family, ca, kubelet string
		want                string
	}{
		{"A", defaults(func(*EC2NodeClassSpec) {}), "AL2023", "", "null", "9428231282790951906"},
		{"A, and a selector that is resolved", defaults(func(s *EC2NodeClassSpec) { s.Selectors = []string{"s"} }), "AL2023", "", "null", "9428231282790951906"},
		{"A with kubelet", defaults(func(*EC2NodeClassSpec) {}), "AL2023", "", `{"maxPods":110}`, "6867287555093189619"},
		{"A with network interfaces", defaults(func(s *EC2NodeClassSpec) {
			s.NetworkInterfaces = []*NetworkInterface{{InterfaceType: new("interface")}, {DeviceIndex: 1, InterfaceType: new("efa-only")}}
		}), "AL2023", "", "null", "6580587958304298012"},
		{"a list is a set", defaults(func(s *EC2NodeClassSpec) {
			s.NetworkInterfaces = []*NetworkInterface{{DeviceIndex: 1, InterfaceType: new("efa-only")}, {InterfaceType: new("interface")}}
		}), "AL2023", "", "null", "6580587958304298012"},
		{"A with empty tags, which count", defaults(func(s *EC2NodeClassSpec) { s.Tags = map[string]string{} }), "AL2023", "", "null", "3287352366647618686"},
		{"A with an empty list, which counts", defaults(func(s *EC2NodeClassSpec) { s.BlockDeviceMappings = []*BlockDeviceMapping{} }), "AL2023", "", "null", "9242947641572516104"},
		{"everything", defaults(full), "Bottlerocket", "Y2E=", "null", "15239838489865623720"},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			spec, err := statichash.Of(tc.spec)
			if err != nil {
				t.Fatal(err)
			}
			got := statichash.Decimal(spec, statichash.Text(tc.family), statichash.Text(tc.ca), statichash.Text(tc.kubelet))
			if got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

// The template of a NodePool, as API-094 hashes it.
type (
	NodeClaimTemplate struct {
		ObjectMeta ObjectMeta
		Spec       NodeClaimTemplateSpec
	}
	ObjectMeta            struct{ Labels, Annotations map[string]string }
	NodeClaimTemplateSpec struct {
		Taints, StartupTaints []corev1.Taint
		NodeClassRef          *NodeClassReference
	}
	NodeClassReference struct{ Kind, Name, Group string }
)

// KIT-110: the algorithm is that of NodePools, whatever is hashed.
func TestAgreesWithNodePools(t *testing.T) {
	agree := func(labels map[string]string, keys []string, name string) bool {
		pool := &v1.NodePool{}
		template := &pool.Spec.Template
		template.ObjectMeta.Labels = labels
		template.Spec.NodeClassRef = v1.NodeClassReference{Group: "g", Kind: "k", Name: name}
		for _, key := range keys {
			template.Spec.Taints = append(template.Spec.Taints, corev1.Taint{Key: key, Effect: "NoSchedule"})
		}
		same := NodeClaimTemplate{
			ObjectMeta: ObjectMeta{Labels: labels},
			Spec:       NodeClaimTemplateSpec{Taints: template.Spec.Taints, NodeClassRef: &NodeClassReference{Kind: "k", Name: name, Group: "g"}},
		}
		hash, err := statichash.Of(same)
		return err == nil && strconv.FormatUint(hash, 10) == pool.Hash()
	}
	if err := quick.Check(agree, nil); err != nil {
		t.Error(err)
	}
}

// KIT-110: what changes a hash and what does not.
func TestZeroFields(t *testing.T) {
	type spec struct {
		Text    string
		Number  int
		Set     *bool
		Period  time.Duration
		Ratio   float64
		Small   uint16
		Nested  struct{ Text string }
		private string `hash:"ignore"`
		_       struct{}
	}
	hash := func(s spec) uint64 {
		h, err := statichash.Of(s)
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	none := hash(spec{})
	for reason, s := range map[string]spec{
		"a text": {Text: "x"}, "a number": {Number: 1}, "a pointer to false": {Set: new(false)}, "a period": {Period: 1},
		"a float": {Ratio: 0.5}, "a small number": {Small: 1}, "a nested text": {Nested: struct{ Text string }{"x"}},
	} {
		if hash(s) == none {
			t.Errorf("%s does not count", reason)
		}
	}
	if hash(spec{private: "x"}) != none {
		t.Error("an ignored field counts")
	}
}

// KIT-111
func TestUnstable(t *testing.T) {
	type inner struct{ Field any }
	type outer struct{ List []inner }
	for want, value := range map[string]any{
		"hashing value.List[1].Field: a func() has no stable content": outer{[]inner{{1}, {func() {}}}},
		"hashing value[a].Field: a chan int has no stable content":    map[string]inner{"a": {make(chan int)}},
		"hashing value.Field: a bool has no String method": struct {
			Field bool `hash:"string"`
		}{true},
		"hashing value.List[0].Field: the content of a resource.Quantity is not exported (i): tag it as string, or ignore": outer{[]inner{{resource.MustParse("1Gi")}}},
		"hashing value.Field.Time: the content of a time.Time is not exported (wall): tag it as string, or ignore":         inner{metav1.Now()},
		"hashing value: a complex128 has no stable content":                                                                complex(1, 1),
	} {
		if _, err := statichash.Of(value); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// KIT-110: pointers and interfaces stand for what they point to.
func TestIndirection(t *testing.T) {
	want, _ := statichash.Of("x")
	for _, value := range []any{new("x"), "x", reflect.ValueOf(new(any("x"))).Interface()} {
		if got, err := statichash.Of(value); err != nil || got != want {
			t.Errorf("%T: got %d, %v", value, got, err)
		}
	}
}
