// SPDX-License-Identifier: Apache-2.0

package pve

import (
	"context"
	"strconv"
	"strings"
)

// Host is a member of the cluster in the list of resources.
type Host struct {
	Name string `json:"node"`
	// Status is online, offline or unknown.
	Status string `json:"status"`
	// HAState is maintenance for hosts that are in maintenance.
	HAState string `json:"hastate"`
	// Load is the share of its CPUs that is busy, 0 to 1.
	Load float64 `json:"cpu"`
}

// Online reports whether it is there.
func (h Host) Online() bool { return h.Status == "online" }

// Usable reports whether machines can be launched on it: it is there, and not in
// maintenance (PVE-046, PVE-047).
func (h Host) Usable() bool { return h.Online() && h.HAState != "maintenance" }

// Machine is a virtual machine or container in the list of resources.
type Machine struct {
	ID   int    `json:"vmid"`
	Host string `json:"node"`
	Name string `json:"name"`
	// Type is qemu, or lxc for containers.
	Type string `json:"type"`
	// Status is running, stopped, or unknown if its host is not there.
	Status string `json:"status"`
	// Template is 1 for templates.
	Template int    `json:"template"`
	Pool     string `json:"pool"`
	// Lock is what is being done with it: clone, ...
	Lock string `json:"lock"`
	// TagList are its tags, separated by ";".
	TagList string `json:"tags"`
	// MaxMemory is its memory, in bytes.
	MaxMemory int64 `json:"maxmem"`
	// MaxCPUs is how many CPUs it has.
	MaxCPUs int `json:"maxcpu"`
}

// IsTemplate reports whether it can only be cloned.
func (m Machine) IsTemplate() bool { return m.Template == 1 }

// Running reports whether it runs.
func (m Machine) Running() bool { return m.Status == "running" }

// Tags are its tags.
func (m Machine) Tags() []string {
	return strings.FieldsFunc(m.TagList, func(r rune) bool { return r == ';' || r == ',' || r == ' ' })
}

// Storage is a storage on one host in the list of resources.
type Storage struct {
	Name string `json:"storage"`
	Host string `json:"node"`
	// Status is available, or unknown.
	Status string `json:"status"`
	// Content is what it is for, separated by commas.
	Content string `json:"content"`
	// Shared is 1 if all hosts see the same volumes.
	Shared int `json:"shared"`
}

// Holds reports whether it is for a kind of content, such as images.
func (s Storage) Holds(content string) bool {
	for kind := range strings.SplitSeq(s.Content, ",") {
		if kind == content {
			return true
		}
	}
	return false
}

// Available reports whether the host can use it.
func (s Storage) Available() bool { return s.Status == "available" }

// Hosts lists the members of the cluster.
func (c *Client) Hosts(ctx context.Context) ([]Host, error) { return list[Host](ctx, c, "node") }

// Machines lists all machines and containers that the caller may see.
func (c *Client) Machines(ctx context.Context) ([]Machine, error) { return list[Machine](ctx, c, "vm") }

// Storages lists the storages of all hosts.
func (c *Client) Storages(ctx context.Context) ([]Storage, error) {
	return list[Storage](ctx, c, "storage")
}

func list[T any](ctx context.Context, c *Client, kind string) ([]T, error) {
	var out []T
	err := c.get(ctx, "/cluster/resources", parameters{"type": kind}, &out)
	return out, err
}

// Free reports whether no machine has an ID (PVE-064).
func (c *Client) Free(ctx context.Context, id int) (bool, error) {
	err := c.get(ctx, "/cluster/nextid", parameters{"vmid": id}, nil)
	if IsStatus(err, 400) {
		return false, nil
	}
	return err == nil, err
}

// HostStatus is what a host tells of itself.
type HostStatus struct {
	CPU struct {
		Model string `json:"model"`
		// Sockets, Cores (of all sockets) and CPUs (logical, of all cores).
		Sockets int `json:"sockets"`
		Cores   int `json:"cores"`
		CPUs    int `json:"cpus"`
	} `json:"cpuinfo"`
	Memory struct {
		// Total is in bytes.
		Total int64 `json:"total"`
	} `json:"memory"`
}

// HostStatus reads what a host tells of itself.
func (c *Client) HostStatus(ctx context.Context, host string) (HostStatus, error) {
	var out HostStatus
	err := c.get(ctx, path("nodes", host, "status"), nil, &out)
	return out, err
}

// Bridge is a bridge of a host, or a VNet on it.
type Bridge struct {
	Name   string `json:"iface"`
	Active int    `json:"active"`
	// CIDR and CIDR6 are the host's own addresses with their prefix.
	CIDR     string `json:"cidr"`
	CIDR6    string `json:"cidr6"`
	Gateway  string `json:"gateway"`
	Gateway6 string `json:"gateway6"`
	// MTUText is the largest packet; empty: not told.
	MTUText string `json:"mtu"`
}

// MTU is the largest packet; 0: not told.
func (b Bridge) MTU() int {
	n, err := strconv.Atoi(b.MTUText)
	if err != nil {
		return 0
	}
	return n
}

// Bridges are the active bridges of a host (PVE-080).
func (c *Client) Bridges(ctx context.Context, host string) ([]Bridge, error) {
	var all []Bridge
	if err := c.get(ctx, path("nodes", host, "network"), parameters{"type": "any_bridge"}, &all); err != nil {
		return nil, err
	}
	var out []Bridge
	for _, b := range all {
		if b.Active == 1 {
			out = append(out, b)
		}
	}
	return out, nil
}
