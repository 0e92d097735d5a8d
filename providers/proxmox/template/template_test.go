// SPDX-License-Identifier: Apache-2.0

package template_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"karpenter.sh/providers/proxmox/apis/v1alpha1"
	"karpenter.sh/providers/proxmox/internal/simtest"
	"karpenter.sh/providers/proxmox/pve"
	"karpenter.sh/providers/proxmox/template"
)

func recipe(change func(*v1alpha1.ProxmoxTemplateSpec)) template.Recipe {
	r := template.Recipe{Name: "t", Hash: "123", Cluster: "k", ImageStorage: "local", DiskStorage: "local-lvm", Spec: v1alpha1.ProxmoxTemplateSpec{
		SourceImage: &v1alpha1.SourceImage{URL: "https://images.example.com/node.qcow2"},
		Network:     []v1alpha1.Network{{Bridge: "vmbr0"}},
	}}
	if change != nil {
		change(&r.Spec)
	}
	return r
}

// full is a spec with everything.
func full(s *v1alpha1.ProxmoxTemplateSpec) {
	s.Description, s.Machine, s.BIOS, s.TPM = "Mine.", "pc", "ovmf", &v1alpha1.TPM{}
	s.Agent = &v1alpha1.Agent{Enabled: true, Type: "isa", FsFreezeOnBackup: new(true), FsTrimClonedDisks: new(false)}
	s.CPU = &v1alpha1.CPU{Type: "host", Flags: []string{"+aes", "-pcid"}}
	s.VGA = &v1alpha1.VGA{Type: "serial0", Memory: new(int32(16))}
	s.Network = []v1alpha1.Network{
		{Name: "net2", Bridge: "vmbr1", Model: "e1000", MTU: new(int32(1)), VLAN: new(int32(7)), Firewall: new(true), Address4: "10.1.0.0/24", Gateway4: "10.1.0.1", Address6: "2001:db8::/64", Gateway6: "2001:db8::1", DNSServers: []string{"10.1.0.53", "10.1.0.54"}},
		{Bridge: "vmbr0", DNSServers: []string{"10.0.0.53"}},
	}
	s.PCIDevices = []v1alpha1.PCIDevice{{Mapping: "gpu", MDev: "nvidia-1", PCIe: new(true), XVGA: new(false)}}
	s.Tags, s.OnBoot = []string{"b", "a", "a"}, new(false)
}

// PVE-025: what a machine is made with.
func TestOptions(t *testing.T) {
	for _, row := range []struct {
		reason string
		change func(*v1alpha1.ProxmoxTemplateSpec)
		want   pve.Options
	}{
		{"the least", nil, pve.Options{
			"bios": "seabios", "machine": "q35", "cpu": "cputype=x86-64-v2-AES", "net0": "model=virtio,bridge=vmbr0", "ipconfig0": "ip=dhcp,ip6=auto",
			"description": "The virtual machine managed by Karpenter, do not delete it. Hash: 123 Cluster: k",
		}},
		{"everything", full, pve.Options{
			"bios": "ovmf", "efidisk0": "file=local-lvm:0,efitype=4m", "tpmstate0": "file=local-lvm:4,version=v2.0", "machine": "pc",
			"agent": "enabled=1,type=isa,freeze-fs-on-backup=1,fstrim_cloned_disks=0", "cpu": "cputype=host,flags=+aes;-pcid",
			"vga": "type=serial0,memory=16", "serial0": "socket", "onboot": "0", "tags": "a;b", "nameserver": "10.1.0.53 10.1.0.54 10.0.0.53",
			"net2": "model=e1000,bridge=vmbr1,mtu=1,tag=7,firewall=1", "ipconfig2": "gw=10.1.0.1,gw6=2001:db8::1,ip=10.1.0.0/24,ip6=2001:db8::/64",
			"net1": "model=virtio,bridge=vmbr0", "ipconfig1": "ip=dhcp,ip6=auto", "hostpci0": "mapping=gpu,mdev=nvidia-1,pcie=1,x-vga=0",
			"description": "Mine. Hash: 123 Cluster: k",
		}},
	} {
		t.Run(row.reason, func(t *testing.T) {
			want := pve.Options{
				"name": "t", "acpi": "1", "sockets": "1", "cores": "1", "numa": "1", "memory": "1024", "balloon": "0", "ostype": "l26", "scsihw": "virtio-scsi-single",
				"boot": "order=scsi0", "tablet": "0",
				"scsi0": "file=local-lvm:0,format=raw,import-from=local:import/" + recipe(nil).Spec.SourceImage.ImageID() + ",iothread=on",
			}
			maps.Copy(want, row.want)
			got := recipe(row.change).Options()
			for _, name := range slices.Sorted(maps.Keys(want)) {
				if got[name] != want[name] {
					t.Errorf("%s is %q, want %q", name, got[name], want[name])
				}
				delete(got, name)
			}
			if len(got) > 0 {
				t.Errorf("there are also %v", got)
			}
		})
	}
}

