// SPDX-License-Identifier: Apache-2.0

package proxmox

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

func mappingCalls() map[string]handler {
	return map[string]handler{"GET /cluster/mapping/pci": listMappings}
}

func listMappings(r *request) (any, *failure) {
	out := []any{}
	for _, id := range slices.Sorted(maps.Keys(r.mappings)) {
		if r.needAny("/mapping/pci/"+id, "Mapping.Audit", "Mapping.Use", "Mapping.Modify") != nil {
			continue
		}
		devices := []string{}
		for _, d := range r.mappings[id].Devices {
			devices = append(devices, "node="+d.Host+",path="+d.Path)
		}
		out = append(out, map[string]any{"id": id, "map": devices})
	}
	return out, nil
}

// mayMap checks a mapping that a machine is to use.
func (r *request) mayMap(id string) *failure {
	if failed := r.need("/mapping/pci/"+id, "Mapping.Use"); failed != nil {
		return failed
	}
	if _, there := r.mappings[id]; !there {
		return refuse("PCI device mapping not found for '%s'", id)
	}
	return nil
}

// mapped are the mappings that a machine uses, one for each device.
func (m *machine) mapped() []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(m.options)) {
		if mapping := parseProperties(m.options[name]).get("mapping"); strings.HasPrefix(name, "hostpci") && mapping != "" {
			out = append(out, mapping)
		}
	}
	return out
}

// freeDevices says which device of its host a machine cannot have because others do.
func (r *region) freeDevices(m *machine) error {
	free := map[string]int{}
	for id, mapping := range r.mappings {
		for _, d := range mapping.Devices {
			if d.Host == m.host {
				free[id]++
			}
		}
	}
	for _, other := range r.machines {
		if other != m && other.running && other.host == m.host {
			for _, id := range other.mapped() {
				free[id]--
			}
		}
	}
	for _, id := range m.mapped() {
		if free[id]--; free[id] < 0 {
			return fmt.Errorf("no PCI device of mapping '%s' is free on node '%s'", id, m.host)
		}
	}
	return nil
}

// extended are the devices of a machine as their plugins would report them.
func (r *region) extended(m *machine) map[string]int {
	out := map[string]int{}
	for _, id := range m.mapped() {
		if resource := r.mappings[id].Resource; resource != "" {
			out[resource]++
		}
	}
	return out
}
