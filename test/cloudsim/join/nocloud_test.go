// SPDX-License-Identifier: Apache-2.0

package join_test

import (
	"encoding/base64"
	"fmt"
	"maps"
	"strings"
	"testing"

	"karpenter.sh/test/cloudsim/internal/seed"
	"karpenter.sh/test/cloudsim/join"
)

// settings of a kubelet, each replaced by name.
func kubelet(changes map[string]string) string {
	settings := map[string]string{
		"providerID": "proxmox://r1/100", "maxPods": "64", "kubeReserved": "{cpu: 50m, memory: 384Mi}", "systemReserved": "{cpu: 10m}",
		"evictionHard": "{memory.available: 100Mi}", "registerWithTaints": "[{key: karpenter.sh/unregistered, effect: NoExecute}]",
	}
	maps.Copy(settings, changes)
	out := ""
	for name, value := range settings {
		out += "\n      " + name + ": " + value
	}
	return out
}

func karpenterYAML(kubelet string) string {
	return "kubernetes:\n  version: v1.33.4\n  bootstraptoken: abcdef.0123456789abcdef\n  rootca: |\n    " +
		strings.ReplaceAll(strings.TrimSpace(seed.CA), "\n", "\n    ") + "\n  kubeletconfiguration:" + strings.ReplaceAll(kubelet, "      ", "    ") + "\n"
}

func userData(karpenter string) string {
	return "#cloud-config\nhostname: \"Node-1\"\nwrite_files:\n  - path: /etc/karpenter.yaml\n    permissions: \"0600\"\n    encoding: b64\n    content: " +
		base64.StdEncoding.EncodeToString([]byte(karpenter)) + "\n"
}

const networkConfig = `version: 2
ethernets:
  eth0:
    match: {macaddress: "bc:24:11:00:00:01"}
    addresses: ["10.0.0.9/16"]
    routes: [{to: 0.0.0.0/0, via: "10.0.0.1"}]
`

func files(change map[string]string) map[string]string {
	out := map[string]string{"user-data": userData(karpenterYAML(kubelet(nil))), "meta-data": "instance-id: \"100\"\nlocal-hostname: other\n", "network-config": networkConfig}
	maps.Copy(out, change)
	for name, content := range out {
		if content == "" {
			delete(out, name)
		}
	}
	return out
}

func seeded(medium []byte) join.Machine {
	return join.Machine{
		ID: "r1:100:1", NodeName: "vm", ProviderID: "proxmox://r1/100", CPU: 4, Memory: 8192, Disk: 30, DefaultMaxPods: 110,
		Seed: medium, Links: []join.Link{{MAC: "BC:24:11:00:00:01", Lease: "10.0.0.200"}},
	}
}

// SIM-100, SIM-101: what a medium says is what joins.
func TestNoCloud(t *testing.T) {
	n, err := join.NoCloud{}.Boot(seeded(seed.Medium(t, "cidata", files(nil))))
	if err != nil {
		t.Fatal(err)
	}
	if n.Machine.NodeName != "node-1" || n.Machine.ProviderID != "proxmox://r1/100" || n.Machine.Address != "10.0.0.9" || n.MaxPods != 64 || n.Token != "abcdef.0123456789abcdef" {
		t.Errorf("got %+v", n)
	}
	if fmt.Sprint(n.Taints, n.KubeReserved, n.SystemReserved, n.EvictionHard) !=
		"[{karpenter.sh/unregistered  NoExecute}] map[cpu:50m memory:384Mi] map[cpu:10m] map[memory.available:100Mi]" {
		t.Errorf("got %v %v %v %v", n.Taints, n.KubeReserved, n.SystemReserved, n.EvictionHard)
	}
	if !strings.HasPrefix(string(n.Machine.UserData), "#cloud-config") {
		t.Errorf("user data: %s", n.Machine.UserData)
	}
}

// SIM-100: whoever writes the boot data has other ways.
func TestNoCloudVariants(t *testing.T) {
	direct := "#cloud-config\nwrite_files:\n  - path: /etc/kubernetes/kubelet.yaml\n    content: |\n      apiVersion: kubelet.config.k8s.io/v1beta1\n      kind: KubeletConfiguration\n      podsPerCore: 5\n"
	archived := "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"//\"\n\n--//\nContent-Type: text/x-shellscript\n\n#!/bin/sh\n\n--//\nContent-Type: text/cloud-config\n\n" + direct + "\n--//--\n"
	for reason, row := range map[string]struct {
		change        map[string]string
		name, address string
		pods          int
	}{
		"a file of the kubelet's own":         {map[string]string{"user-data": direct}, "other", "10.0.0.9", 20},
		"an archive":                          {map[string]string{"user-data": archived}, "other", "10.0.0.9", 20},
		"no network: DHCP":                    {map[string]string{"network-config": ""}, "node-1", "10.0.0.200", 64},
		"DHCP that is asked for":              {map[string]string{"network-config": "version: 2\nethernets: {a: {match: {macaddress: 'bc:24:11:00:00:01'}, dhcp4: true}}\n"}, "node-1", "10.0.0.200", 64},
		"two addresses: that of IPv4 counts":  {map[string]string{"network-config": strings.Replace(networkConfig, "[\"10", "[\"2001:db8::1/64\", \"10", 1)}, "node-1", "10.0.0.9", 64},
		"vendor data, which nobody has to do": {map[string]string{"vendor-data": "#cloud-config\n"}, "node-1", "10.0.0.9", 64},
	} {
		n, err := join.NoCloud{}.Boot(seeded(seed.Medium(t, "CIDATA", files(row.change))))
		if err != nil || n.Machine.NodeName != row.name || n.Machine.Address != row.address || n.MaxPods != row.pods {
			t.Errorf("%s: %s %s %d, %v", reason, n.Machine.NodeName, n.Machine.Address, n.MaxPods, err)
		}
	}
}