// PVE-025, PVE-028: a cluster takes what is made of a spec, and what is updated.
func TestMade(t *testing.T) {
	w := simtest.Start(t, nil)
	c, ctx, m := w.Client(simtest.Region), t.Context(), pve.Place{Host: "pve1", ID: 1000}
	r := recipe(func(s *v1alpha1.ProxmoxTemplateSpec) { full(s); s.Network[0].Bridge = "vmbr0"; s.PCIDevices = nil })
	name := r.Spec.SourceImage.ImageID()
	for _, err := range []error{
		c.Download(ctx, "pve1", "local", pve.Download{URL: r.Spec.SourceImage.URL, Name: name}),
		c.Create(ctx, m, "", r.Options()), c.MakeTemplate(ctx, m),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	made, err := c.Options(ctx, m)
	if err != nil {
		t.Fatal(err)
	}
	change := recipe(nil).Update(made)
	if got := fmt.Sprint(change.Delete); got != "[agent ipconfig1 ipconfig2 nameserver net1 net2 onboot tags vga]" {
		t.Errorf("what is no longer wanted: %s", got)
	}
	if err := c.Configure(ctx, m, change); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(made["tpmstate0"], "size=4M") || !strings.Contains(made["scsi0"], "size=3G") {
		t.Errorf("got %v", made)
	}
	after, err := c.Options(ctx, m)
	if err != nil || after["machine"] != "q35" || after["net2"] != "" || !strings.Contains(after["net0"], "bridge=vmbr0") || after["scsi0"] != made["scsi0"] {
		t.Errorf("got %v, %v", after, err)
	}
}

// PVE-025, PVE-082: what admission cannot tell.
func TestValidate(t *testing.T) {
	for want, networks := range map[string][]v1alpha1.Network{
		"": {{Bridge: "b"}, {Bridge: "b", Name: "net5", Address4: "10.0.0.0/8", Address6: "2001:db8::/64", Gateway4: "10.0.0.1"}},
		`spec.network[0].name: want net0 to net5`:                                                                 {{Bridge: "b", Name: "eth0"}},
		`spec.network[1].name: there are two of net0`:                                                             {{Bridge: "b"}, {Bridge: "b", Name: "net0"}},
		`spec.network[0].address4: 10.0.0.5/8 would be the address of all machines: give its network, 10.0.0.0/8`: {{Bridge: "b", Address4: "10.0.0.5/8"}},
		`spec.network[0].address4`:                                                                                {{Bridge: "b", Address4: "10.0.0.0"}},
		`spec.network[0].address6`:                                                                                {{Bridge: "b", Address6: "2001:db8::"}},
		`spec.network[0].gateway4`:                                                                                {{Bridge: "b", Gateway4: "10.0.0.1/8"}},
		`spec.network[0].gateway6`:                                                                                {{Bridge: "b", Gateway6: "x"}},
	} {
		err := recipe(func(s *v1alpha1.ProxmoxTemplateSpec) { s.Network = networks }).Validate()
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%+v: %v, want %q", networks, err, want)
		}
	}
}

// PVE-027, PVE-208, PVE-211: whose machine it is.
func TestJudge(t *testing.T) {
	for _, row := range []struct {
		reason, name, description string
		template                  int
		want                      template.Verdict
	}{
		{"as it is wanted", "t", "Mine. Hash: 123 Cluster: k", 1, template.Current},
		{"written before clusters were recorded", "t", "Mine, Hash: 123", 1, template.Current},
		{"made from something else", "t", "Mine. Hash: 124 Cluster: k", 1, template.Outdated},
		{"made half-way", "t", "Mine. Hash: 123 Cluster: k", 0, template.Outdated},
		{"of another cluster", "t", "Mine. Hash: 123 Cluster: l", 1, template.Foreign},
		{"of somebody", "t", "golden image", 1, template.Foreign},
		{"of another name", "u", "Mine. Hash: 123 Cluster: k", 1, template.Other},
	} {
		got := recipe(nil).Judge(pve.Machine{ID: 1000, Name: row.name, Template: row.template}, pve.Options{"description": row.description})
		if got != row.want {
			t.Errorf("%s: %d", row.reason, got)
		}
	}
}
