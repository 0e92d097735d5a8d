// SPDX-License-Identifier: Apache-2.0

package proxmox

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

var drives = regexp.MustCompile(`^(ide|sata|scsi|virtio|efidisk|tpmstate)\d+$`)

// isDrive reports whether an option is a disk or a medium.
func isDrive(option string) bool { return drives.MatchString(option) }

// file is the volume of a drive, or "none".
func (ps properties) file() string { return ps.get("", "file", "volume") }

// isMedium reports whether a drive is a CD-ROM or for cloud-init.
func (ps properties) isMedium() bool {
	return ps.get("media") == "cdrom" || strings.HasSuffix(ps.file(), ":cloudinit")
}

// cloudInitBytes is the size of the medium that Proxmox itself writes.
const cloudInitBytes = 4 << 20

// stateBytes is the size of EFI variables and of the state of a TPM.
const stateBytes = 4 << 20

// adopt makes the volume of a drive of the setup, with the size that it names.
func (r *region) adopt(m *machine, value string) error {
	ps := parseProperties(value)
	id := ps.file()
	name, _, ok := strings.Cut(id, ":")
	if id == "none" || !ok || r.find(id, m.host) != nil {
		return nil
	}
	s := r.storages[name]
	if s == nil || !s.on(m.host) {
		return fmt.Errorf("host %s has no storage %q", m.host, name)
	}
	bytes := int64(cloudInitBytes)
	if size := ps.get("size"); size != "" {
		var err error
		if bytes, err = parseSize(size); err != nil {
			return err
		}
	}
	v := volume{id: id, storage: s, content: "images", bytes: bytes, machine: m.id, created: r.cloud.clock.Now()}
	if strings.Contains(id, ":iso/") {
		v.content, v.machine = "iso", 0
	}
	_, err := r.add(v, m.host)
	return err
}

// checkDrive refuses a drive that cannot be, before anything is begun.
func (r *request) checkDrive(m *machine, value string) *failure {
	ps := parseProperties(value)
	id := ps.file()
	name, rest, ok := strings.Cut(id, ":")
	if id == "none" {
		return nil
	}
	if !ok {
		return refuse("unable to parse volume ID '%s'", id)
	}
	s, failed := r.available(name, m.host)
	if failed != nil {
		return failed
	}
	if strings.HasPrefix(rest, "iso/") {
		if r.find(id, m.host) == nil {
			return refuse("volume '%s' does not exist", id)
		}
		return r.needAny(s.path(), "Datastore.Audit", "Datastore.AllocateSpace")
	}
	if existing := r.find(id, m.host); existing != nil {
		if existing.machine != m.id {
			return refuse("volume '%s' is owned by VM %d", id, existing.machine)
		}
		return nil
	}
	if !s.holds("images") {
		return refuse("storage '%s' does not support content-type 'images'", name)
	}
	if _, err := strconv.ParseFloat(rest, 64); err != nil && rest != "cloudinit" {
		return refuse("volume '%s' does not exist", id)
	}
	if failed := r.need(s.path(), "Datastore.AllocateSpace"); failed != nil {
		return failed
	}
	return r.checkImport(m, ps.get("import-from"))
}

func (r *request) checkImport(m *machine, from string) *failure {
	if from == "" {
		return nil
	}
	v := r.find(from, m.host)
	if v == nil {
		return refuse("volume '%s' does not exist", from)
	}
	return r.needAny(v.storage.path(), "Datastore.Audit", "Datastore.AllocateSpace")
}

// attach makes the volume of a drive, if it asks for one, and returns the drive as it is
// written down.
func (r *region) attach(m *machine, name, value string, now time.Time) (string, error) {
	ps := parseProperties(value)
	id := ps.file()
	on, rest, ok := strings.Cut(id, ":")
	if !ok || r.find(id, m.host) != nil {
		return value, nil
	}
	s, failed := r.available(on, m.host)
	if failed != nil {
		return "", failed
	}
	if rest == "cloudinit" {
		v, err := r.add(volume{
			id: fmt.Sprintf("%s:vm-%d-cloudinit", on, m.id), storage: s, content: "images", bytes: cloudInitBytes, machine: m.id, created: now,
		}, m.host)
		if err != nil {
			return "", err
		}
		return v.id + ",media=cdrom", nil
	}
	size, _ := strconv.ParseFloat(rest, 64) // it was checked
	bytes := int64(size * float64(gib))
	if from := ps.get("import-from"); from != "" {
		source := r.find(from, m.host)
		if source == nil {
			return "", fmt.Errorf("volume '%s' does not exist", from)
		}
		bytes = source.bytes
	}
	if strings.HasPrefix(name, "efidisk") || strings.HasPrefix(name, "tpmstate") {
		bytes = stateBytes // whatever is asked for
	}
	v, err := r.newDisk(s, m, max(bytes, stateBytes), now)
	if err != nil {
		return "", err
	}
	kept := ps.without("", "file", "volume", "import-from", "format", "size")
	return append(append(properties{{"", v.id}}, kept...), property{"size", formatSize(v.bytes)}).String(), nil
}

// detach takes the volume of a drive away, if the machine owns it.
func (r *region) detach(m *machine, value string) {
	if v := r.find(parseProperties(value).file(), m.host); v != nil && v.machine == m.id {
		r.remove(v)
	}
}
