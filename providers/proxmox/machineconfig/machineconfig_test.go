// SPDX-License-Identifier: Apache-2.0

package machineconfig_test

import (
	"encoding/base64"
	"errors"
	"maps"
	"strings"
	"testing"

	"karpenter.sh/providers/proxmox/machineconfig"
	"karpenter.sh/providers/proxmox/pve"
)

// PVE-065: what a clone is made into.
func TestOptions(t *testing.T) {
	encoded := func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
	launch := machineconfig.Launch{ID: 20000, Name: "n1", InstanceType: "c1.4VCPU-8GB", VCPUs: 4, MemoryBytes: 8 << 30, Tags: []string{"b", "a", "b"}}
	ours := ",sku=" + encoded("c1.4VCPU-8GB") + ",serial=" + encoded("h=n1;i=20000") + ",base64=1"
	for _, row := range []struct {
		reason string
		change func(*machineconfig.Launch)
		clone  pve.Options
		want   pve.Options
	}{
		{
			"shape, tags, and who it is", nil, pve.Options{"smbios1": "uuid=u", "cores": "1"},
			pve.Options{"cores": "4", "memory": "8192", "tags": "a;b", "smbios1": "uuid=u" + ours},
		},
		{
			"text that was there is encoded as the rest is", func(l *machineconfig.Launch) { l.Tags = nil }, pve.Options{"smbios1": "uuid=u,manufacturer=me,sku=old"},
			pve.Options{"cores": "4", "memory": "8192", "smbios1": "uuid=u,manufacturer=" + encoded("me") + ",sku=" + encoded("c1.4VCPU-8GB") + ",serial=" + encoded("h=n1;i=20000") + ",base64=1"},
		},
		{
			"text that is encoded is not encoded again", nil, pve.Options{"smbios1": "base64=1,family=Zg=="},
			pve.Options{"cores": "4", "memory": "8192", "tags": "a;b", "smbios1": "base64=1,family=Zg==,sku=" + encoded("c1.4VCPU-8GB") + ",serial=" + encoded("h=n1;i=20000")},
		},
		{
			"network devices", func(l *machineconfig.Launch) { l.VCPUs = 100 }, pve.Options{
				"net0": "virtio=BC:24:11:00:00:01,bridge=vmbr0,queues=2", "net1": "e1000=BC:24:11:00:00:02,bridge=vmbr0", "net2": "what,is=this", "net3": "model=virtio,bridge=b",
			},
			pve.Options{
				"cores": "100", "memory": "8192", "tags": "a;b", "smbios1": strings.TrimPrefix(ours, ","),
				"net0": "virtio=BC:24:11:00:00:01,bridge=vmbr0,queues=64", "net3": "model=virtio,bridge=b,queues=64",
			},
		},
		{
			"NUMA nodes", func(l *machineconfig.Launch) {
				l.Affinity, l.Bindings = "0-2,8", []machineconfig.Binding{{Node: 2, VCPUs: 3, MiB: 6144}, {Node: 0, VCPUs: 1, MiB: 2048}}
			}, pve.Options{},
			pve.Options{
				"cores": "4", "memory": "8192", "tags": "a;b", "smbios1": strings.TrimPrefix(ours, ","), "affinity": "0-2,8", "numa": "1",
				"numa0": "cpus=0,hostnodes=0,memory=2048,policy=bind", "numa1": "cpus=1-3,hostnodes=2,memory=6144,policy=bind",
			},
		},
	} {
		t.Run(row.reason, func(t *testing.T) {
			l := launch
			if row.change != nil {
				row.change(&l)
			}
			if got := l.Options(row.clone); !maps.Equal(got, row.want) {
				t.Errorf("got  %v\nwant %v", got, row.want)
			}
		})
	}
}

// PVE-065: the boot disk grows, in whole GiB, and never shrinks.
func TestGrowth(t *testing.T) {
	for _, row := range []struct {
		reason, disk string
		options      pve.Options
		bytes, want  int64
	}{
		{"30Gi are 30 GiB", "scsi0", pve.Options{"boot": "order=scsi0", "scsi0": "ceph:vm-1-disk-0,size=3G"}, 30 << 30, 30},
		{"30G are rounded up", "scsi0", pve.Options{"scsi0": "ceph:vm-1-disk-0,size=3G"}, 30_000_000_000, 28},
		{"it is large enough", "scsi0", pve.Options{"scsi0": "ceph:vm-1-disk-0,size=30G"}, 30 << 30, 0},
		{"it is larger", "scsi0", pve.Options{"scsi0": "ceph:vm-1-disk-0,size=1T"}, 30 << 30, 0},
		{"the boot order decides", "sata1", pve.Options{"boot": "order=ide2;net0;sata1;scsi0", "ide2": "local:iso/x.iso,media=cdrom", "sata1": "l:v,size=1G", "scsi0": "l:w,size=1G"}, 2 << 30, 2},
		{"without order: virtio first", "virtio0", pve.Options{"ide0": "l:v,size=1G", "virtio0": "l:w,size=1536M"}, 2 << 30, 2},
		{"a size that is not told", "scsi0", pve.Options{"scsi0": "l:v"}, 2 << 30, 2},
	} {
		t.Run(row.reason, func(t *testing.T) {
			disk, got, err := machineconfig.Launch{DiskBytes: row.bytes}.Growth(row.options)
			if err != nil || got != row.want || disk != row.disk {
				t.Errorf("got %s, %d, %v, want %s, %d", disk, got, err, row.disk, row.want)
			}
		})
	}
	if _, _, err := (machineconfig.Launch{}).Growth(pve.Options{"ide2": "none,media=cdrom", "efidisk0": "l:v"}); !errors.Is(err, machineconfig.ErrNoBootDisk) {
		t.Errorf("got %v", err)
	}
}

