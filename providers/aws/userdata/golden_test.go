// SPDX-License-Identifier: Apache-2.0

package userdata_test

import (
	"strings"
	"testing"

	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/userdata"
)

// AWS-424: every family with nothing, and with each form of a user's data, in
// clusters of both IP families.
func TestGolden(t *testing.T) {
	customs := map[string][]string{
		v1.AMIFamilyAL2:          {"none", "user.sh", "user.mime"},
		v1.AMIFamilyAL2023:       {"none", "user.sh", "user.mime", "user-nodeconfig.mime", "user.yaml"},
		v1.AMIFamilyBottlerocket: {"none", "user.toml"},
		v1.AMIFamilyWindows2022:  {"none", "user.ps1"},
	}
	clusters := map[string]userdata.Cluster{"ipv4": cluster(), "ipv6": clusterIPv6()}
	for family, names := range customs {
		for _, custom := range names {
			for ipFamily, cluster := range clusters {
				name := strings.ToLower(family) + "-" + strings.NewReplacer("user-", "", "user.", "", ".mime", "-mime").Replace(custom) + "-" + ipFamily
				t.Run("AWS-424 "+name, func(t *testing.T) {
					in := input(t, family)
					in.Cluster = cluster
					if custom != "none" {
						in.Custom = file(t, custom)
					}
					golden(t, name, decoded(t, in))
				})
			}
		}
	}
}

// AWS-162, AWS-164, AWS-165, AWS-424: every mapped kubelet field.
func TestGoldenKubelet(t *testing.T) {
	for _, family := range append(linux(), v1.AMIFamilyWindows2022) {
		text := all
		if family == v1.AMIFamilyBottlerocket {
			text = strings.Replace(text, `"podsPerCore": 20,`, "", 1) // AWS-022
		}
		in := input(t, family)
		in.Kubelet, in.Configuration = configured(t, family, text)
		golden(t, strings.ToLower(family)+"-kubelet", decoded(t, in))
	}
}

// AWS-164: CPUs by number. nodeadm names control groups for what is reserved by amount,
// and the kubelet refuses both together, so ours take them back; the user's stay.
func TestGoldenReservedCPUs(t *testing.T) {
	in := input(t, v1.AMIFamilyAL2023)
	in.Kubelet, in.Configuration = configured(t, in.Family, `{"reservedSystemCPUs": "0-1"}`)
	golden(t, "al2023-cpus", decoded(t, in))
	in.Kubelet, in.Configuration = configured(t, in.Family, `{"reservedSystemCPUs": "0-1", "kubeReservedCgroup": "/mine"}`)
	if got := decoded(t, in); !strings.Contains(got, "kubeReservedCgroup: /mine\n") || !strings.Contains(got, "systemReservedCgroup: \"\"\n") {
		t.Errorf("got\n%s", got)
	}
	in.Kubelet, in.Configuration = configured(t, in.Family, `{"kubeReserved": {"cpu": "1"}}`)
	if got := decoded(t, in); strings.Contains(got, "Cgroup") {
		t.Errorf("without CPUs by number:\n%s", got)
	}
}

// AWS-163, AWS-164, AWS-166: the machine's own disks.
func TestGoldenRAID0(t *testing.T) {
	for name, change := range map[string]func(*userdata.Input){
		"al2-raid0":              func(in *userdata.Input) { in.Family = v1.AMIFamilyAL2 },
		"al2023-raid0":           func(in *userdata.Input) { in.Family = v1.AMIFamilyAL2023 },
		"bottlerocket-raid0-old": func(in *userdata.Input) { in.Family, in.ImageVersion = v1.AMIFamilyBottlerocket, "v1.45.9" },
		"bottlerocket-raid0-new": func(in *userdata.Input) {
			in.Family, in.ImageVersion, in.Custom = v1.AMIFamilyBottlerocket, "v1.46.0", file(t, "user.toml")
		},
	} {
		in := input(t, "")
		in.InstanceStoreRAID0 = true
		change(&in)
		golden(t, name, decoded(t, in))
	}
}

// AWS-167: Windows does nothing with instance stores; its years differ in nothing.
func TestWindowsFamiliesAreAlike(t *testing.T) {
	in := input(t, v1.AMIFamilyWindows2022)
	want := decoded(t, in)
	in.InstanceStoreRAID0, in.Cluster.ServiceCIDR = true, ""
	for _, family := range []string{v1.AMIFamilyWindows2019, v1.AMIFamilyWindows2022, v1.AMIFamilyWindows2025} {
		in.Family = family
		if got := decoded(t, in); got != want {
			t.Errorf("%s differs: %s", family, got)
		}
	}
}

// AWS-168: user data of Custom images are the user's, nothing included.
func TestCustom(t *testing.T) {
	for _, custom := range []string{"", " \n", "MIME-Version: 1.0\r\n", "[not toml"} {
		in := input(t, v1.AMIFamilyCustom)
		in.Custom, in.InstanceStoreRAID0 = custom, true
		if got := decoded(t, in); got != custom {
			t.Errorf("%q became %q", custom, got)
		}
	}
}
