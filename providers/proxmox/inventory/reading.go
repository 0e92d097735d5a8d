// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"cmp"
	"slices"

	"karpenter.sh/providers/proxmox/placement"
	"karpenter.sh/providers/proxmox/pve"
)

// Reading is what was read of a region last. It is shared and must not be changed.
type Reading struct {
	// Answers means that the last attempt to read the region succeeded.
	Answers bool
	// Hosts are the members of the cluster, by name.
	Hosts []pve.Host
	// Storages are those of all hosts.
	Storages []pve.Storage
	// Templates are all machines that can be cloned, by ID.
	Templates []placement.Template
}

// Host is a member of the cluster; false: there is none of the name.
func (r Reading) Host(name string) (pve.Host, bool) {
	at := slices.IndexFunc(r.Hosts, func(h pve.Host) bool { return h.Name == name })
	if at < 0 {
		return pve.Host{}, false
	}
	return r.Hosts[at], true
}

// Usable reports whether machines can be launched on a host now (PVE-013, PVE-046).
func (r Reading) Usable(host string) bool {
	h, known := r.Host(host)
	return known && r.Answers && h.Usable()
}

// Template is the one with an ID; false: there is none.
func (r Reading) Template(id int) (placement.Template, bool) {
	at := slices.IndexFunc(r.Templates, func(t placement.Template) bool { return t.ID == id })
	if at < 0 {
		return placement.Template{}, false
	}
	return r.Templates[at], true
}

// sells reports whether two readings are the same to those who launch: loads, storages and
// templates do not count.
func (r Reading) sells(other Reading) bool {
	return r.Answers == other.Answers && slices.EqualFunc(r.Hosts, other.Hosts, func(a, b pve.Host) bool {
		return a.Name == b.Name && a.Usable() == b.Usable()
	})
}

// byName sorts hosts, as readings have them.
func byName(hosts []pve.Host) []pve.Host {
	slices.SortFunc(hosts, func(a, b pve.Host) int { return cmp.Compare(a.Name, b.Name) })
	return hosts
}
