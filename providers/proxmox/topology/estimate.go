// SPDX-License-Identifier: Apache-2.0

package topology

import (
	"regexp"
	"strings"
)

// Facts are what the API tells of a host.
type Facts struct {
	// Model is the name of the CPU.
	Model string
	// Sockets, Cores (of all sockets) and CPUs (logical, of all cores).
	Sockets, Cores, CPUs int
	MemoryBytes          int64
}

// defaultReserved is the memory that is not for machines, unless the user says otherwise.
const defaultReserved = 1 << 30

// estimate makes a host of what the API tells (PVE-051).
func estimate(f Facts) Host {
	h := Host{
		Sockets: max(f.Sockets, 1), Cores: max(f.Cores, 1), MemoryBytes: f.MemoryBytes, ReservedBytes: defaultReserved,
	}
	h.Threads = max(f.CPUs/h.Cores, 1)
	nodes, caches := shape(f.Model, h.Sockets, h.Cores)
	h.Caches = min(max(caches, 1), h.Cores)
	h.Nodes = divide(h, min(max(nodes, 1), h.Cores))
	return h
}

// divide makes NUMA nodes of runs of cores, with equal shares of the memory, the last of
// which has the rest.
func divide(h Host, n int) []Node {
	out := make([]Node, n)
	each := h.MemoryBytes / int64(n)
	for i, cpus := range h.parts(n) {
		out[i] = Node{ID: i, CPUs: cpus, MemoryBytes: each}
	}
	out[n-1].MemoryBytes = h.MemoryBytes - each*int64(n-1)
	return out
}

// epyc matches the number of an EPYC.
var epyc = regexp.MustCompile(`AMD EPYC.*?\b(\d)(\d)(\d)(\d)[A-Z]*\b`)

// shape is how many NUMA nodes and last-level caches a model has.
func shape(model string, sockets, cores int) (nodes, caches int) {
	if m := epyc.FindStringSubmatch(model); m != nil {
		nodes = sockets
		if strings.ContainsAny(m[4], "1245") {
			nodes = sockets * 4
		}
		perCache := map[string]int{"2": 4, "3": 4, "4": 6, "5": 8, "6": 8, "7": 8, "8": 8}[m[2]]
		return nodes, sockets * max(cores/sockets/max(perCache, 1), 1)
	}
	switch {
	case strings.Contains(model, "AMD"):
		return sockets, 1
	case strings.Contains(model, "Intel"):
		return sockets, sockets
	}
	return 1, 1
}
