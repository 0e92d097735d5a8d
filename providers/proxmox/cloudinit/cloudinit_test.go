// SPDX-License-Identifier: Apache-2.0

package cloudinit_test

import (
	"bytes"
	"encoding/base64"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/diskfs/go-diskfs/backend/file"
	"github.com/diskfs/go-diskfs/filesystem/iso9660"
	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"karpenter.sh/providers/proxmox/cloudinit"
)

func data() cloudinit.Data {
	return cloudinit.Data{
		Metadata: cloudinit.Metadata{
			Hostname: "n1", InstanceID: "20000", InstanceUUID: "u-1", InstanceType: "c1.2VCPU-4GB", ProviderID: "proxmox://r1/20000",
			Region: "r1", Zone: "pve1", Tags: []string{"a", "b"}, NodeClass: "default",
		},
		Network: cloudinit.Network{
			Interfaces: []cloudinit.Interface{
				{Name: "eth0", MacAddr: "BC:24:11:00:00:01", MTU: 1500, Address4: []string{"10.1.0.5/24"}, Gateway4: "10.1.0.1", SLAAC: true, NodeAddress6: "2001:db8:1::9/64"},
				{Name: "eth1", MacAddr: "BC:24:11:00:00:02", DHCPv4: true, SLAAC: true},
			},
			NameServers: []string{"10.1.0.53"}, SearchDomains: []string{"example.com"},
		},
		Resources: cloudinit.Resources{CPU: 2, Memory: 4 << 30, Hugepages2Mi: 512},
		Kubernetes: cloudinit.Kubernetes{
			Version: "v1.33.4", RootCA: "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", BootstrapToken: "abcdef.0123456789abcdef",
			KubeletConfiguration: map[string]any{"maxPods": 110, "cpuCFSQuotaPeriod": "100ms", "clusterDNS": []string{"10.96.0.10"}},
		},
		Values: map[string]string{"SSHAuthorizedKeys": "ssh-ed25519 A, ssh-ed25519 B", "Secret": "hush!", "Yes": "yes", "Number": "0123"},
	}
}

func read(t *testing.T, text []byte) map[string]any {
	t.Helper()
	out := map[string]any{}
	if err := yaml.Unmarshal(text, &out); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return out
}

// PVE-093, PVE-094: what machines get without templates.
func TestDefaults(t *testing.T) {
	files, err := cloudinit.Render(nil, data())
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 3 {
		t.Errorf("got %v", files)
	}
	wantMeta := map[string]any{
		"hostname": "n1", "local-hostname": "n1", "instance-id": "20000", "instance-type": "c1.2VCPU-4GB", "provider-id": "proxmox://r1/20000",
		"region": "r1", "zone": "pve1", "availability-zone": "pve1",
	}
	if d := cmp.Diff(wantMeta, read(t, files[cloudinit.MetaData])); d != "" {
		t.Error(d)
	}
	servers := map[string]any{"addresses": []any{"10.1.0.53"}, "search": []any{"example.com"}}
	wantNetwork := map[string]any{"version": 2.0, "renderer": "networkd", "ethernets": map[string]any{
		"eth0": map[string]any{
			"match": map[string]any{"macaddress": "bc:24:11:00:00:01"}, "set-name": "eth0", "mtu": 1500.0, "dhcp4": false, "dhcp6": false, "accept-ra": false,
			"addresses":   []any{"10.1.0.5/24", "2001:db8:1:0:be24:11ff:fe00:1/64"},
			"routes":      []any{map[string]any{"to": "0.0.0.0/0", "via": "10.1.0.1"}, map[string]any{"to": "::/0", "via": "2001:db8:1::9"}},
			"nameservers": servers,
		},
		"eth1": map[string]any{
			"match": map[string]any{"macaddress": "bc:24:11:00:00:02"}, "set-name": "eth1", "dhcp4": true, "dhcp6": false, "accept-ra": true, "nameservers": servers,
		},
	}}
	if d := cmp.Diff(wantNetwork, read(t, files[cloudinit.NetworkConfig])); d != "" {
		t.Error(d)
	}
	user := read(t, files[cloudinit.UserData])
	if !bytes.HasPrefix(files[cloudinit.UserData], []byte("#cloud-config\n")) || user["hostname"] != "n1" {
		t.Errorf("got %s", files[cloudinit.UserData])
	}
	keys := user["users"].([]any)[0].(map[string]any)["ssh_authorized_keys"]
	if d := cmp.Diff([]any{"ssh-ed25519 A", "ssh-ed25519 B"}, keys); d != "" {
		t.Error(d)
	}
	written := user["write_files"].([]any)
	if pages := written[0].(map[string]any); pages["path"] != "/etc/sysctl.d/99-hugepages.conf" || pages["content"] != "vm.nr_hugepages = 512\n" {
		t.Errorf("got %v", pages)
	}
	all := written[1].(map[string]any)
	if all["path"] != "/etc/karpenter.yaml" || all["permissions"] != "0600" || all["owner"] != "root:root" {
		t.Errorf("got %v", all)
	}
	content, err := base64.StdEncoding.DecodeString(all["content"].(string))
	if err != nil {
		t.Fatal(err)
	}
	whole := read(t, content)
	kubernetes := whole["kubernetes"].(map[string]any)
	if kubernetes["bootstraptoken"] != "abcdef.0123456789abcdef" || kubernetes["rootca"] != data().Kubernetes.RootCA || whole["values"].(map[string]any)["Number"] != "0123" ||
		whole["metadata"].(map[string]any)["providerid"] != "proxmox://r1/20000" {
		t.Errorf("got %s", content)
	}
	bare := data()
	bare.Values, bare.Resources.Hugepages2Mi = nil, 0
	if files, err = cloudinit.Render(nil, bare); err != nil || strings.Contains(string(files[cloudinit.UserData]), "ssh_authorized") || len(read(t, files[cloudinit.UserData])["write_files"].([]any)) != 1 {
		t.Errorf("got %s, %v", files[cloudinit.UserData], err)
	}
}