// PVE-090: a medium goes to the end of the boot order.
func TestBootOrder(t *testing.T) {
	for want, of := range map[string]pve.Options{
		"order=scsi0;ide2":      {"boot": "order=scsi0"},
		"order=ide2;scsi0":      {"boot": "order=ide2;scsi0"},
		"order=virtio0;ide2":    {"virtio0": "l:v,size=1G"},
		"order=scsi0;net0;ide2": {"boot": "order=scsi0;net0", "scsi0": "l:v"},
	} {
		if got := machineconfig.BootOrder(of, "ide2"); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// PVE-032: which templates can be used.
func TestTemplateStorage(t *testing.T) {
	for _, row := range []struct {
		reason, want string
		of           pve.Options
	}{
		{"one disk", "ceph", pve.Options{"scsi0": "ceph:base-1-disk-0,size=3G"}},
		{"media and variables elsewhere", "ceph", pve.Options{
			"scsi0": "ceph:v", "ide2": "local:iso/x.iso,media=cdrom", "sata0": "local-lvm:vm-1-cloudinit,media=cdrom", "efidisk0": "local-lvm:e", "tpmstate0": "local:t",
		}},
		{"a medium without media", "ceph", pve.Options{"scsi0": "ceph:v", "ide2": "none,media=cdrom"}},
		{"two storages", "", pve.Options{"scsi0": "ceph:v", "scsi1": "local-lvm:w"}},
		{"no disk", "", pve.Options{"ide2": "none,media=cdrom"}},
	} {
		t.Run(row.reason, func(t *testing.T) {
			if got, err := machineconfig.TemplateStorage(row.of); got != row.want || (err == nil) != (row.want != "") {
				t.Errorf("got %s, %v", got, err)
			}
		})
	}
	if !machineconfig.CloudInitDrive(pve.Options{"scsi1": "ceph:vm-1-cloudinit,media=cdrom"}) || machineconfig.CloudInitDrive(pve.Options{"ide2": "none,media=cdrom"}) {
		t.Error("cloud-init drives are not told from others")
	}
}

// PVE-033, PVE-201: what identifies a template.
func TestTemplateIdentity(t *testing.T) {
	meta := pve.Options{"meta": "creation-qemu=9.2.0,ctime=1754811620"}
	if got := machineconfig.TemplateIdentity(1002, meta); got != "1002-151445218505738649" {
		t.Errorf("the vector: %s", got)
	}
	made := machineconfig.TemplateDescription("mine.", "15056069769932308309", "c-1")
	if got := machineconfig.TemplateIdentity(1002, pve.Options{"description": made, "meta": "x"}); got != "15056069769932308309" {
		t.Errorf("got %s", got)
	}
	if hash, cluster := machineconfig.TemplateMarks(made); hash != "15056069769932308309" || cluster != "c-1" || made != "mine. Hash: 15056069769932308309 Cluster: c-1" {
		t.Errorf("got %s, %s of %s", hash, cluster, made)
	}
	if hash, cluster := machineconfig.TemplateMarks("Old one, Hash: 12"); hash != "12" || cluster != "" {
		t.Errorf("got %s, %s", hash, cluster)
	}
}

// PVE-065, PVE-103: whose machine it is.
func TestOwner(t *testing.T) {
	full := machineconfig.Owner{NodeClass: "c", CapacityType: "on-demand", NodePool: "p", Cluster: "k", UID: "u", Affinity: "0-1,8"}
	const text = "Karpenter managed instance, class=c, capacity-type=on-demand, nodepool=p, cluster=k, uid=u, affinity=0-1,8"
	if got := full.Description(); got != text {
		t.Errorf("got %s", got)
	}
	for description, want := range map[string]machineconfig.Owner{
		text:        full,
		text + "\n": full,
		"Karpenter managed instance, class=c, capacity-type=spot": {NodeClass: "c", CapacityType: "spot"},
		"Karpenter managed instance":                              {},
	} {
		if got, ours := machineconfig.OwnerOf(description); got != want || !ours {
			t.Errorf("%q: got %+v, %t", description, got, ours)
		}
	}
	for _, other := range []string{"", "mine", "Karpenter managed instances, class=c", "x Karpenter managed instance"} {
		if got, ours := machineconfig.OwnerOf(other); ours {
			t.Errorf("%q is ours: %+v", other, got)
		}
	}
}

// PVE-067: the CPU's kind, with or without its name.
func TestCPUType(t *testing.T) {
	for text, want := range map[string]string{"x86-64-v2-AES": "x86-64-v2-AES", "cputype=host,flags=+aes": "host", "host,flags=+aes": "host", "": ""} {
		if got := machineconfig.CPUType(pve.Options{"cpu": text}); got != want {
			t.Errorf("%q: %s", text, got)
		}
	}
}
