// SPDX-License-Identifier: Apache-2.0

package template

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"karpenter.sh/core/cloudprovider/kit/nodeclass/statichash"
	"karpenter.sh/providers/proxmox/apis/v1alpha1"
	"karpenter.sh/providers/proxmox/machineconfig"
	"karpenter.sh/providers/proxmox/pve"
)

// Options are those that a machine is made with (PVE-025).
func (r Recipe) Options() pve.Options {
	out := pve.Options{
		"name": r.Name, "acpi": "1", "sockets": "1", "cores": "1", "numa": "1", "memory": "1024", "balloon": "0", "ostype": "l26",
		"scsihw": "virtio-scsi-single", "boot": "order=scsi0", "tablet": "0", "bios": cmp.Or(r.Spec.BIOS, "seabios"),
		"scsi0": fmt.Sprintf("file=%s:0,format=raw,import-from=%s:import/%s,iothread=on", r.DiskStorage, r.ImageStorage, r.Spec.SourceImage.ImageID()),
	}
	if out["bios"] == "ovmf" {
		out["efidisk0"] = fmt.Sprintf("file=%s:0,efitype=4m", r.DiskStorage)
	}
	if r.Spec.TPM != nil {
		out["tpmstate0"] = fmt.Sprintf("file=%s:4,version=%s", r.DiskStorage, cmp.Or(r.Spec.TPM.Version, "v2.0"))
	}
	maps.Copy(out, r.changeable())
	return out
}

// changeable are the options that are also written to machines that there are (PVE-028).
func (r Recipe) changeable() pve.Options {
	s := r.Spec
	out := pve.Options{
		"description": machineconfig.TemplateDescription(cmp.Or(s.Description, defaultDescription), r.Hash, r.Cluster),
		"machine":     cmp.Or(s.Machine, "q35"), "cpu": cpu(s.CPU), "tags": machineconfig.JoinTags(s.Tags),
	}
	if s.Agent != nil {
		out["agent"] = agent(*s.Agent)
	}
	if s.VGA != nil {
		out["vga"] = vga(*s.VGA)
		if s.VGA.Type == "serial0" {
			out["serial0"] = "socket"
		}
	}
	if s.OnBoot != nil {
		out["onboot"] = number(*s.OnBoot)
	}
	var servers []string
	for i, n := range s.Network {
		name := deviceOf(i, n)
		out[name], out["ipconfig"+strings.TrimPrefix(name, "net")] = device(n), ipconfig(n)
		servers = append(servers, n.DNSServers...)
	}
	out["nameserver"] = strings.Join(servers, " ")
	for i, d := range s.PCIDevices {
		out[fmt.Sprintf("hostpci%d", i)] = pci(d)
	}
	maps.DeleteFunc(out, func(_, value string) bool { return value == "" })
	return out
}

// InPlaceHash is the hash of what is written to machines that there are, so that it is
// written once. What they are made from does not count.
func (r Recipe) InPlaceHash() (string, error) {
	wanted := r.changeable()
	wanted["description"] = cmp.Or(r.Spec.Description, defaultDescription)
	sum, err := statichash.Of(wanted)
	if err != nil {
		return "", err
	}
	return statichash.Decimal(sum), nil
}

// withdrawn are the options that are taken away where they are no longer wanted.
var withdrawn = regexp.MustCompile(`^(?:agent|cpu|vga|tags|onboot|nameserver|hostpci[0-5]|net[0-5]|ipconfig[0-5])$`)

// Update is what a machine that is there is brought to.
func (r Recipe) Update(current pve.Options) pve.Change {
	out := pve.Change{Set: r.changeable()}
	for _, name := range slices.Sorted(maps.Keys(current)) {
		if _, wanted := out.Set[name]; !wanted && withdrawn.MatchString(name) {
			out.Delete = append(out.Delete, name)
		}
	}
	return out
}

func number(value bool) string {
	if value {
		return "1"
	}
	return "0"
}

// list joins a property string; properties without value are left out.
func list(properties ...string) string {
	return strings.Join(slices.DeleteFunc(properties, func(p string) bool { return p == "" || strings.HasSuffix(p, "=") }), ",")
}

// optional is a boolean property; nothing if it is unset.
func optional(name string, value *bool) string {
	if value == nil {
		return ""
	}
	return name + "=" + number(*value)
}

// figure is a number as a property; nothing if it is unset.
func figure(name string, value *int32) string {
	if value == nil {
		return ""
	}
	return fmt.Sprintf("%s=%d", name, *value)
}

func agent(a v1alpha1.Agent) string {
	return list("enabled="+number(a.Enabled), "type="+cmp.Or(a.Type, "virtio"),
		optional("freeze-fs-on-backup", a.FsFreezeOnBackup), optional("fstrim_cloned_disks", a.FsTrimClonedDisks))
}

func cpu(c *v1alpha1.CPU) string {
	if c == nil {
		c = &v1alpha1.CPU{}
	}
	return list("cputype="+cmp.Or(c.Type, "x86-64-v2-AES"), "flags="+strings.Join(c.Flags, ";"))
}

func vga(v v1alpha1.VGA) string {
	return list("type="+cmp.Or(v.Type, "std"), figure("memory", v.Memory))
}

func device(n v1alpha1.Network) string {
	return list("model="+cmp.Or(n.Model, "virtio"), "bridge="+n.Bridge, figure("mtu", n.MTU), figure("tag", n.VLAN), optional("firewall", n.Firewall))
}

func ipconfig(n v1alpha1.Network) string {
	return cmp.Or(list("gw="+n.Gateway4, "gw6="+n.Gateway6, "ip="+n.Address4, "ip6="+n.Address6), "ip=dhcp,ip6=auto")
}

func pci(d v1alpha1.PCIDevice) string {
	return list("mapping="+d.Mapping, "mdev="+d.MDev, optional("pcie", d.PCIe), optional("x-vga", d.XVGA))
}
