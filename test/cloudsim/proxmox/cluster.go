// SPDX-License-Identifier: Apache-2.0

package proxmox

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
)

func clusterCalls() map[string]handler {
	return map[string]handler{
		"GET /cluster/resources":       resources,
		"GET /cluster/nextid":          nextID,
		"GET /cluster/firewall/groups": listGroups,
	}
}

// resources are what there is, of what the caller may see.
func resources(r *request) (any, *failure) {
	out := []any{}
	kind := r.in["type"]
	if kind == "" || kind == "node" {
		for _, h := range r.sortedHosts() {
			out = append(out, h.entry())
		}
	}
	if kind == "" || kind == "vm" {
		out = append(out, r.machineEntries()...)
	}
	if kind == "" || kind == "storage" {
		out = append(out, r.storageEntries()...)
	}
	return out, nil
}

func (r *request) machineEntries() []any {
	out := []any{}
	for _, m := range slices.Concat(r.sortedMachines(), r.gone) {
		if seen := m.seen(r); seen.exists && r.need(m.path(), "VM.Audit") == nil {
			out = append(out, m.entry(r, seen))
		}
	}
	for _, c := range r.containers {
		status := map[bool]string{true: "running", false: "stopped"}[c.Running]
		out = append(out, map[string]any{
			"id": "lxc/" + strconv.Itoa(c.ID), "type": "lxc", "vmid": c.ID, "node": c.Host, "name": c.Name, "status": status,
			"template": 0, "maxmem": int64(c.MemoryMiB) << 20, "maxcpu": 1,
		})
	}
	return out
}

func (r *request) storageEntries() []any {
	out := []any{}
	for _, h := range r.sortedHosts() {
		for _, name := range slices.Sorted(maps.Keys(r.storages)) {
			s := r.storages[name]
			if !s.on(h.Name) || r.needAny(s.path(), "Datastore.Audit", "Datastore.AllocateSpace") != nil {
				continue
			}
			out = append(out, s.entry(r.region, h))
		}
	}
	return out
}

// nextID is the lowest ID that is free, or whether one is.
func nextID(r *request) (any, *failure) {
	if asked, ok := r.in["vmid"]; ok {
		id, _ := strconv.Atoi(asked) // it was checked
		if r.taken(id) {
			return nil, invalid("vmid", "VM %d already exists", id)
		}
		return asked, nil
	}
	for id := 100; ; id++ {
		if !r.taken(id) {
			return fmt.Sprint(id), nil
		}
	}
}

func listGroups(r *request) (any, *failure) {
	out := []any{}
	for _, name := range r.groups {
		out = append(out, map[string]any{"group": name, "digest": "0"})
	}
	return out, nil
}
