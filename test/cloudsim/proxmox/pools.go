// SPDX-License-Identifier: Apache-2.0

package proxmox

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

func poolCalls() map[string]handler {
	return map[string]handler{
		"GET /pools":          listPools,
		"PUT /pools":          changePool,
		"GET /pools/{poolid}": readPool,
		"PUT /pools/{poolid}": changePool,
	}
}

// listPools tells all pools by name, or one with its members.
func listPools(r *request) (any, *failure) {
	asked, one := r.in["poolid"]
	if one && !r.pools[asked] {
		return nil, refuse("pool '%s' does not exist", asked)
	}
	out := []any{}
	for _, name := range slices.Sorted(maps.Keys(r.pools)) {
		if one && name != asked || r.need("/pool/"+name, "Pool.Audit") != nil {
			continue
		}
		entry := map[string]any{"poolid": name}
		if one {
			entry["members"] = r.members(name)
		}
		out = append(out, entry)
	}
	return out, nil
}

func (r *request) members(pool string) []any {
	out := []any{}
	for _, m := range r.sortedMachines() {
		if m.pool == pool {
			out = append(out, m.entry(r, sight{exists: true, running: m.running, host: m.host}))
		}
	}
	return out
}

func readPool(r *request) (any, *failure) {
	name := r.in["poolid"]
	if !r.pools[name] {
		return nil, refuse("pool '%s' does not exist", name)
	}
	return map[string]any{"members": r.members(name)}, nil
}

// changePool adds machines to a pool, or takes them out.
func changePool(r *request) (any, *failure) {
	name := r.in["poolid"]
	if !r.pools[name] {
		return nil, refuse("pool '%s' does not exist", name)
	}
	var members []*machine
	for _, text := range strings.FieldsFunc(r.in["vms"], func(letter rune) bool { return strings.ContainsRune(",; ", letter) }) {
		id, _ := strconv.Atoi(text) // it was checked
		m := r.machines[id]
		if failed := r.mayMove(m, name, text); failed != nil {
			return nil, failed
		}
		members = append(members, m)
	}
	for _, m := range members {
		m.pool = name
		if truth(r.in["delete"]) {
			m.pool = ""
		}
	}
	return nil, nil
}

func (r *request) mayMove(m *machine, pool, id string) *failure {
	if m == nil {
		return refuse("VM %s does not exist", id)
	}
	if failed := r.need(m.path(), "VM.Allocate"); failed != nil {
		return failed
	}
	leaves := truth(r.in["delete"])
	switch {
	case leaves && m.pool != pool:
		return refuse("VM %s is not a pool member", id)
	case !leaves && m.pool == pool:
		return refuse("VM %s is already a pool member", id)
	case !leaves && m.pool != "" && !truth(r.in["allow-move"]):
		return refuse("VM %s belongs already to pool '%s' and 'allow-move' is not set", id, m.pool)
	}
	return nil
}
