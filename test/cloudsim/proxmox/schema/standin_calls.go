// SPDX-License-Identifier: Apache-2.0

package schema

// call is a row of the stand-in. The notation of parameters is that of describe; those of
// the path go without saying.
type call struct{ method, path, returns, permission, parameters string }

func calls() []call {
	const (
		node    = "/nodes/{node}"
		machine = node + "/qemu/{vmid}"
		storage = node + "/storage/{storage}"
		pool    = "poolid:pve-poolid"
		members = " vms?:pve-vmid-list storage?:pve-storage-id-list delete?:boolean allow-move?:boolean comment?:string"
		rule    = "comment?:string enable?:natural iface?:iface digest?:digest "
	)
	audit, network := onMachine("VM.Audit"), onMachine("VM.Config.Network")
	lists := `["perm","/storage/{storage}",["Datastore.Audit","Datastore.AllocateSpace"],"any",1]`
	return []call{
		{"GET", "/version", "object", "", ""},
		{"POST", "/access/ticket", "object", "", "username:text64 password:string"},
		{"GET", "/access/permissions", "object", "", "path?:string userid?:string"},

		{"GET", "/cluster/resources", "array", "", "type?=vm|storage|node|sdn"},
		{"GET", "/cluster/nextid", "integer", "", "vmid?:vmid"},
		{"GET", "/cluster/firewall/groups", "array", "", ""},

		{"GET", "/cluster/sdn/zones", "array", "", "type?=evpn|faucet|qinq|simple|vlan|vxlan pending?:boolean running?:boolean"},
		{"GET", "/cluster/sdn/vnets", "array", "", "pending?:boolean running?:boolean"},
		{"GET", "/cluster/sdn/vnets/{vnet}/subnets", "array", "", "pending?:boolean running?:boolean"},
		{"GET", "/cluster/mapping/pci", "array", "", "check-node?:pve-node"},

		{"GET", "/nodes", "array", "", ""},
		{"GET", node + "/status", "object", `["perm","/nodes/{node}",["Sys.Audit"]]`, ""},
		{"GET", node + "/network", "array", "", "type?=bridge|bond|eth|alias|vlan|OVSBridge|vnet|any_bridge|any_local_bridge|include_sdn"},
		{"GET", node + "/tasks/{upid}/status", "object", "", ""},
		{"DELETE", node + "/tasks/{upid}", "null", "", ""},

		{"GET", node + "/storage", "array", "", "content?:pve-storage-content-list enabled?:boolean storage?:pve-storage-id target?:pve-node"},
		{"GET", storage + "/content", "array", lists, "content?:pve-storage-content vmid?:vmid"},
		{"DELETE", storage + "/content/{volume}", "string", "", "delay?:seconds"},
		{
			"POST", storage + "/download-url", "string",
			`["and",["perm","/storage/{storage}",["Datastore.AllocateTemplate"]],["or",["perm","/",["Sys.Audit","Sys.Modify"]],["perm","/nodes/{node}",["Sys.AccessNetwork"]]]]`,
			"content=iso|vztmpl|import filename:file url:url verify-certificates?:boolean " + checksums,
		},
		{
			"POST", storage + "/upload", "string", `["perm","/storage/{storage}",["Datastore.AllocateTemplate"]]`,
			"content=iso|vztmpl|import filename:file " + checksums,
		},

		{"GET", node + "/qemu", "array", "", "full?:boolean"},
		{"POST", node + "/qemu", "string", "", "vmid:vmid pool?:pve-poolid storage?:pve-storage-id start?:boolean " + options()},
		{"DELETE", machine, "string", onMachine("VM.Allocate"), "purge?:boolean destroy-unreferenced-disks?:boolean"},
		{"GET", machine + "/status/current", "object", audit, ""},
		{"POST", machine + "/status/start", "string", onMachine("VM.PowerMgmt"), "timeout?:natural"},
		{"POST", machine + "/status/stop", "string", onMachine("VM.PowerMgmt"), "timeout?:natural overrule-shutdown?:boolean"},
		{"GET", machine + "/config", "object", audit, "current?:boolean"},
		{"POST", machine + "/config", "string", configures, "delete?:pve-configid-list digest?:digest background_delay?:seconds " + options()},
		{"PUT", machine + "/config", "null", configures, "delete?:pve-configid-list digest?:digest " + options()},
		{"PUT", machine + "/resize", "string", onMachine("VM.Config.Disk"), "disk:string size:size digest?:digest"},
		{"PUT", machine + "/cloudinit", "null", onMachine("VM.Config.Cloudinit"), ""},
		{"POST", machine + "/template", "string", onMachine("VM.Allocate"), "disk?:string"},
		{
			"POST", machine + "/clone", "string",
			`["and",["perm","/vms/{vmid}",["VM.Clone"]],["or",["perm","/vms/{newid}",["VM.Allocate"]],["perm","/pool/{pool}",["VM.Allocate"],"require_param","pool"]]]`,
			"newid:vmid name?:dns-name description?:string full?:boolean pool?:pve-poolid storage?:pve-storage-id target?:pve-node format?=raw|qcow2|vmdk",
		},

		{"GET", machine + "/firewall/options", "object", audit, ""},
		{
			"PUT", machine + "/firewall/options", "null", network,
			"enable?:boolean dhcp?:boolean ipfilter?:boolean policy_in?=ACCEPT|REJECT|DROP policy_out?=ACCEPT|REJECT|DROP delete?:pve-configid-list digest?:digest",
		},
		{"GET", machine + "/firewall/rules", "array", audit, ""},
		{"POST", machine + "/firewall/rules", "null", network, "action:action type=in|out|forward|group pos?:natural " + rule},
		{
			"PUT", machine + "/firewall/rules/{pos}", "null", network,
			"action?:action type?=in|out|forward|group moveto?:natural delete?:pve-configid-list " + rule,
		},
		{"DELETE", machine + "/firewall/rules/{pos}", "null", network, "digest?:digest"},

		{"GET", "/pools", "array", "", "poolid?:pve-poolid type?=qemu|lxc|storage"},
		{"PUT", "/pools", "null", allocatesPool, pool + members},
		{"GET", "/pools/{poolid}", "object", `["perm","/pool/{poolid}",["Pool.Audit"]]`, "type?=qemu|lxc|storage"},
		{"PUT", "/pools/{poolid}", "null", allocatesPool, members},
	}
}

