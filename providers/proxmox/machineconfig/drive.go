// SPDX-License-Identifier: Apache-2.0

package machineconfig

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"karpenter.sh/providers/proxmox/pve"
)

// Drive is a disk or a medium of a machine.
type Drive struct {
	// Name is such as scsi0.
	Name string
	// Storage is that of its volume; empty: it has none.
	Storage string
	// Bytes is its size; 0: not told.
	Bytes int64
	// Medium means that it is a CD-ROM, or for Proxmox's own cloud-init.
	Medium bool
	// CloudInit means that it is for Proxmox's own cloud-init.
	CloudInit bool
}

// drives are the names of those that hold data or media. EFI variables and the state of a
// TPM are none.
var drives = regexp.MustCompile(`^(ide|sata|scsi|virtio)\d+$`)

// Drives are the disks and media of a machine, by name.
func Drives(of pve.Options) []Drive {
	var out []Drive
	for _, name := range slices.Sorted(maps.Keys(of)) {
		if drives.MatchString(name) {
			out = append(out, drive(name, of[name]))
		}
	}
	return out
}

func drive(name, value string) Drive {
	ps := parseProperties(value)
	file := ps.get("", "file", "volume")
	d := Drive{Name: name, Medium: ps.get("media") == "cdrom"}
	d.Storage, _, _ = strings.Cut(file, ":")
	if !strings.Contains(file, ":") {
		d.Storage = ""
	}
	d.CloudInit = strings.Contains(file, "cloudinit")
	d.Medium = d.Medium || d.CloudInit
	d.Bytes, _ = parseSize(ps.get("size")) // what is not understood is not told
	return d
}

// parseSize reads a size such as 3G or 528K, in bytes.
func parseSize(text string) (int64, error) {
	digits := strings.TrimRight(text, "KMGT")
	n, err := strconv.ParseFloat(digits, 64)
	if err != nil {
		return 0, fmt.Errorf("size %q: %w", text, err)
	}
	shift, known := map[string]int{"": 0, "K": 10, "M": 20, "G": 30, "T": 40}[text[len(digits):]]
	if !known {
		return 0, fmt.Errorf("size %q has no unit", text)
	}
	return int64(n * float64(int64(1)<<shift)), nil
}

// BootDisk is the disk that a machine boots from: the first of its boot order, else the
// first of virtio0, scsi0, sata0, ide0 that there is. false: it has none.
func BootDisk(of pve.Options) (Drive, bool) {
	order := parseProperties(of["boot"]).get("order")
	for _, name := range append(strings.Split(order, ";"), "virtio0", "scsi0", "sata0", "ide0") {
		if value, there := of[name]; there && drives.MatchString(name) {
			if d := drive(name, value); !d.Medium && d.Storage != "" {
				return d, true
			}
		}
	}
	return Drive{}, false
}

// BootOrder is the boot order with a drive at its end.
func BootOrder(of pve.Options, name string) string {
	var order []string
	if current := parseProperties(of["boot"]).get("order"); current != "" {
		order = strings.Split(current, ";")
	} else if disk, ok := BootDisk(of); ok {
		order = []string{disk.Name}
	}
	if !slices.Contains(order, name) {
		order = append(order, name)
	}
	return "order=" + strings.Join(order, ";")
}

// TemplateStorage is the storage that all data disks of a template are on; the error says
// why the template cannot be used (PVE-032).
func TemplateStorage(of pve.Options) (string, error) {
	found := ""
	for _, d := range Drives(of) {
		switch {
		case d.Medium || d.Storage == "":
			continue
		case found != "" && found != d.Storage:
			return "", fmt.Errorf("its disks are on %s and on %s, not on one storage", found, d.Storage)
		}
		found = d.Storage
	}
	if found == "" {
		return "", fmt.Errorf("it has no disk")
	}
	return found, nil
}

// CloudInitDrive reports whether a machine has a medium of Proxmox's own cloud-init, on
// whatever bus (PVE-086).
func CloudInitDrive(of pve.Options) bool {
	return slices.ContainsFunc(Drives(of), func(d Drive) bool { return d.CloudInit })
}
