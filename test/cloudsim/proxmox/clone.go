// SPDX-License-Identifier: Apache-2.0

package proxmox

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// cloneMachine copies a machine, with its disks.
func cloneMachine(r *request) (any, *failure) {
	source, failed := r.unlocked()
	if failed != nil {
		return nil, failed
	}
	target := r.in["target"]
	if target == "" {
		target = source.host
	}
	if h := r.hosts[target]; h == nil || h.offline {
		return nil, refuse("no such cluster node '%s'", target)
	}
	full := truth(r.in["full"]) || !source.template
	if r.in["storage"] != "" && !full {
		return nil, invalid("storage", "parameter 'storage' not allowed for linked clones")
	}
	m, failed := r.reserve("newid", target)
	if failed != nil {
		return nil, failed
	}
	if failed := r.mayCopy(source, target, full); failed != nil {
		return nil, failed
	}
	r.copyOptions(source, m)
	written := m.options
	m.options = map[string]string{} // until the disks are copied its configuration holds the lock only
	r.insert(m, "clone")
	copied, region, storage := maps.Clone(source.options), r.region, r.in["storage"]
	return r.begin(work{
		kind: "qmclone", id: strconv.Itoa(source.id), locks: m,
		finish: func(now time.Time) error {
			m.options = written
			if err := region.copyDrives(copied, m, copying{storage: storage, from: source.host, full: full}, now); err != nil {
				return fmt.Errorf("clone failed: %w", err)
			}
			m.lock = ""
			return nil
		},
		undo: func(now time.Time) { region.drop(m, now) },
	}), nil
}

// mayCopy checks disks and networks of a machine that is to be cloned.
func (r *request) mayCopy(source *machine, target string, full bool) *failure {
	for _, name := range slices.Sorted(maps.Keys(source.options)) {
		ps := parseProperties(source.options[name])
		if bridge := ps.get("bridge"); strings.HasPrefix(name, "net") && bridge != "" {
			if failed := r.need(r.bridgePath(bridge, ps.get("tag")), "SDN.Use"); failed != nil {
				return failed
			}
		}
		if mapping := ps.get("mapping"); strings.HasPrefix(name, "hostpci") && mapping != "" {
			if failed := r.mayMap(mapping); failed != nil {
				return failed
			}
		}
		if !isDrive(name) || ps.isMedium() || ps.file() == "none" {
			continue
		}
		from, _, _ := strings.Cut(ps.file(), ":")
		if s := r.storages[from]; s != nil && !s.Shared && target != source.host {
			return refuse("can't clone VM to node '%s' (VM uses local storage)", target)
		}
		to := from
		if r.in["storage"] != "" {
			to = r.in["storage"]
		}
		s, failed := r.available(to, target)
		if failed != nil {
			return failed
		}
		if full && !s.holds("images") {
			return refuse("storage '%s' does not support content-type 'images'", to)
		}
		if failed := r.need(s.path(), "Datastore.AllocateSpace"); failed != nil {
			return failed
		}
	}
	return nil
}

// copyOptions gives a clone the options of its source: all but what tells two machines
// apart. Its firewall is the source's.
func (r *request) copyOptions(source, m *machine) {
	for _, name := range slices.Sorted(maps.Keys(source.options)) { // in order: identifiers are drawn
		value := source.options[name]
		switch {
		case name == "vmgenid", name == "meta", isDrive(name):
			continue
		case strings.HasPrefix(name, "net"):
			ps := parseProperties(value)
			if len(ps) > 0 && ps[0].name != "" {
				ps[0].value = r.newAddress()
			}
			value = ps.String()
		case name == "smbios1":
			value = parseProperties(value).set("uuid", r.cloud.ids.UUID()).String()
		}
		m.options[name] = value
	}
	delete(m.options, "name")
	m.options["name"] = "Copy-of-" + source.name()
	for _, given := range []string{"name", "description"} {
		if value := r.in[given]; value != "" {
			m.options[given] = value
		}
	}
	m.firewall, m.kubelet = source.firewall.clone(), source.kubelet
}

// copying is how disks are copied.
type copying struct {
	// storage takes them; empty: that of each. from is the host of the source.
	storage, from string
	full          bool
}

func (r *region) copyDrives(options map[string]string, m *machine, how copying, now time.Time) error {
	for _, name := range slices.Sorted(maps.Keys(options)) {
		if !isDrive(name) {
			continue
		}
		ps := parseProperties(options[name])
		source := r.find(ps.file(), how.from)
		switch {
		case strings.HasSuffix(ps.file(), "-cloudinit"):
			on, _, _ := strings.Cut(ps.file(), ":")
			attached, err := r.attach(m, name, on+":cloudinit", now)
			if err != nil {
				return err
			}
			m.options[name] = attached
			continue
		case ps.isMedium() || ps.file() == "none":
			m.options[name] = options[name]
			continue
		case source == nil:
			return fmt.Errorf("volume '%s' does not exist", ps.file())
		}
		s, bytes := source.storage, source.bytes
		if how.storage != "" {
			s = r.storages[how.storage]
		}
		if !how.full {
			bytes = 0 // it holds what differs
		}
		v, err := r.newDisk(s, m, bytes, now)
		if err != nil {
			return err
		}
		v.bytes = source.bytes
		kept := ps.without("", "file", "volume", "size")
		m.options[name] = append(append(properties{{"", v.id}}, kept...), property{"size", formatSize(v.bytes)}).String()
	}
	return nil
}

// rename calls the disks of a machine as those of templates are called.
func (r *region) rename(m *machine) {
	for name, value := range m.options {
		ps := parseProperties(value)
		v := r.find(ps.file(), m.host)
		if !isDrive(name) || v == nil || v.machine != m.id {
			continue
		}
		r.remove(v)
		old := v.id
		v.id = strings.Replace(old, "vm-"+strconv.Itoa(m.id)+"-disk-", "base-"+strconv.Itoa(m.id)+"-disk-", 1)
		r.volumes[where{v.place, v.id}] = v
		m.options[name] = strings.Replace(value, old, v.id, 1)
	}
}
