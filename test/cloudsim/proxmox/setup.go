// SPDX-License-Identifier: Apache-2.0

package proxmox

// Setup is what the clusters hold at the start.
type Setup struct {
	Regions []Region `json:"regions"`
}

// Region is a Proxmox cluster.
type Region struct {
	// Name is that of the region, and the first part of the path of its API.
	Name string `json:"name"`
	// Hosts are the members of the cluster.
	Hosts []Host `json:"hosts"`
	// Storages are those of all hosts.
	Storages []Storage `json:"storages"`
	// Zones are those of software-defined networks.
	Zones []Zone `json:"zones"`
	// Mappings are those of PCI devices.
	Mappings []Mapping `json:"mappings"`
	// Pools and SecurityGroups are the names of those that there are.
	Pools          []string `json:"pools"`
	SecurityGroups []string `json:"securityGroups"`
	// Images are what can be downloaded, by URL.
	Images map[string]Image `json:"images"`
	// Machines are the virtual machines that are there, Containers the containers.
	Machines   []Machine   `json:"machines"`
	Containers []Container `json:"containers"`
	// Users are those who may call; none: root@pam with the password "secret".
	Users []User `json:"users"`
}

// Host is a member of a cluster.
type Host struct {
	Name string `json:"name"`
	// Model is the name of the CPU, as the kernel tells it.
	Model string `json:"model"`
	// Sockets, Cores (of all sockets) and CPUs (logical, of all cores).
	Sockets int `json:"sockets"`
	Cores   int `json:"cores"`
	CPUs    int `json:"cpus"`
	// MemoryMiB is its memory.
	MemoryMiB int `json:"memoryMiB"`
	// Load is the share of its CPUs that is busy, 0 to 1.
	Load float64 `json:"load"`
	// Bridges are what machines are attached to.
	Bridges []Bridge `json:"bridges"`
}

// Bridge is a bridge of a host, or a VNet on it.
type Bridge struct {
	Name string `json:"name"`
	// Type is bridge (the default), OVSBridge or vnet.
	Type string `json:"type"`
	// CIDR and CIDR6 are the host's own addresses on it with their prefix.
	CIDR     string `json:"cidr"`
	CIDR6    string `json:"cidr6"`
	Gateway  string `json:"gateway"`
	Gateway6 string `json:"gateway6"`
	// MTU is the largest packet; 0: not told.
	MTU int `json:"mtu"`
	// Inactive means that it is configured, and down.
	Inactive bool `json:"inactive"`
}

// Zone is a zone of software-defined networks, as it is applied.
type Zone struct {
	Name string `json:"name"`
	// Type is simple, vlan, qinq, vxlan or evpn.
	Type string `json:"type"`
	// Hosts are those that have it; none: all.
	Hosts []string `json:"hosts"`
	// MTU is the largest packet; 0: not told.
	MTU   int    `json:"mtu"`
	VNets []VNet `json:"vnets"`
}

// VNet is a network of a zone, to machines a bridge.
type VNet struct {
	Name string `json:"name"`
	// Tag is its VLAN or VXLAN; 0: none.
	Tag     int      `json:"tag"`
	Subnets []Subnet `json:"subnets"`
}

// Subnet are addresses of a VNet.
type Subnet struct {
	CIDR    string `json:"cidr"`
	Gateway string `json:"gateway"`
	// DHCP means that its addresses are given to whoever asks.
	DHCP bool `json:"dhcp"`
}

// Mapping is a name for like PCI devices of hosts.
type Mapping struct {
	ID      string   `json:"id"`
	Devices []Device `json:"devices"`
	// Resource is how a device plugin reports one to Kubernetes; empty: there is none.
	Resource string `json:"resource"`
}

// Device is a PCI device of a host, such as 0000:01:00.0.
type Device struct {
	Host string `json:"host"`
	Path string `json:"path"`
}

// Storage is a storage.
type Storage struct {
	Name string `json:"name"`
	// Type is dir, lvmthin, zfspool, rbd, nfs, ...
	Type string `json:"type"`
	// Shared means that all hosts see the same volumes.
	Shared bool `json:"shared"`
	// Hosts are those that have it; none: all.
	Hosts []string `json:"hosts"`
	// Content is what it is for: images, iso, import, ...
	Content []string `json:"content"`
	// GiB is its size.
	GiB int `json:"gib"`
}

