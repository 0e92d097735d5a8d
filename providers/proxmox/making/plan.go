// SPDX-License-Identifier: Apache-2.0

package making

import (
	"slices"

	"karpenter.sh/providers/proxmox/pve"
	"karpenter.sh/providers/proxmox/template"
)

// Layout says where in a region a template is.
type Layout struct {
	// Image is the storage of the image, Disk that of the disks.
	Image, Disk string
	// ImageShared and DiskShared mean that all hosts see the same volumes.
	ImageShared, DiskShared bool
	// Hosts are those that can have it now, in order.
	Hosts []string
}

// Lay finds the storages of a template: the first of its list that holds images, and the
// first that holds disks; and the hosts that have both and can be used (PVE-024). Without
// either storage there are no hosts.
func Lay(hosts []pve.Host, storages []pve.Storage, ids []string) Layout {
	var l Layout
	l.Image, l.ImageShared = first(storages, ids, "import")
	l.Disk, l.DiskShared = first(storages, ids, "images")
	if l.Image == "" || l.Disk == "" {
		return Layout{}
	}
	has := func(host, storage string) bool {
		return slices.ContainsFunc(storages, func(s pve.Storage) bool { return s.Host == host && s.Name == storage && s.Available() })
	}
	for _, h := range hosts {
		if h.Usable() && has(h.Name, l.Image) && has(h.Name, l.Disk) {
			l.Hosts = append(l.Hosts, h.Name)
		}
	}
	slices.Sort(l.Hosts)
	return l
}

func first(storages []pve.Storage, ids []string, content string) (name string, shared bool) {
	for _, id := range ids {
		at := slices.IndexFunc(storages, func(s pve.Storage) bool { return s.Name == id && s.Holds(content) })
		if at >= 0 {
			return id, storages[at].Shared == 1
		}
	}
	return "", false
}

// Plan is what is to be done in a region.
type Plan struct {
	// Make are the hosts on which a machine is to be made.
	Make []string
	// Remove are machines that are outdated, or one too many. There are none while
	// something is to be made.
	Remove []pve.Place
	// Conflict is the ID of a machine of the name that is somebody else's, where one is to
	// be made; 0: there is none.
	Conflict int
}

// Plan says what is to be done, with what is found in order of IDs: each host has a current
// machine of its own, or all have one if the disks are on shared storage. Nothing is made
// beside a machine of the name that is somebody else's (PVE-027).
func (l Layout) Plan(found []Found) Plan {
	var p Plan
	for _, hosts := range l.groups() {
		kept := false
		for _, f := range found {
			if f.Verdict != template.Current || !slices.Contains(hosts, f.Host) {
				continue
			}
			if kept { // made while the host of the other one could not be reached
				p.Remove = append(p.Remove, f.place())
			}
			kept = true
		}
		if !kept {
			p.Make = append(p.Make, hosts[0])
		}
	}
	at := slices.IndexFunc(found, func(f Found) bool { return f.Verdict == template.Foreign })
	switch {
	case len(p.Make) > 0 && at >= 0:
		return Plan{Conflict: found[at].ID}
	case len(p.Make) > 0:
		return Plan{Make: p.Make}
	case len(l.Hosts) == 0:
		return Plan{}
	}
	for _, f := range found {
		if f.Verdict == template.Outdated {
			p.Remove = append(p.Remove, f.place())
		}
	}
	return p
}

// groups are the hosts that share a machine.
func (l Layout) groups() [][]string {
	if l.DiskShared && len(l.Hosts) > 0 {
		return [][]string{l.Hosts}
	}
	var out [][]string
	for _, host := range l.Hosts {
		out = append(out, []string{host})
	}
	return out
}
