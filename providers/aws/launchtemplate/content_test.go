// SPDX-License-Identifier: Apache-2.0

package launchtemplate_test

import (
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/launchtemplate"
)

var update = flag.Bool("update", false, "write the golden files")

func nodeClass() *v1.EC2NodeClass {
	return &v1.EC2NodeClass{
		ObjectMeta: metav1.ObjectMeta{Name: "default"},
		Status: v1.EC2NodeClassStatus{
			InstanceProfile: "c1_123", SecurityGroups: []v1.SecurityGroup{{ID: "sg-2"}, {ID: "sg-1"}},
		},
	}
}

func built(t *testing.T, change ...func(*launchtemplate.Input)) launchtemplate.Content {
	t.Helper()
	in := launchtemplate.Input{
		NodeClass: nodeClass(), Cluster: "c1", Region: "us-west-2", NodePool: "pool", ImageID: "ami-1", UserData: "dXNlcg==",
		Placement: launchtemplate.Placement{Tenancy: v1.TenancyDefault}, Reservations: true,
	}
	for _, f := range change {
		f(&in)
	}
	c, err := launchtemplate.Of(in)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// rows are those of AWS-263, AWS-264 and AWS-266 (AWS-424).
func rows() map[string]func(*launchtemplate.Input) {
	interfaces := []*v1.NetworkInterface{
		{InterfaceType: v1.InterfaceTypeInterface}, {DeviceIndex: 1, InterfaceType: v1.InterfaceTypeEFAOnly}, {NetworkCardIndex: 1, DeviceIndex: 1, InterfaceType: v1.InterfaceTypeInterface},
	}
	everything := func(in *launchtemplate.Input) {
		in.NodeClass.Spec.AssociatePublicIPAddress = ptr.To(false)
		in.NodeClass.Spec.ConnectionTracking = &v1.ConnectionTracking{TCPEstablishedTimeout: ptr.To(int32(300)), UDPTimeout: ptr.To(int32(45))}
		in.NodeClass.Spec.IPPrefixCount = ptr.To(int32(2))
	}
	return map[string]func(*launchtemplate.Input){
		"plain":    func(*launchtemplate.Input) {},
		"gate-off": func(in *launchtemplate.Input) { in.Reservations = false },
		"spot":     func(in *launchtemplate.Input) { in.Spot = true },
		"reserved-default": func(in *launchtemplate.Input) {
			in.Reservation = &launchtemplate.Reservation{ID: "cr-1", Type: v1.CapacityReservationTypeDefault}
		},
		"reserved-capacity-block": func(in *launchtemplate.Input) {
			in.Reservation = &launchtemplate.Reservation{ID: "cr-1", Type: v1.CapacityReservationTypeCapacityBlock}
		},
		"reserved-interruptible": func(in *launchtemplate.Input) {
			in.Reservation = &launchtemplate.Reservation{ID: "cr-1", Type: v1.CapacityReservationTypeDefault, Interruptible: true}
		},
		"interfaces-given": func(in *launchtemplate.Input) {
			everything(in)
			in.NodeClass.Spec.NetworkInterfaces = interfaces
			in.EFAs = 4
		},
		"interfaces-efa":  func(in *launchtemplate.Input) { everything(in); in.EFAs = 3 },
		"interfaces-ipv4": everything,
		"interfaces-ipv6": func(in *launchtemplate.Input) { everything(in); in.IPv6 = true },
		"placement": func(in *launchtemplate.Input) {
			in.Placement = launchtemplate.Placement{Tenancy: v1.TenancyDedicated, GroupID: "pg-1", Partition: 3}
		},
		"iso-region": func(in *launchtemplate.Input) { in.Region = "us-iso-east-1" },
		"options": func(in *launchtemplate.Input) {
			in.Enclaves = true
			in.NodeClass.Spec.DetailedMonitoring = ptr.To(true)
			in.NodeClass.Spec.CPUOptions = &v1.CPUOptions{NestedVirtualization: ptr.To("enabled")}
			in.NodeClass.Spec.MetadataOptions = &v1.MetadataOptions{HTTPTokens: ptr.To("optional"), HTTPPutResponseHopLimit: ptr.To(int64(2))}
			in.NodeClass.Spec.Tags = map[string]string{"team": "a", v1.TagNodePool: "mine", v1.TagName: "n"}
		},
		"block-devices": func(in *launchtemplate.Input) {
			in.DefaultBlockDevices = []*v1.BlockDeviceMapping{{DeviceName: ptr.To("/dev/default")}}
			in.NodeClass.Spec.BlockDeviceMappings = []*v1.BlockDeviceMapping{
				{DeviceName: ptr.To("/dev/xvda"), RootVolume: true, EBS: &v1.BlockDevice{
					VolumeSize: ptr.To(resource.MustParse("100G")), VolumeType: ptr.To("gp3"), IOPS: ptr.To(int64(3000)), Throughput: ptr.To(int64(0)),
					Encrypted: ptr.To(true), DeleteOnTermination: ptr.To(true), KMSKeyID: ptr.To("key-1"),
				}},
				{DeviceName: ptr.To("/dev/xvdb"), EBS: &v1.BlockDevice{SnapshotID: ptr.To("snap-1"), VolumeInitializationRate: ptr.To(int32(100))}},
				{DeviceName: ptr.To("/dev/xvdc")}, // AWS-012: passed on as it is
				{EBS: &v1.BlockDevice{VolumeSize: ptr.To(resource.MustParse("1Ti"))}},
			}
		},
		"block-devices-of-the-family": func(in *launchtemplate.Input) {
			in.DefaultBlockDevices = []*v1.BlockDeviceMapping{{DeviceName: ptr.To("/dev/xvda"), EBS: &v1.BlockDevice{VolumeSize: ptr.To(resource.MustParse("20Gi"))}}}
		},
	}
}

// AWS-424: the payload of each row, without what the SDK leaves empty.
func TestPayload(t *testing.T) {
	names := map[string]string{}
	for row, change := range rows() {
		t.Run(row, func(t *testing.T) {
			c := built(t, change)
			in, err := c.Input()
			if err != nil {
				t.Fatal(err)
			}
			if other, taken := names[*in.LaunchTemplateName]; taken {
				t.Errorf("AWS-260: %s and %s have the same name", row, other)
			}
			names[*in.LaunchTemplateName] = row
			if again, err := built(t, change).Name(); err != nil || again != *in.LaunchTemplateName {
				t.Errorf("AWS-260: equal content has the names %s and %s, %v", again, *in.LaunchTemplateName, err)
			}
			got := written(t, in)
			file := filepath.Join("testdata", row+".json")
			if *update {
				if err := os.WriteFile(file, got, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != string(want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// written is a request as JSON, without fields that are not set.
func written(t *testing.T, in any) []byte {
	t.Helper()
	text, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	var tree any
	if err := json.Unmarshal(text, &tree); err != nil {
		t.Fatal(err)
	}
	text, err = json.MarshalIndent(prune(tree), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(text, '\n')
}

func prune(tree any) any {
	switch v := tree.(type) {
	case map[string]any:
		for name, member := range v {
			if member == nil || member == "" {
				delete(v, name)
				continue
			}
			v[name] = prune(member)
		}
	case []any:
		for i := range v {
			v[i] = prune(v[i])
		}
	}
	return tree
}

// AWS-265.
func TestNoSecurityGroups(t *testing.T) {
	in := launchtemplate.Input{NodeClass: nodeClass()}
	in.NodeClass.Status.SecurityGroups = nil
	_, err := launchtemplate.Of(in)
	if !errors.Is(err, launchtemplate.ErrNoSecurityGroups) || !strings.Contains(err.Error(), "default") {
		t.Errorf("got %v", err)
	}
}

// AWS-260: the order of groups has no meaning.
func TestOrderOfGroups(t *testing.T) {
	one, _ := built(t).Name()
	two, _ := built(t, func(in *launchtemplate.Input) {
		in.NodeClass.Status.SecurityGroups = []v1.SecurityGroup{{ID: "sg-1"}, {ID: "sg-2", Name: "x"}}
	}).Name()
	if one != two {
		t.Errorf("%s and %s", one, two)
	}
}
