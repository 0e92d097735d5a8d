// SPDX-License-Identifier: Apache-2.0

package topology

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"k8s.io/utils/cpuset"
)

// Settings are the user's, by region and host. "*" stands for all hosts of a region that
// have none of their own.
type Settings map[string]map[string]HostSettings

// HostSettings override what is estimated. What is zero, or missing, does not.
type HostSettings struct {
	Cores   int `json:"cores"`
	Sockets int `json:"sockets"`
	// Threads is how many each core has.
	Threads int `json:"threads"`
	// UncoreCaches is how many last-level caches there are.
	UncoreCaches int                     `json:"uncorecaches"`
	Nodes        map[string]NodeSettings `json:"nodes"`
	ReservedCPUs []int                   `json:"reservedcpus"`
	// ReservedMemory is in bytes.
	ReservedMemory *int64 `json:"reservedmemory"`
	// CPUOvercommit is how often each CPU is given out; 0 is once (PVE-220).
	CPUOvercommit float64 `json:"cpuovercommit"`
}

// NodeSettings are those of a NUMA node.
type NodeSettings struct {
	// CPUs is a list such as 0-11,48-59.
	CPUs string `json:"cpus"`
	// MemSize is in bytes; Memory is another name of it.
	MemSize int64 `json:"memsize"`
	Memory  int64 `json:"memory"`
}

// ParseSettings reads the file of PVE-052. The error names the region and the host of what
// makes no sense on any host; what a host lacks shows only in [Resolve].
func ParseSettings(data []byte) (Settings, error) {
	var out Settings
	if err := json.Unmarshal(data, &out); err != nil {
		return nil, fmt.Errorf("reading the settings of hosts: %w", err)
	}
	for _, region := range slices.Sorted(maps.Keys(out)) {
		for _, host := range slices.Sorted(maps.Keys(out[region])) {
			if ratio := out[region][host].CPUOvercommit; ratio < 0 {
				return nil, fmt.Errorf("settings of host %s of region %s: cpuovercommit: want 0 or more, not %v", host, region, ratio)
			}
		}
	}
	return out, nil
}

// For are the settings of a host: its own, which win entirely, else those of all hosts of
// its region; nil: there are none.
func (s Settings) For(region, host string) *HostSettings {
	for _, name := range []string{host, "*"} {
		if found, ok := s[region][name]; ok {
			return &found
		}
	}
	return nil
}

// apply lets settings override a host, one by one. Nodes are those of the settings, if
// there are any, else those known from elsewhere, else estimated from what has become of
// the rest.
func (s *HostSettings) apply(h Host) (Host, error) {
	if s == nil {
		return h, nil
	}
	before := h
	override(&h.Cores, s.Cores)
	override(&h.Sockets, s.Sockets)
	override(&h.Threads, s.Threads)
	override(&h.Caches, s.UncoreCaches)
	if s.UncoreCaches == 0 {
		h.Caches = min(h.Caches, h.Cores)
	}
	if h.Cores != before.Cores || h.Threads != before.Threads {
		h.Nodes = divide(h, min(max(len(before.Nodes), 1), max(h.Cores, 1)))
	}
	if s.ReservedMemory != nil && *s.ReservedMemory > 0 {
		h.ReservedBytes = *s.ReservedMemory
	}
	h.ReservedCPUs = cpuset.New(s.ReservedCPUs...)
	if len(s.Nodes) == 0 {
		return h, nil
	}
	h.Nodes = nil
	for _, id := range slices.Sorted(maps.Keys(s.Nodes)) {
		node, err := s.Nodes[id].node(id)
		if err != nil {
			return Host{}, err
		}
		h.Nodes = append(h.Nodes, node)
	}
	slices.SortFunc(h.Nodes, func(a, b Node) int { return a.ID - b.ID })
	return h, nil
}

// override takes a value that is given.
func override(into *int, value int) {
	if value > 0 {
		*into = value
	}
}

func (n NodeSettings) node(text string) (Node, error) {
	id, err := strconv.Atoi(text)
	if err != nil || id < 0 {
		return Node{}, fmt.Errorf("nodes: %q is no ID of a NUMA node", text)
	}
	cpus, err := cpuset.Parse(n.CPUs)
	if err != nil {
		return Node{}, fmt.Errorf("nodes.%s.cpus: %w", text, err)
	}
	return Node{ID: id, CPUs: cpus, MemoryBytes: max(n.MemSize, n.Memory)}, nil
}
