// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"testing"

	"karpenter.sh/providers/proxmox/apis/v1alpha1"
)

const ubuntu = "https://cloud-images.ubuntu.com/noble/current/noble-server-cloudimg-amd64.img"

// PVE-023, PVE-201: image IDs are those that running templates carry.
func TestImageID(t *testing.T) {
	for _, row := range []struct{ reason, url, name, want string }{
		{"the vector", ubuntu, "ubuntu-amd64.qcow2", "ubuntu-amd64-9606822589293882907.qcow2"},
		{"without name: the last segment, whose extension is none of a disk", ubuntu, "", "noble-server-cloudimg-amd64-9606822589293882907.qcow2"},
		{"a name without extension", ubuntu, "ubuntu", "ubuntu-9606822589293882907.qcow2"},
		{"a name with two dots keeps what is between them", ubuntu, "ubuntu.24.raw", "ubuntu-9606822589293882907.24.raw"},
		{"a name with two dots and another extension", ubuntu, "ubuntu.24.img", "ubuntu-9606822589293882907.24.qcow2"},
		{"a URL without path", "https://example.com", "", "example-com-10597656117978734351.qcow2"},
	} {
		t.Run(row.reason, func(t *testing.T) {
			image := v1alpha1.SourceImage{URL: row.url, ImageName: row.name}
			if got := image.ImageID(); got != row.want {
				t.Errorf("got %s, want %s", got, row.want)
			}
		})
	}
}

func template(change func(*v1alpha1.ProxmoxTemplateSpec)) *v1alpha1.ProxmoxTemplate {
	t := &v1alpha1.ProxmoxTemplate{Spec: v1alpha1.ProxmoxTemplateSpec{
		SourceImage: &v1alpha1.SourceImage{URL: ubuntu, ImageName: "ubuntu-amd64.qcow2"},
		StorageIDs:  []string{"local", "system"}, BIOS: "seabios",
	}}
	if change != nil {
		change(&t.Spec)
	}
	return t
}

// PVE-026, PVE-201: hashes are those that running templates carry.
func TestTemplateHash(t *testing.T) {
	for _, row := range []struct {
		reason, want string
		change       func(*v1alpha1.ProxmoxTemplateSpec)
	}{
		{"seabios", "15056069769932308309", nil},
		{"ovmf with TPM", "4777961696313233259", func(s *v1alpha1.ProxmoxTemplateSpec) {
			s.BIOS, s.TPM = "ovmf", &v1alpha1.TPM{Version: "v2.0"}
		}},
		{"the order of storages does not matter", "15056069769932308309", func(s *v1alpha1.ProxmoxTemplateSpec) {
			s.StorageIDs = []string{"system", "local"}
		}},
		{"what is updated in place does not matter", "15056069769932308309", func(s *v1alpha1.ProxmoxTemplateSpec) {
			s.Machine, s.Tags, s.Network, s.Region = "pc", []string{"a"}, []v1alpha1.Network{{Bridge: "vmbr0"}}, "r"
		}},
	} {
		t.Run(row.reason, func(t *testing.T) {
			got, err := template(row.change).Hash()
			if err != nil || got != row.want {
				t.Errorf("got %s, %v, want %s", got, err, row.want)
			}
		})
	}
	for name, change := range map[string]func(*v1alpha1.ProxmoxTemplateSpec){
		"url":      func(s *v1alpha1.ProxmoxTemplateSpec) { s.SourceImage.URL += "x" },
		"checksum": func(s *v1alpha1.ProxmoxTemplateSpec) { s.SourceImage.Checksum = "x" },
		"storages": func(s *v1alpha1.ProxmoxTemplateSpec) { s.StorageIDs = []string{"local"} },
		"bios":     func(s *v1alpha1.ProxmoxTemplateSpec) { s.BIOS = "ovmf" },
		"tpm":      func(s *v1alpha1.ProxmoxTemplateSpec) { s.TPM = &v1alpha1.TPM{Version: "v1.2"} },
	} {
		if got, err := template(change).Hash(); err != nil || got == "15056069769932308309" {
			t.Errorf("a change of %s leaves the hash: %s, %v", name, got, err)
		}
	}
}