// PVE-095, PVE-096: what templates may call.
func TestFunctions(t *testing.T) {
	for text, want := range map[string]string{
		`{{ get .Values "Missing" | default "d" }}`:                                                   "d",
		`{{ get .Values "Secret" | default "d" }}`:                                                    "hush!",
		`{{ default "" (get .Values "Missing") }}`:                                                    "",
		`{{ coalesce "" 0 "c" }}`:                                                                     "c",
		`{{ coalesce "" 0 }}`:                                                                         "",
		`{{ ternary "a" "b" true }}`:                                                                  "a",
		`{{ toJson (dict "a" (list 1 "<")) }}`:                                                        `{"a":[1,"<"]}`,
		`{{ toPrettyJson (dict "a" 1) }}`:                                                             "{\n  \"a\": 1\n}",
		`{{ toYaml (dict "a" (dict "b" "0123" "c" true)) }}`:                                          "a:\n    b: \"0123\"\n    c: true",
		`{{ toYamlPretty (dict "a" (dict "b" "yes")) }}`:                                              "a:\n  b: \"yes\"",
		`{{ toPrettyYaml (dict "a" "x\ny\n") }}`:                                                      "a: |\n  x\n  y",
		`{{ toYamlPretty .Kubernetes.KubeletConfiguration }}`:                                         "clusterDNS:\n  - 10.96.0.10\ncpuCFSQuotaPeriod: 100ms\nmaxPods: 110",
		`{{ indent 2 "a\nb" }}`:                                                                       "  a\n  b",
		`{{ nindent 2 "a\nb" }}`:                                                                      "\n  a\n  b",
		`{{ quote "a\"b" }}`:                                                                          `"a\"b"`,
		`{{ upper "a" }}{{ lower "B" }}{{ trim " c " }}`:                                              "Abc",
		`{{ trimSuffix ".x" "a.x" }}{{ trimPrefix "a." "a.x" }}`:                                      "ax",
		`{{ split "a,b" "," | toJson }}`:                                                              `["a","b"]`,
		`{{ join .Metadata.Tags "-" }}{{ join (list 1 2) "+" }}`:                                      "a-b1+2",
		`{{ replace "a" "b" "aa" }}`:                                                                  "bb",
		`{{ regexFind "[0-9]+" "a12b3" }}`:                                                            "12",
		`{{ regexFindString "a([0-9]+)" "a12" 1 }}`:                                                   "12",
		`{{ regexFindString "a([0-9]+)" "a12" 2 }}`:                                                   "",
		`{{ regexReplaceAll "[0-9]" "a1b2" "x" }}`:                                                    "axbx",
		`{{ getValue "a=1; b=2" "b" }}{{ getValue "a=1" "c" }}`:                                       "2",
		`{{ empty "" }} {{ empty .Metadata.Tags }}`:                                                   "true false",
		`{{ contains "b" "abc" }} {{ hasPrefix "a" "abc" }} {{ hasSuffix "a" "abc" }}`:                "true true false",
		`{{ hasKey .Values "Secret" }} {{ hasKey .Values "x" }}`:                                      "true false",
		`{{ hasTag .Metadata.Tags "a" }} {{ hasTag .Metadata.Tags "c" }}`:                             "true false",
		`{{ b64enc "a" }}{{ b64dec "Yg==" }}`:                                                         "YQ==b",
		`{{ cidrhost "10.0.0.5/24" }} {{ cidrhost "10.0.0.5/24" 9 }} {{ cidrhost "10.0.0.0/24" -1 }}`: "10.0.0.5 10.0.0.9 10.0.0.255",
		`{{ cidrhost "2001:db8::/64" 9 }}`:                                                            "2001:db8::9",
		`{{ cidrslaac "00:1A:2B:3C:4D:5E" "2001:db8:1::/64" }}`:                                       "2001:db8:1:0:21a:2bff:fe3c:4d5e/64",
	} {
		files, err := cloudinit.Render(map[string]string{cloudinit.UserData: text}, data())
		if got := string(files[cloudinit.UserData]); err != nil || got != want {
			t.Errorf("%s: %q, %v, want %q", text, got, err, want)
		}
	}
}

