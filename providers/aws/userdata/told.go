// SPDX-License-Identifier: Apache-2.0

package userdata

import (
	"net/netip"

	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/core/cloudprovider/kit/kubelet"
	v1 "karpenter.sh/providers/aws/apis/v1"
)

// Told returns those of the settings that the machines of a family are told; they
// are all of them that its user data depend on, so types with equal ones can share
// a launch template (AWS-261).
//
// What the user did not configure is not told: the images reserve the same by
// themselves (AWS-208, AWS-209), and a template for each size would be needed
// otherwise. Where a key replaces all of what the image has, the other keys are told
// with it, so that the kubelet does with what scheduling counts on (CP-111).
func Told(family string, s kubelet.Settings, c kubelet.Configuration) kubelet.Settings {
	told := kubelet.Settings{
		MaxPods:            s.MaxPods,
		PodsPerCore:        s.PodsPerCore,
		ReservedSystemCPUs: s.ReservedSystemCPUs,
	}
	if len(c.KubeReserved) > 0 {
		told.KubeReserved = s.KubeReserved
		if !asFlags(family) {
			told.KubeReserved = named(s.KubeReserved, c.KubeReserved)
		}
	}
	if len(c.SystemReserved) > 0 {
		told.SystemReserved = s.SystemReserved
	}
	if len(c.EvictionHard) > 0 {
		told.EvictionHard = s.EvictionHard
	}
	return told
}

// asFlags reports whether a family takes settings as arguments of the kubelet, each
// of which replaces all of a setting. Others merge them key by key.
func asFlags(family string) bool { return family == v1.AMIFamilyAL2 || v1.IsWindows(family) }

// named returns those of the resources that others name.
func named(resources, others corev1.ResourceList) corev1.ResourceList {
	out := corev1.ResourceList{}
	for name, quantity := range resources {
		if _, there := others[name]; there {
			out[name] = quantity
		}
	}
	return out
}

// dns returns the addresses that pods are told for DNS: the configured, else the
// cluster's (AWS-160). There may be none.
func (in Input) dns() []string {
	configured, _ := in.Configuration.Object["clusterDNS"].([]any)
	var out []string
	for _, value := range configured {
		if text, isText := value.(string); isText && text != "" {
			out = append(out, text)
		}
	}
	if len(out) == 0 && in.Cluster.DNSIP != "" {
		out = []string{in.Cluster.DNSIP}
	}
	return out
}

// isIPv6 reports whether a text is an address of IPv6.
func isIPv6(text string) bool {
	address, err := netip.ParseAddr(text)
	return err == nil && address.Is6() && !address.Is4In6()
}
