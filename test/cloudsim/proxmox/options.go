// SPDX-License-Identifier: Apache-2.0

package proxmox

import (
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"karpenter.sh/test/cloudsim/proxmox/schema"
)

// options is the description of those of machines.
func (r *request) options() *schema.Operation {
	o, _, err := r.cloud.api.Route(http.MethodPost, "/nodes/a/qemu/100/config")
	if err != nil {
		return r.operation // a description without machines
	}
	return o
}

// noOption are parameters of calls about options that are none themselves.
func noOption(name string) bool {
	return slices.Contains([]string{
		"node", "vmid", "delete", "digest", "pool", "storage", "start", "background_delay", "force", "skiplock", "revert", "unique", "bwlimit",
		"import-working-storage", "live-restore", "ha-managed", "archive",
	}, name)
}

// change is what a call makes of options.
type change struct {
	set    map[string]string
	delete []string
}

func (r *request) change() change {
	c := change{set: map[string]string{}}
	for name, value := range r.in {
		if !noOption(name) {
			c.set[name] = value
		}
	}
	c.delete = strings.FieldsFunc(r.in["delete"], func(letter rune) bool { return strings.ContainsRune(",; ", letter) })
	return c
}

var numberedOption = regexp.MustCompile(`^([a-z]+)\d+$`)

// privilege is what it takes to change an option, beside those on storages, bridges and
// mappings; empty: only root may.
func privilege(option, value string) string {
	base := option
	if m := numberedOption.FindStringSubmatch(option); m != nil {
		base = m[1]
	}
	switch base {
	case "ide", "sata", "scsi", "virtio":
		if parseProperties(value).isMedium() || parseProperties(value).file() == "none" {
			return "VM.Config.CDROM"
		}
		return "VM.Config.Disk"
	case "efidisk", "tpmstate", "boot", "bootdisk", "unused":
		return "VM.Config.Disk"
	case "cores", "sockets", "cpu", "cpulimit", "cpuunits", "numa", "vcpus":
		return "VM.Config.CPU"
	case "memory", "balloon", "shares":
		return "VM.Config.Memory"
	case "acpi", "bios", "hotplug", "kvm", "machine", "scsihw", "smbios", "tablet", "vga", "watchdog", "audio", "hostpci", "usb":
		return "VM.Config.HWType"
	case "serial":
		if value == "socket" || value == "" {
			return "VM.Config.HWType"
		}
		return ""
	case "net":
		return "VM.Config.Network"
	case "ipconfig", "nameserver", "searchdomain", "ciuser", "cipassword", "sshkeys", "citype", "cicustom", "ciupgrade":
		return "VM.Config.Cloudinit"
	case "affinity", "args", "lock", "hookscript", "hugepages", "template":
		return ""
	}
	return "VM.Config.Options"
}

// mayChange checks a change before anything is begun: who may, and whether it can be.
func (r *request) mayChange(m *machine, c change, path string) *failure {
	for _, name := range slices.Sorted(maps.Keys(c.set)) {
		if failed := r.maySet(m, name, c.set[name], path); failed != nil {
			return failed
		}
	}
	for _, name := range c.delete {
		if failed := r.holds(name, m.options[name], path); failed != nil {
			return failed
		}
		if _, both := c.set[name]; both {
			return invalid(name, "duplicate parameter: '%s' is also to be deleted", name)
		}
	}
	return nil
}

// holds checks the privilege for an option.
func (r *request) holds(name, value, path string) *failure {
	needed := privilege(name, value)
	if needed == "" {
		if r.caller.isRoot() {
			return nil
		}
		return &failure{status: http.StatusForbidden, message: "only root can set '" + name + "' config"}
	}
	return r.need(path, needed)
}

