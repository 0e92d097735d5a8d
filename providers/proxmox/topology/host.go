// SPDX-License-Identifier: Apache-2.0

package topology

import (
	"fmt"

	"k8s.io/utils/cpuset"
)

// Host is what a host looks like. It is immutable.
type Host struct {
	// Sockets, Cores (of all sockets) and Threads (of each core).
	Sockets, Cores, Threads int
	// Caches is how many last-level caches there are.
	Caches int
	// Nodes are its NUMA nodes, by ID.
	Nodes []Node
	// MemoryBytes is its memory.
	MemoryBytes int64
	// ReservedCPUs and ReservedBytes are not for machines.
	ReservedCPUs  cpuset.CPUSet
	ReservedBytes int64
}

// Node is a NUMA node.
type Node struct {
	ID          int
	CPUs        cpuset.CPUSet
	MemoryBytes int64
}

// CPUs are all CPUs.
func (h Host) CPUs() cpuset.CPUSet {
	all := make([]int, h.Cores*h.Threads)
	for i := range all {
		all[i] = i
	}
	return cpuset.New(all...)
}

// Core is the core that a CPU is a thread of.
func (h Host) Core(cpu int) int { return cpu % h.Cores }

// ByCore are the CPUs of each core.
func (h Host) ByCore() []cpuset.CPUSet { return h.parts(h.Cores) }

// ByCache are the CPUs of each last-level cache.
func (h Host) ByCache() []cpuset.CPUSet { return h.parts(h.Caches) }

// BySocket are the CPUs of each socket.
func (h Host) BySocket() []cpuset.CPUSet { return h.parts(h.Sockets) }

// parts divides the cores into n runs of like length, the last of which has the rest, and
// returns the CPUs of each.
func (h Host) parts(n int) []cpuset.CPUSet {
	out := make([]cpuset.CPUSet, n)
	each := h.Cores / n
	for part := range n {
		last := (part + 1) * each
		if part == n-1 {
			last = h.Cores
		}
		var cpus []int
		for core := part * each; core < last; core++ {
			for thread := range h.Threads {
				cpus = append(cpus, core+thread*h.Cores)
			}
		}
		out[part] = cpuset.New(cpus...)
	}
	return out
}

// check refuses what cannot be.
func (h Host) check() error {
	if h.Sockets < 1 || h.Cores < h.Sockets || h.Threads < 1 || h.MemoryBytes < 1 {
		return fmt.Errorf("%d sockets, %d cores, %d threads and %d bytes of memory are no host", h.Sockets, h.Cores, h.Threads, h.MemoryBytes)
	}
	if h.Caches < 1 || h.Caches > h.Cores {
		return fmt.Errorf("%d last-level caches for %d cores", h.Caches, h.Cores)
	}
	all := h.CPUs()
	seen := cpuset.New()
	for _, node := range h.Nodes {
		if unknown := node.CPUs.Difference(all); !unknown.IsEmpty() {
			return fmt.Errorf("NUMA node %d has CPUs %s, which the host lacks", node.ID, unknown)
		}
		if twice := node.CPUs.Intersection(seen); !twice.IsEmpty() {
			return fmt.Errorf("CPUs %s are on two NUMA nodes", twice)
		}
		seen = seen.Union(node.CPUs)
	}
	if unknown := h.ReservedCPUs.Difference(all); !unknown.IsEmpty() {
		return fmt.Errorf("reserved CPUs %s: the host lacks them", unknown)
	}
	return nil
}
