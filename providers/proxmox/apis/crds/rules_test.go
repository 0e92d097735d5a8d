// SPDX-License-Identifier: Apache-2.0

package crds_test

import (
	"errors"
	"maps"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"karpenter.sh/providers/proxmox/apis/v1alpha1"
)

// kind has a spec that is admitted, changes of it that are too, and those that are not.
type kind struct {
	kind, base string
	accepted   []string
	// refused are changes with what the refusal says, beginning with the field.
	refused map[string]string
}

func kinds() []kind { return []kind{nodeClasses(), templates(), unmanagedTemplates()} }

func nodeClasses() kind { // PVE-015, PVE-016
	return kind{
		v1alpha1.NodeClassKind, "instanceTemplateRef: {kind: ProxmoxTemplate, name: t}",
		[]string{
			"region: r", "instanceTemplateRef: {kind: ProxmoxUnmanagedTemplate, name: t}", "bootDevice: {size: 1T, storage: lvm}",
			"tags: [" + strings.Repeat("t,", 9) + "t]", "securityGroups: [{name: web, interface: net11}]", "resourcePool: a/b.c/D-1",
			"kubeletConfiguration: {cpuManagerPolicy: static, maxPods: 10, shutdownGracePeriod: 1m30s, clusterDNS: [10.0.0.1]}",
			"metadataOptions: {type: cdrom, templatesRef: {name: a, namespace: b}}", "placementStrategy: {zoneBalance: AvailabilityFirst}",
		},
		map[string]string{
			"region: ''": "spec.region: at least 1 char",
			"instanceTemplateRef: {kind: Other, name: t}":              "spec.instanceTemplateRef.kind: supported values",
			"instanceTemplateRef: {kind: ProxmoxTemplate, name: ''}":   "spec.instanceTemplateRef.name: at least 1 char",
			"instanceTemplateRef: absent":                              "spec.instanceTemplateRef: Required",
			"bootDevice: {size: 30M}":                                  "spec.bootDevice.size: should match",
			"bootDevice: {storage: " + strings.Repeat("s", 31) + "}":   "spec.bootDevice.storage: 30",
			"tags: [" + strings.Repeat("t,", 10) + "t]":                "spec.tags: at most 10",
			"securityGroups: [{name: ''}]":                             "spec.securityGroups[0].name: at least 1 char",
			"securityGroups: [{name: g, interface: eth0}]":             "spec.securityGroups[0].interface: should match",
			"resourcePool: a/b/c/d":                                    "spec.resourcePool: should match",
			"resourcePool: -a":                                         "spec.resourcePool: should match",
			"kubeletConfiguration: {maxPods: 9}":                       "spec.kubeletConfiguration.maxPods: greater than or equal to 10",
			"kubeletConfiguration: {maxPods: 251}":                     "spec.kubeletConfiguration.maxPods: less than or equal to 250",
			"kubeletConfiguration: {imageGCHighThresholdPercent: 101}": "spec.kubeletConfiguration.imageGCHighThresholdPercent: 100",
			"kubeletConfiguration: {clusterDNS: [a, b, c, d]}":         "spec.kubeletConfiguration.clusterDNS: at most 3",
			"kubeletConfiguration: {topologyManagerScope: node}":       "spec.kubeletConfiguration.topologyManagerScope: supported values",
			"metadataOptions: {type: disk}":                            "spec.metadataOptions.type: supported values",
			"placementStrategy: {zoneBalance: Random}":                 "spec.placementStrategy.zoneBalance: supported values",
		},
	}
}

func templates() kind { // PVE-021
	sum := func(n int) string {
		return "sourceImage: {url: 'https://example.com/i', checksum: " + strings.Repeat("a", n) + "}"
	}
	return kind{
		v1alpha1.TemplateKind, "{sourceImage: {url: 'https://example.com/i.qcow2'}, storageIDs: [local], network: [{bridge: vmbr0}]}",
		[]string{
			"sourceImage: {url: 'http://images.example.com', imageName: i, checksumType: sha512}", sum(32), sum(128),
			"bios: ovmf", "tpm: {version: v1.2}", "cpu: {type: host, flags: [+aes]}", "vga: {memory: 4}", "network: [{bridge: b, mtu: 1}, {bridge: b, mtu: 65520}]",
			"pciDevices: [{mapping: gpu, mdev: m, pcie: true, xvga: false}]", "onBoot: false", "agent: {enabled: true, type: isa}",
		},
		map[string]string{
			"sourceImage: absent":                                                                     "spec.sourceImage: Required",
			"sourceImage: {url: 'https://example.com:8080/i'}":                                        "spec.sourceImage.url: should match",
			"sourceImage: {url: 'ftp://example.com/i'}":                                               "spec.sourceImage.url: should match",
			"sourceImage: {url: 'https://example.com/i', imageName: " + strings.Repeat("n", 65) + "}": "spec.sourceImage.imageName: 64",
			"sourceImage: {url: 'https://example.com/i', checksumType: crc}":                          "spec.sourceImage.checksumType: supported values",
			sum(31):                                  "spec.sourceImage.checksum: at least 32",
			sum(129):                                 "spec.sourceImage.checksum: 128",
			"storageIDs: []":                         "spec.storageIDs: at least 1",
			"bios: efi":                              "spec.bios: supported values",
			"tpm: {version: v3}":                     "spec.tpm.version: supported values",
			"region: ''":                             "spec.region: at least 1 char",
			"description: ''":                        "spec.description: at least 1 char",
			"machine: virt":                          "spec.machine: supported values",
			"agent: {type: serial}":                  "spec.agent.type: supported values",
			"cpu: {type: max}":                       "spec.cpu.type: supported values",
			"vga: {memory: 3}":                       "spec.vga.memory: greater than or equal to 4",
			"vga: {memory: 513}":                     "spec.vga.memory: less than or equal to 512",
			"network: []":                            "spec.network: at least 1",
			"network: [{bridge: ''}]":                "spec.network[0].bridge: at least 1 char",
			"network: [{bridge: b, mtu: 575}]":       "spec.network[0].mtu: mtu must be 1",
			"network: [{bridge: b, mtu: 65521}]":     "spec.network[0].mtu: mtu must be 1",
			"network: [{bridge: b, vlan: 4095}]":     "spec.network[0].vlan: 4094",
			"network: [{bridge: b, model: ne2k}]":    "spec.network[0].model: supported values",
			"network: [{bridge: b, dnsServers: []}]": "spec.network[0].dnsServers: at least 1",
			"network: [" + strings.Repeat("{bridge: b}, ", 6) + "{bridge: b}]": "spec.network: at most 6",
			"pciDevices: [{mapping: ''}]":                                      "spec.pciDevices[0].mapping: at least 1 char",
			"resourcePool: a//b":                                               "spec.resourcePool: should match",
		},
	}
}

