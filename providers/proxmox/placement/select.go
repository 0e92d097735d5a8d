// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"slices"

	"karpenter.sh/providers/proxmox/pve"
)

// Rule is what a NodeClass says of where its machines go.
type Rule struct {
	// Region is the only one; empty: any.
	Region string
	// Storage is that of the boot disk; empty: the template's.
	Storage string
}

// Select are the entries of a template that a NodeClass can use: of its region, and on
// hosts where its storage is available and holds disks (PVE-018). storages are those of
// each region.
func Select(of []Entry, rule Rule, storages map[string][]pve.Storage) []Entry {
	var out []Entry
	for _, e := range of {
		if rule.Region != "" && rule.Region != e.Region {
			continue
		}
		usable := func(s pve.Storage) bool {
			return s.Host == e.Host && s.Name == rule.Storage && s.Available() && s.Holds("images")
		}
		if rule.Storage == "" || slices.ContainsFunc(storages[e.Region], usable) {
			out = append(out, e)
		}
	}
	return sorted(out)
}