// PVE-091, PVE-095, CP-349: what is wrong is told, with the key and without what was given.
func TestErrors(t *testing.T) {
	for text, want := range map[string]string{
		`{{ .Values.Secret`:                     "reading the template user-data",
		`{{ nothing }}`:                         "reading the template user-data",
		`{{ .Nothing }}`:                        "rendering the template user-data",
		`{{ b64dec (get .Values "Secret") }}`:   "error calling b64dec",
		`{{ regexFind "(" "a" }}`:               "error calling regexFind",
		`{{ cidrhost (get .Values "Secret") }}`: "error calling cidrhost",
		`{{ cidrhost "10.0.0.0/24" 256 }}`:      "error calling cidrhost",
		`{{ cidrslaac "x" "2001:db8::/64" }}`:   "error calling cidrslaac",
		`{{ dict "a" }}`:                        "error calling dict",
		`{{ join "a" "b" }}`:                    "error calling join",
		`{{ hasKey "a" "b" }}`:                  "error calling hasKey",
		`{{ indent -1 "a" }}`:                   "error calling indent",
		`{{ index .Metadata.Tags 9 }}`:          "error calling index",
	} {
		if _, err := cloudinit.Render(map[string]string{cloudinit.UserData: text}, data()); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
	for _, key := range []string{cloudinit.MetaData, cloudinit.VendorData, cloudinit.NetworkConfig} {
		if _, err := cloudinit.Render(map[string]string{key: "{{ .Kubernetes.BootstrapToken }}"}, data()); err == nil {
			t.Errorf("%s shows the token", key)
		}
	}
	files, err := cloudinit.Render(map[string]string{cloudinit.NetworkConfig: " \n", cloudinit.VendorData: "#!/bin/sh\necho {{ .Metadata.Zone }}"}, data())
	if err != nil || files[cloudinit.NetworkConfig] != nil || string(files[cloudinit.VendorData]) != "#!/bin/sh\necho pve1" {
		t.Errorf("got %v, %v", files, err)
	}
}

// PVE-090: the medium is read back.
func TestISO(t *testing.T) {
	files, err := cloudinit.Render(map[string]string{cloudinit.UserData: strings.Repeat("x", 5000)}, data())
	if err != nil {
		t.Fatal(err)
	}
	content, err := cloudinit.ISO(files)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "image")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	image, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = image.Close() }()
	fs, err := iso9660.Read(file.New(image, true), 0, 0, 2048)
	if err != nil {
		t.Fatal(err)
	}
	if label := strings.TrimSpace(fs.Label()); label != "cidata" {
		t.Errorf("the volume is %q", label)
	}
	entries, err := fs.ReadDir(".")
	if err != nil || len(entries) != len(files) {
		t.Errorf("got %v, %v", entries, err)
	}
	for name, want := range files {
		opened, err := fs.OpenFile(name, os.O_RDONLY)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(opened); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
	// The second descriptor of a kind that Joliet marks with UCS-2, level 3.
	if joliet := []byte{0x25, 0x2f, 0x45}; !bytes.Contains(content, joliet) {
		t.Error("there is no Joliet")
	}
}