// Image is a file that can be downloaded.
type Image struct {
	// GiB is the size of the disk in it.
	GiB int `json:"gib"`
	// Checksum is that of the file; a download that expects another one fails.
	Checksum string `json:"checksum"`
}

// Machine is a virtual machine.
type Machine struct {
	ID       int    `json:"id"`
	Host     string `json:"host"`
	Template bool   `json:"template"`
	Running  bool   `json:"running"`
	Pool     string `json:"pool"`
	// Lock is one that a task left, such as clone; empty: none.
	Lock string `json:"lock"`
	// Kubelet is what the kubelet of its image is configured with, by the names of
	// KubeletConfiguration; nil: boot data do that. Clones have the image, too.
	Kubelet map[string]any `json:"kubelet"`
	// Options are those of its configuration. Volumes that they name are made, with the
	// size that they name.
	Options map[string]string `json:"options"`
}

// Container is a container, which takes memory of its host.
type Container struct {
	ID        int    `json:"id"`
	Host      string `json:"host"`
	Name      string `json:"name"`
	MemoryMiB int    `json:"memoryMiB"`
	Running   bool   `json:"running"`
}

// User is somebody who may call.
type User struct {
	// Name is such as root@pam, who may do everything.
	Name string `json:"name"`
	// Password is for tickets; empty: none are given.
	Password string  `json:"password"`
	Grants   []Grant `json:"grants"`
	Tokens   []Token `json:"tokens"`
}

// Token is a token of a user.
type Token struct {
	// ID is the part after the user's name and an exclamation mark.
	ID     string `json:"id"`
	Secret string `json:"secret"`
	// Separate means that it has only those of the user's privileges that Grants give it
	// as well.
	Separate bool    `json:"separate"`
	Grants   []Grant `json:"grants"`
}

// Grant gives privileges on a path and what is below it. One on a longer path takes the
// place of those above.
type Grant struct {
	Path       string   `json:"path"`
	Privileges []string `json:"privileges"`
	// Here means on the path only.
	Here bool `json:"here"`
}

// DefaultSetup is one cluster of two like hosts, with storages of their own and shared
// ones, a template on the shared one, and a token that may do everything.
func DefaultSetup(region string) Setup {
	host := func(name, address string) Host {
		return Host{
			Name: name, Model: "AMD EPYC 7302 16-Core Processor", Sockets: 1, Cores: 16, CPUs: 32, MemoryMiB: 128 << 10,
			Bridges: []Bridge{{Name: "vmbr0", CIDR: address, Gateway: "10.10.0.1", MTU: 1500}},
		}
	}
	return Setup{Regions: []Region{{
		Name:  region,
		Hosts: []Host{host("pve1", "10.10.0.11/16"), host("pve2", "10.10.0.12/16")},
		Storages: []Storage{
			{Name: "local", Type: "dir", Content: []string{"iso", "import", "vztmpl"}, GiB: 100},
			{Name: "local-lvm", Type: "lvmthin", Content: []string{"images"}, GiB: 1000},
			{Name: "ceph", Type: "rbd", Shared: true, Content: []string{"images"}, GiB: 5000},
		},
		Pools: []string{"karpenter"}, SecurityGroups: []string{"nodes"},
		Images: map[string]Image{"https://images.example.com/node.qcow2": {GiB: 3}},
		Machines: []Machine{{ID: 9000, Host: "pve1", Template: true, Options: map[string]string{
			"name": "node", "cores": "1", "sockets": "1", "memory": "1024", "cpu": "x86-64-v2-AES", "boot": "order=scsi0", "scsihw": "virtio-scsi-single",
			"scsi0": "ceph:base-9000-disk-0,iothread=1,size=3G", "net0": "virtio=BC:24:11:00:90:00,bridge=vmbr0", "ipconfig0": "ip=dhcp,ip6=auto",
			"smbios1": "uuid=8b4c2f0a-0d5f-4c51-9a5e-0000000090a0", "meta": "creation-qemu=9.2.0,ctime=1754811620", "ostype": "l26",
		}}},
		Users: []User{{Name: "root@pam", Password: "secret", Tokens: []Token{{ID: "test", Secret: "11111111-2222-3333-4444-555555555555"}}}},
	}}}
}