// SIM-101: what would not boot says why.
func TestNoCloudRefusals(t *testing.T) {
	karpenter := karpenterYAML(kubelet(nil))
	user := func(data string) map[string]string { return map[string]string{"user-data": data} }
	setting := func(name, value string) map[string]string {
		return user(userData(karpenterYAML(kubelet(map[string]string{name: value}))))
	}
	for says, change := range map[string]map[string]string{
		"no meta-data":                         {"meta-data": ""},
		"no user-data":                         user(""),
		"nothing that is read here":            user("hello\n"),
		"did not find expected":                user("#cloud-config\n{\n"),
		"already set":                          user("#cloud-config\nhostname: a\nhostname: b\n"),
		"illegal base64":                       user("#cloud-config\nwrite_files: [{path: /a, encoding: b64, content: '?'}]\n"),
		"no encoding":                          user("#cloud-config\nwrite_files: [{path: /a, encoding: rot13, content: a}]\n"),
		"is not read as octal":                 user("#cloud-config\nwrite_files: [{path: /a, permissions: 0600, content: a}]\n"),
		"has no path":                          user("#cloud-config\nwrite_files: [{content: a}]\n"),
		"no name of a host":                    user("#cloud-config\nhostname: a_b\n"),
		"configure no kubelet":                 user("#cloud-config\nhostname: a\n"),
		"no version of Kubernetes":             user(userData(strings.Replace(karpenter, "v1.33.4", "1.33", 1))),
		"rootca is no certificate":             user(userData(strings.Replace(karpenter, "BEGIN CERT", "BEGIN KEY", 1))),
		"bootstraptoken is no token":           user(userData(strings.Replace(karpenter, "abcdef.", "abcdef-", 1))),
		"no kubelet is configured":             user(userData(karpenterYAML(" {}"))),
		"the kubelet knows no colour":          setting("colour", "red"),
		"refuses maxPods":                      setting("maxPods", "many"),
		"refuses cpuManagerPolicy: dynamic is": setting("cpuManagerPolicy", "dynamic"),
		"needs the feature gate":               setting("cpuCFSQuotaPeriod", "50ms"),
		"not above the low":                    setting("imageGCHighThresholdPercent", "70"),
		"is below a second":                    setting("shutdownGracePeriod", "10ms"),
		"is no address":                        setting("clusterDNS", "[one]"),
		"is no effect":                         setting("registerWithTaints", "[{key: a, effect: Maybe}]"),
		"knows no gpu":                         setting("kubeReserved", "{gpu: '1'}"),
		"version 1 is not read":                {"network-config": "version: 1\n"},
		"no address with its prefix":           {"network-config": strings.Replace(networkConfig, "/16", "", 1)},
		"two routes":                           {"network-config": strings.Replace(networkConfig, "[{to", "[{to: 0.0.0.0/0, via: 10.0.0.2}, {to", 1)},
		"no network device has an address":     {"network-config": strings.Replace(networkConfig, "00:01", "00:02", 1)},
	} {
		if n, err := (join.NoCloud{}).Boot(seeded(seed.Medium(t, "cidata", files(change)))); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, %+v", says, err, n)
		}
	}
	static := karpenterYAML(kubelet(map[string]string{"cpuManagerPolicy": "static", "kubeReserved": "{memory: 1Mi}", "systemReserved": "{}"}))
	for says, medium := range map[string][]byte{
		"no medium": nil, "no ISO 9660": []byte("medium"), "cloud-init looks for cidata": seed.Medium(t, "config-2", files(nil)),
		"processors that are reserved": seed.Medium(t, "cidata", files(user(userData(static)))),
	} {
		if _, err := (join.NoCloud{}).Boot(seeded(medium)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", says, err)
		}
	}
}

// SIM-102: an image may know by itself what to do.
func TestConfigured(t *testing.T) {
	n, err := join.Configured{"maxPods": 20.0}.Boot(seeded(nil))
	if err != nil || n.Machine.NodeName != "vm" || n.Machine.Address != "10.0.0.200" || n.MaxPods != 20 || n.EvictionHard["memory.available"] != "100Mi" {
		t.Errorf("%+v, %v", n, err)
	}
}