func (r *request) maySet(m *machine, name, value, path string) *failure {
	if failed := r.holds(name, value, path); failed != nil {
		return failed
	}
	ps := parseProperties(value)
	switch {
	case isDrive(name):
		return r.checkDrive(m, value)
	case strings.HasPrefix(name, "net"):
		if bridge := ps.get("bridge"); bridge != "" {
			return r.need(r.bridgePath(bridge, ps.get("tag")), "SDN.Use")
		}
	case strings.HasPrefix(name, "hostpci"):
		if mapping := ps.get("mapping"); mapping != "" {
			return r.mayMap(mapping)
		}
		return r.holds("args", "", path) // raw devices are root's
	}
	return nil
}

// apply carries a change out. Volumes that it made stay if it fails, as the disks of the
// machine that is being made, or unused.
func (r *region) apply(m *machine, c change, now time.Time) error {
	for _, name := range c.delete {
		if isDrive(name) {
			r.detach(m, m.options[name])
		}
		delete(m.options, name)
	}
	for _, name := range slices.Sorted(maps.Keys(c.set)) {
		value := c.set[name]
		switch {
		case isDrive(name):
			attached, err := r.attach(m, name, value, now)
			if err != nil {
				return err
			}
			if old := m.options[name]; parseProperties(old).file() != parseProperties(attached).file() {
				r.detach(m, old)
			}
			value = attached
		case strings.HasPrefix(name, "net") && numberedOption.MatchString(name):
			value = r.withAddress(value)
		case name == "tags":
			value = joinTags(value)
		case name == "smbios1" && !strings.Contains(value, "uuid="):
			value = "uuid=" + r.cloud.ids.UUID() + "," + value
		}
		m.options[name] = value
	}
	return nil
}

// withAddress gives a network device an address, if it has none: "virtio,bridge=b"
// becomes "virtio=BC:24:11:...,bridge=b".
func (r *region) withAddress(device string) string {
	ps := parseProperties(device)
	model, address := ps.get("", "model"), ps.get("macaddr")
	if model == "" {
		return device // the model is the name of its address
	}
	if address == "" {
		address = r.newAddress()
	}
	return append(properties{{model, address}}, ps.without("", "model", "macaddr")...).String()
}

// newAddress is a MAC address of the range that Proxmox makes them of.
func (r *region) newAddress() string {
	digits := strings.ToUpper(r.cloud.ids.Hex("", 6))
	return "BC:24:11:" + digits[:2] + ":" + digits[2:4] + ":" + digits[4:]
}

// joinTags writes tags without repetitions.
func joinTags(text string) string {
	var out []string
	for _, tag := range strings.FieldsFunc(text, func(letter rune) bool { return strings.ContainsRune(",; ", letter) }) {
		if tag = strings.ToLower(tag); !slices.Contains(out, tag) {
			out = append(out, tag)
		}
	}
	return strings.Join(out, ";")
}

// modified refuses a call whose digest is that of another configuration.
func modified() *failure {
	return refuse("detected modified configuration - file changed by other user? Try again.")
}

// prepare checks a call that changes options.
func (r *request) prepare() (*machine, change, *failure) {
	m, failed := r.unlocked()
	if failed != nil {
		return nil, change{}, failed
	}
	if digest := r.in["digest"]; digest != "" && digest != m.digest() {
		return nil, change{}, modified()
	}
	c := r.change()
	return m, c, r.mayChange(m, c, m.path())
}

func changeOptionsLater(r *request) (any, *failure) {
	m, c, failed := r.prepare()
	if failed != nil {
		return nil, failed
	}
	region := r.region
	return r.begin(work{kind: "qmconfig", id: strconv.Itoa(m.id), locks: m, finish: func(now time.Time) error {
		return region.apply(m, c, now)
	}}), nil
}

func changeOptionsNow(r *request) (any, *failure) {
	m, c, failed := r.prepare()
	if failed != nil {
		return nil, failed
	}
	if m.busy.After(r.now) {
		return nil, refuse("can't lock file '/var/lock/qemu-server/lock-%d.conf' - got timeout", m.id)
	}
	if err := r.apply(m, c, r.now); err != nil {
		return nil, refuse("%v", err)
	}
	return nil, nil
}
