// SPDX-License-Identifier: Apache-2.0

package userdata_test

import (
	"strings"
	"testing"

	v1 "karpenter.sh/providers/aws/apis/v1"
)

// AWS-022, AWS-162, AWS-164, AWS-165, AWS-424: what each mapped field becomes, alone.
func TestEachField(t *testing.T) {
	const none = ""
	for _, tc := range []struct{ field, flag, config, settings string }{
		{`"clusterDNS": ["10.0.0.9"]`, `10.0.0.9`, "clusterDNS:\n      - 10.0.0.9\n", "cluster-dns-ip = '10.0.0.9'"},
		{`"maxPods": 7`, `--max-pods=7`, "maxPods: 7\n", "max-pods = 7\n"},
		{`"podsPerCore": 3`, `--pods-per-core=3`, "podsPerCore: 3\n", none},
		{`"systemReserved": {"cpu": "1"}`, `--system-reserved="cpu=1"`, "systemReserved:\n        cpu: \"1\"\n", "[settings.kubernetes.system-reserved]\ncpu = '1'"},
		{`"kubeReserved": {"cpu": "1"}`, `--kube-reserved="cpu=1,ephemeral-storage=1Gi,memory=893Mi"`, "kubeReserved:\n        cpu: \"1\"\n", "[settings.kubernetes.kube-reserved]\ncpu = '1'\n\n"},
		{`"evictionHard": {"memory.available": "1Gi"}`, `--eviction-hard="memory.available<1Gi,nodefs.available<10%"`, "evictionHard:\n        memory.available: 1Gi\n        nodefs.available: 10%\n", "[settings.kubernetes.eviction-hard]\n'memory.available' = '1Gi'\n'nodefs.available' = '10%'"},
		{`"evictionSoft": {"pid.available": "5%"}, "evictionSoftGracePeriod": {"pid.available": "1m"}`, `--eviction-soft="pid.available<5%" --eviction-soft-grace-period="pid.available=1m"`, "evictionSoftGracePeriod:\n        pid.available: 1m\n", "[settings.kubernetes.eviction-soft]\n'pid.available' = '5%'\n\n[settings.kubernetes.eviction-soft-grace-period]\n'pid.available' = '1m'"},
		{`"evictionMaxPodGracePeriod": 0`, `--eviction-max-pod-grace-period=0`, "evictionMaxPodGracePeriod: 0\n", "eviction-max-pod-grace-period = 0\n"},
		{`"imageGCHighThresholdPercent": 90`, `--image-gc-high-threshold=90`, "imageGCHighThresholdPercent: 90\n", "image-gc-high-threshold-percent = '90'\n"},
		{`"imageGCLowThresholdPercent": 9`, `--image-gc-low-threshold=9`, "imageGCLowThresholdPercent: 9\n", "image-gc-low-threshold-percent = '9'\n"},
		{`"cpuCFSQuota": false`, `--cpu-cfs-quota=false`, "cpuCFSQuota: false\n", "cpu-cfs-quota-enforced = false\n"},
		{`"cpuCFSQuota": null`, none, "cpuCFSQuota: null\n", none},
		{`"featureGates": {"A": true}`, none, "featureGates:\n        A: true\n", none},
		{`"reservedSystemCPUs": "0-1"`, `--reserved-cpus="0-1"`, "reservedSystemCPUs: 0-1\n", none},
	} {
		for family, want := range map[string]string{
			v1.AMIFamilyAL2: tc.flag, v1.AMIFamilyAL2023: tc.config, v1.AMIFamilyBottlerocket: tc.settings, v1.AMIFamilyWindows2025: tc.flag,
		} {
			in := input(t, family)
			before := decoded(t, in)
			in.Kubelet, in.Configuration = configured(t, family, "{"+tc.field+"}")
			got := decoded(t, in)
			switch {
			case want == none && got != before:
				t.Errorf("%s of %s changes\n%s", tc.field, family, got)
			case !strings.Contains(got, want):
				t.Errorf("%s of %s: no %q in\n%s", tc.field, family, want, got)
			case strings.Contains(before, want) && want != none:
				t.Errorf("%s of %s: %q is there without it", tc.field, family, want)
			}
		}
	}
}

// AWS-160: what is not known is left to the image.
func TestUnknownDNS(t *testing.T) {
	for family, no := range map[string]string{
		v1.AMIFamilyAL2: "--dns-cluster-ip", v1.AMIFamilyAL2023: "clusterDNS", v1.AMIFamilyBottlerocket: "cluster-dns-ip", v1.AMIFamilyWindows2022: "-DNSClusterIP",
	} {
		in := input(t, family)
		in.Cluster.DNSIP = ""
		if got := decoded(t, in); strings.Contains(got, no) || strings.Contains(got, "ipv6") {
			t.Errorf("%s has %s:\n%s", family, no, got)
		}
	}
}

// AWS-164: all addresses of DNS, and all else of spec.kubelet, as it was written.
func TestWholeConfiguration(t *testing.T) {
	in := input(t, v1.AMIFamilyAL2023)
	in.Kubelet, in.Configuration = configured(t, in.Family, `{"apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration",
		"clusterDNS": ["10.0.0.9", "10.0.0.8"], "podPidsLimit": 9007199254740993, "kubeReserved": {"cpu": "vcpus * 30"}}`)
	got := decoded(t, in)
	for _, want := range []string{"- 10.0.0.9\n      - 10.0.0.8\n", "podPidsLimit: 9007199254740993\n", "      apiVersion: kubelet.config.k8s.io/v1beta1\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	// An expression that came to nothing is not passed as text (AWS-025).
	if strings.Contains(got, "vcpus") {
		t.Errorf("an expression is in\n%s", got)
	}
}

// AWS-163: the IP family is that of the first address of DNS.
func TestIPFamily(t *testing.T) {
	for dns, want := range map[string]bool{"fd00::a": true, "10.0.0.10": false, "::ffff:10.0.0.10": false, "no address": false} {
		in := input(t, v1.AMIFamilyAL2)
		in.Cluster.DNSIP = dns
		if got := strings.Contains(decoded(t, in), " --ip-family ipv6 "); got != want {
			t.Errorf("AWS-163 %s: IPv6 %t", dns, got)
		}
	}
}
