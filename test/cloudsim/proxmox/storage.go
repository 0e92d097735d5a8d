// SPDX-License-Identifier: Apache-2.0

package proxmox

import (
	"maps"
	"slices"
	"strings"
)

// storage is a storage in use.
type storage struct {
	Storage
	disabled bool
	// inactive means that what is behind it does not answer.
	inactive bool
	// blocked is what nobody here wrote, in bytes, by place.
	blocked map[string]int64
}

// on reports whether a host has it.
func (s *storage) on(host string) bool { return len(s.Hosts) == 0 || slices.Contains(s.Hosts, host) }

func (s *storage) path() string { return "/storage/" + s.Name }

// place is whose volumes are meant: those of a host, or of all.
func (s *storage) place(host string) string {
	if s.Shared {
		return ""
	}
	return host
}

const gib = int64(1) << 30

func (s *storage) entry(r *region, h *host) map[string]any {
	out := map[string]any{
		"id": "storage/" + h.Name + "/" + s.Name, "type": "storage", "node": h.Name, "storage": s.Name, "plugintype": s.Type,
		"content": strings.Join(s.Content, ","), "shared": map[bool]int{true: 1, false: 0}[s.Shared], "status": "available",
		"maxdisk": int64(s.GiB) * gib, "disk": r.volumes.used(s, h.Name),
	}
	if h.offline || s.disabled || s.inactive {
		out["status"] = "unknown"
	}
	return out
}

func storageCalls() map[string]handler {
	return map[string]handler{"GET /nodes/{node}/storage": listStorages}
}

func listStorages(r *request) (any, *failure) {
	out := []any{}
	for _, name := range slices.Sorted(maps.Keys(r.storages)) {
		s := r.storages[name]
		switch {
		case !s.on(r.in["node"]), r.in["storage"] != "" && r.in["storage"] != name:
			continue
		case r.in["content"] != "" && !slices.ContainsFunc(strings.Split(r.in["content"], ","), s.holds):
			continue
		case s.disabled && truth(r.in["enabled"]):
			continue
		case r.needAny(s.path(), "Datastore.Audit", "Datastore.AllocateSpace") != nil:
			continue
		}
		used, total := r.volumes.used(s, r.in["node"]), int64(s.GiB)*gib
		out = append(out, map[string]any{
			"storage": name, "type": s.Type, "content": strings.Join(s.Content, ","), "shared": map[bool]int{true: 1, false: 0}[s.Shared],
			"active": map[bool]int{true: 0, false: 1}[s.disabled || s.inactive], "enabled": map[bool]int{true: 0, false: 1}[s.disabled],
			"total": total, "used": used, "avail": total - used,
		})
	}
	return out, nil
}

// holds reports whether a storage is for a kind of content.
func (s *storage) holds(content string) bool { return slices.Contains(s.Content, content) }

// truth reads a boolean that was checked.
func truth(text string) bool {
	return slices.Contains([]string{"1", "on", "yes", "true"}, strings.ToLower(text))
}

// available is a storage that a host has; the failure says why there is none.
func (r *region) available(name, host string) (*storage, *failure) {
	s := r.storages[name]
	switch {
	case s == nil:
		return nil, refuse("storage '%s' does not exist", name)
	case !s.on(host):
		return nil, refuse("storage '%s' is not available on node '%s'", name, host)
	case s.disabled:
		return nil, refuse("storage '%s' is disabled", name)
	case s.inactive:
		return nil, refuse("storage '%s' is not online", name)
	}
	return s, nil
}
