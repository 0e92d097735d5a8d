// SPDX-License-Identifier: Apache-2.0

package proxmox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
)

// ParseSetup reads a setup: all of it, since regions have much in them that belongs
// together.
func ParseSetup(data []byte) (Setup, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	var s Setup
	if err := decoder.Decode(&s); err != nil {
		return Setup{}, fmt.Errorf("setup: %w", err)
	}
	return s, nil
}

// Privileges are those that the provider needs (PVE-111), pools included.
func Privileges() []string {
	return []string{
		"Datastore.Allocate", "Datastore.AllocateSpace", "Datastore.AllocateTemplate", "Datastore.Audit", "Mapping.Audit", "Mapping.Use",
		"Pool.Allocate", "Pool.Audit", "SDN.Audit", "SDN.Use", "Sys.AccessNetwork", "Sys.Audit",
		"VM.Allocate", "VM.Audit", "VM.Clone", "VM.Config.CDROM", "VM.Config.CPU", "VM.Config.Cloudinit", "VM.Config.Disk", "VM.Config.HWType",
		"VM.Config.Memory", "VM.Config.Network", "VM.Config.Options", "VM.PowerMgmt",
	}
}

// The callers of local setups: the provider's token has the privileges of PVE-111.
const (
	localToken  = "5f2b9f0e-6d0c-4f3a-9f51-0c8f3d5a7e11"
	localRegion = 4 // hosts
)

// LocalSetup is two clusters, east and west, of four large hosts each: enough for a thousand
// pods. Their templates are on shared storages. West has devices to pass through, and both
// a VNet.
func LocalSetup() Setup {
	east, west := local("east", 64), local("west", 65)
	west.Mappings = []Mapping{{ID: "gpu", Resource: "nvidia.com/gpu", Devices: []Device{{"west1", "0000:01:00.0"}, {"west1", "0000:02:00.0"}, {"west2", "0000:01:00.0"}}}}
	return Setup{Regions: []Region{east, west}}
}

// local is a cluster whose hosts have addresses of 10.<network>.0.0/16.
func local(name string, network int) Region {
	subnet := fmt.Sprintf("10.%d", network)
	out := Region{
		Name: name,
		Storages: []Storage{
			{Name: "local", Type: "dir", Content: []string{"iso", "import", "vztmpl"}, GiB: 200},
			{Name: "local-lvm", Type: "lvmthin", Content: []string{"images"}, GiB: 20000},
			{Name: "ceph", Type: "rbd", Shared: true, Content: []string{"images"}, GiB: 100000},
		},
		Zones: []Zone{{Name: "apps", Type: "vlan", MTU: 1450, VNets: []VNet{{
			Name: "vnodes", Tag: 100, Subnets: []Subnet{{CIDR: subnet + ".255.0/24", Gateway: subnet + ".255.1", DHCP: true}},
		}}}},
		Pools: []string{"karpenter", "others"}, SecurityGroups: []string{"nodes", "others"},
		Images: map[string]Image{"https://images.example.com/node.qcow2": {GiB: 3}, "https://images.example.com/next.qcow2": {GiB: 3}},
		Users: []User{
			{Name: "karpenter@pve", Grants: []Grant{{Path: "/", Privileges: Privileges()}}, Tokens: []Token{{ID: "karpenter", Secret: localToken}}},
			{Name: root, Password: "secret", Tokens: []Token{{ID: "test", Secret: "11111111-2222-3333-4444-555555555555"}}},
		},
	}
	for n := 1; n <= localRegion; n++ {
		out.Hosts = append(out.Hosts, Host{
			Name: name + strconv.Itoa(n), Model: "AMD EPYC 9754 128-Core Processor", Sockets: 1, Cores: 128, CPUs: 256, MemoryMiB: 1 << 20,
			Bridges: []Bridge{{Name: "vmbr0", CIDR: fmt.Sprintf("%s.0.%d/16", subnet, 10+n), Gateway: subnet + ".0.1", MTU: 1500}},
		})
	}
	out.Machines = []Machine{{ID: 9000, Host: out.Hosts[0].Name, Template: true, Options: map[string]string{
		"name": "node", "tags": "nodes", "cores": "1", "sockets": "1", "memory": "1024", "cpu": "x86-64-v2-AES", "boot": "order=scsi0", "scsihw": "virtio-scsi-single",
		"scsi0": "ceph:base-9000-disk-0,iothread=1,size=3G", "net0": fmt.Sprintf("virtio=BC:24:11:00:90:%02X,bridge=vmbr0", network), "ipconfig0": "ip=" + subnet + ".0.0/16",
		"smbios1": fmt.Sprintf("uuid=8b4c2f0a-0d5f-4c51-9a5e-0000000090%02x", network), "meta": "creation-qemu=9.2.0,ctime=1754811620", "ostype": "l26",
	}}}
	return out
}
