// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"fmt"
	"slices"

	"karpenter.sh/providers/proxmox/machineconfig"
	"karpenter.sh/providers/proxmox/network"
	"karpenter.sh/providers/proxmox/pve"
)

// Template is a template of a region.
type Template struct {
	pve.Machine
	// Options are those of its configuration.
	Options pve.Options
}

// Wanted says which templates are meant: those with the name, unless it is empty, and with
// all tags.
type Wanted struct {
	Name string
	Tags []string
}

// Matches reports whether a machine is a template that is meant (PVE-031).
func (w Wanted) Matches(m pve.Machine) bool {
	if !m.IsTemplate() || m.Type != "qemu" || w.Name != "" && w.Name != m.Name {
		return false
	}
	tags := m.Tags()
	for _, tag := range w.Tags {
		if !slices.Contains(tags, tag) {
			return false
		}
	}
	return w.Name != "" || len(w.Tags) > 0
}

// Find says which host clones which of the templates of a region: each host the usable one
// with the lowest ID. One on shared storage is for all hosts that reach it. Problems say
// why the others cannot be used.
func Find(region string, templates []Template, storages []pve.Storage) (entries []Entry, problems []error) {
	best := map[string]int{}
	for _, t := range slices.SortedFunc(slices.Values(templates), func(a, b Template) int { return a.ID - b.ID }) {
		hosts, err := t.hosts(storages)
		if err != nil {
			problems = append(problems, fmt.Errorf("template %d (%s) of region %s: %w", t.ID, t.Name, region, err))
			continue
		}
		for _, host := range hosts {
			if _, better := best[host]; !better {
				best[host] = t.ID
			}
		}
	}
	for host, id := range best {
		entries = append(entries, Entry{region, host, id})
	}
	return sorted(entries), problems
}

// hosts are those that can clone a template.
func (t Template) hosts(storages []pve.Storage) ([]string, error) {
	on, err := machineconfig.TemplateStorage(t.Options)
	if err != nil {
		return nil, err
	}
	interfaces, err := network.Interfaces(t.Options, nil)
	if err != nil {
		return nil, err
	}
	if err := network.CheckTemplate(interfaces); err != nil {
		return nil, err
	}
	hosts := []string{t.Host}
	for _, s := range storages {
		if s.Name == on && s.Shared == 1 && s.Available() && s.Host != t.Host {
			hosts = append(hosts, s.Host)
		}
	}
	return hosts, nil
}