const (
	checksums     = "checksum?:string checksum-algorithm?=md5|sha1|sha224|sha256|sha384|sha512"
	allocatesPool = `["perm","/pool/{poolid}",["Pool.Allocate"]]`
	configures    = `["perm","/vms/{vmid}",["VM.Config.Disk","VM.Config.CDROM","VM.Config.CPU","VM.Config.Memory","VM.Config.Network","VM.Config.HWType","VM.Config.Options","VM.Config.Cloudinit"],"any",1]`
)

func onMachine(privilege string) string { return `["perm","/vms/{vmid}",["` + privilege + `"]]` }

// options are those of a machine.
func options() string {
	return `acpi?:boolean affinity?:pve-cpuset agent?:agent balloon?:natural bios?=seabios|ovmf boot?:pve-qm-boot cores?:positive
		cpu?:pve-vm-cpu-conf description?:text8192 efidisk0?:efidisk hostpci[n]?:pve-qm-hostpci ide[n]?:drive ipconfig[n]?:pve-qm-ipconfig
		machine?:machine memory?:memory name?:dns-name nameserver?:address-list net[n]?:net numa?:boolean numa[n]?:numa onboot?:boolean
		ostype?=other|win10|win11|l24|l26|solaris sata[n]?:drive scsi[n]?:scsi scsihw?=lsi|virtio-scsi-pci|virtio-scsi-single
		searchdomain?:string serial[n]?:serial smbios1?:smbios sockets?:positive tablet?:boolean tags?:pve-tag-list template?:boolean
		tpmstate0?:tpm vcpus?:positive vga?:vga virtio[n]?:virtio`
}

// propertyStrings are the kinds of those.
func propertyStrings() map[string]string {
	const drive = "file*:string volume~file format?=raw|qcow|qed|qcow2|vmdk|cloop import-from?:string size?:disk-size media?=cdrom|disk " +
		"cache?=none|writethrough|writeback|unsafe|directsync discard?=ignore|on backup?:boolean replicate?:boolean"
	return map[string]string{
		"agent":   "enabled*:boolean type?=virtio|isa freeze-fs?:boolean freeze-fs-on-backup~freeze-fs fstrim_cloned_disks?:boolean",
		"drive":   drive + " ssd?:boolean",
		"scsi":    drive + " ssd?:boolean iothread?:boolean",
		"virtio":  drive + " iothread?:boolean",
		"efidisk": "file*:string volume~file format?=raw|qcow2|vmdk import-from?:string size?:disk-size efitype?=2m|4m pre-enrolled-keys?:boolean",
		"tpm":     "file*:string volume~file format?=raw|qcow2|vmdk import-from?:string size?:disk-size version?=v1.2|v2.0",
		"machine": "type*?=pc|q35 viommu?=intel|virtio",
		"memory":  "current*:megabytes",
		"net": "model*=virtio|e1000|e1000e|rtl8139|vmxnet3 macaddr?:mac-addr bridge?:pve-bridge-id mtu?:mtu tag?:vlan queues?:queues firewall?:boolean link_down?:boolean " +
			"virtio~macaddr~model e1000~macaddr~model e1000e~macaddr~model rtl8139~macaddr~model vmxnet3~macaddr~model",
		"numa": "cpus:cpus hostnodes?:cpus memory?:number policy?=preferred|bind|interleave",
		"vga":  "type*?=none|serial0|std|vmware|virtio|qxl memory?:display",
	}
}
