// SPDX-License-Identifier: Apache-2.0

package proxmox

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

func hostCalls() map[string]handler {
	return map[string]handler{
		"GET /nodes":                            listHosts,
		"GET /nodes/{node}/status":              hostStatus,
		"GET /nodes/{node}/network":             hostNetwork,
		"GET /nodes/{node}/tasks/{upid}/status": taskStatus,
		"DELETE /nodes/{node}/tasks/{upid}":     stopTask,
	}
}

func (r *region) sortedHosts() []*host {
	return slices.SortedFunc(maps.Values(r.hosts), func(a, b *host) int { return strings.Compare(a.Name, b.Name) })
}

// entry is a host in a list.
func (h *host) entry() map[string]any {
	out := map[string]any{
		"id": "node/" + h.Name, "type": "node", "node": h.Name, "status": "online", "maxcpu": h.CPUs, "cpu": h.Load,
		"maxmem": int64(h.MemoryMiB) << 20, "mem": int64(h.MemoryMiB) << 18, "uptime": 1000000, "level": "",
	}
	if h.offline {
		for _, known := range []string{"maxcpu", "cpu", "maxmem", "mem", "uptime"} {
			delete(out, known)
		}
		out["status"] = "offline"
	}
	if h.maintenance {
		out["hastate"] = "maintenance"
	}
	return out
}

func listHosts(r *request) (any, *failure) {
	out := []any{}
	for _, h := range r.sortedHosts() {
		out = append(out, h.entry())
	}
	return out, nil
}

func hostStatus(r *request) (any, *failure) {
	h := r.hosts[r.in["node"]]
	total := int64(h.MemoryMiB) << 20
	return map[string]any{
		"cpuinfo":    map[string]any{"model": h.Model, "sockets": h.Sockets, "cores": h.Cores, "cpus": h.CPUs, "hvm": "1"},
		"memory":     map[string]any{"total": total, "used": total / 4, "free": total - total/4},
		"cpu":        h.Load,
		"loadavg":    []string{strconv.FormatFloat(h.Load*float64(h.CPUs), 'f', 2, 64), "0.00", "0.00"},
		"uptime":     1000000,
		"pveversion": "pve-manager/9.0.3/simulated",
	}, nil
}

// hostNetwork tells the bridges only.
func hostNetwork(r *request) (any, *failure) {
	out := []any{}
	for _, b := range r.hosts[r.in["node"]].Bridges {
		if !b.listed(r.in["type"]) {
			continue
		}
		if r.needAny(r.bridgePath(b.Name, ""), "SDN.Audit", "SDN.Use") != nil && r.need("/nodes/"+r.in["node"], "Sys.Audit") != nil {
			continue
		}
		out = append(out, b.entry())
	}
	return out, nil
}

func (b Bridge) kind() string {
	if b.Type == "" {
		return "bridge"
	}
	return b.Type
}

// listed reports whether a list of a type holds the bridge: VNets are in those only that
// ask for them.
func (b Bridge) listed(asked string) bool {
	switch asked {
	case "any_bridge", "include_sdn":
		return true
	case "", "any_local_bridge":
		return b.Type != vnetType
	}
	return asked == b.kind()
}

func (b Bridge) entry() map[string]any {
	if b.Type == vnetType { // whatever the host has on it
		return map[string]any{"iface": b.Name, "type": vnetType, "active": 1}
	}
	out := map[string]any{"iface": b.Name, "type": b.kind(), "autostart": 1, "method": "manual", "method6": "manual"}
	if !b.Inactive {
		out["active"] = 1
	}
	for name, value := range map[string]string{"cidr": b.CIDR, "cidr6": b.CIDR6, "gateway": b.Gateway, "gateway6": b.Gateway6} {
		if value != "" {
			out[name] = value
		}
	}
	if address, prefix, ok := strings.Cut(b.CIDR, "/"); ok {
		out["address"], out["netmask"], out["method"] = address, prefix, "static"
	}
	if address, prefix, ok := strings.Cut(b.CIDR6, "/"); ok {
		out["address6"], out["netmask6"], out["method6"] = address, prefix, "static"
	}
	if b.MTU > 0 {
		out["mtu"] = strconv.Itoa(b.MTU)
	}
	return out
}

// bridge is a bridge of a host; nil: there is none.
func (h *host) bridge(name string) *Bridge {
	for i := range h.Bridges {
		if h.Bridges[i].Name == name {
			return &h.Bridges[i]
		}
	}
	return nil
}