func unmanagedTemplates() kind { // PVE-031
	const either = "spec: at least one of templateName or tags must be specified"
	return kind{
		v1alpha1.UnmanagedTemplateKind, "templateName: t",
		[]string{"{templateName: absent, tags: [a]}", "tags: [a]", "region: r"},
		map[string]string{
			"templateName: absent":                      either,
			"{templateName: absent, region: r}":         either,
			"templateName: ''":                          "spec.templateName: at least 1 char",
			"{templateName: absent, tags: []}":          "spec.tags: at least 1",
			"tags: [" + strings.Repeat("t,", 10) + "t]": "spec.tags: at most 10",
		},
	}
}

// absent in a change takes a field of the base away.
const absent = "absent"

// object is one of a kind, with the fields of a change in place of those of its base.
func object(t *testing.T, k kind, change string) *unstructured.Unstructured {
	t.Helper()
	spec, fields := map[string]any{}, map[string]any{}
	for text, into := range map[string]*map[string]any{k.base: &spec, change: &fields} {
		if err := yaml.Unmarshal([]byte(text), into); err != nil {
			t.Fatalf("reading %s: %v", text, err)
		}
	}
	maps.Copy(spec, fields)
	maps.DeleteFunc(spec, func(_ string, value any) bool { return value == absent })
	o := &unstructured.Unstructured{Object: map[string]any{"spec": spec}}
	o.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(k.kind))
	o.SetGenerateName("test-")
	return o
}

// rules holds each rule to let through and to refuse, naming the field.
func rules(t *testing.T, api client.Client, k kind) {
	for _, change := range append(k.accepted, "{}") {
		if err := api.Create(t.Context(), object(t, k, change), client.DryRunAll, client.FieldValidation("Strict")); err != nil {
			t.Errorf("%s is refused: %v", change, err)
		}
	}
	for change, want := range k.refused {
		err := api.Create(t.Context(), object(t, k, change), client.DryRunAll, client.FieldValidation("Strict"))
		field, message, _ := strings.Cut(want, ": ")
		if !says(err, field, message) {
			t.Errorf("%s: nothing says %q of %s: %v", change, message, field, err)
		}
	}
}

func says(err error, field, message string) bool {
	var failure apierrors.APIStatus
	if !apierrors.IsInvalid(err) || !errors.As(err, &failure) {
		return false
	}
	for _, cause := range failure.Status().Details.Causes {
		if cause.Field == field && strings.Contains(strings.ToLower(cause.Message), strings.ToLower(message)) {
			return true
		}
	}
	return false
}

// defaults are what an API server makes of what is left out.
func defaults(t *testing.T, api client.Client) {
	for _, row := range []struct {
		kind         kind
		change, path string
		want         any
	}{
		{nodeClasses(), "{}", "bootDevice.size", "30G"},
		{nodeClasses(), "bootDevice: {storage: lvm}", "bootDevice.size", "30G"},
		{nodeClasses(), "{}", "placementStrategy.zoneBalance", "Balanced"},
		{nodeClasses(), "{}", "metadataOptions.type", "none"},
		{templates(), "{}", "bios", "seabios"},
		{templates(), "{}", "machine", "q35"},
		{templates(), "{}", "cpu.type", "x86-64-v2-AES"},
		{templates(), "tpm: {}", "tpm.version", "v2.0"},
		{templates(), "agent: {enabled: true}", "agent.type", "virtio"},
		{templates(), "vga: {memory: 8}", "vga.type", "std"},
	} {
		o := object(t, row.kind, row.change)
		if err := api.Create(t.Context(), o, client.DryRunAll); err != nil {
			t.Fatal(err)
		}
		got, found, err := unstructured.NestedFieldNoCopy(o.Object, append([]string{"spec"}, strings.Split(row.path, ".")...)...)
		if err != nil || !found || got != row.want {
			t.Errorf("%s with %s: %s is %v, want %v", row.kind.kind, row.change, row.path, got, row.want)
		}
	}
}
