// SPDX-License-Identifier: Apache-2.0

package capacity

import (
	"fmt"

	"k8s.io/utils/cpuset"

	"karpenter.sh/providers/proxmox/topology"
)

// Machine is what a machine takes of its host.
type Machine struct {
	ID int
	// Pinned are the CPUs that it has for itself; empty: it takes VCPUs, wherever.
	Pinned cpuset.CPUSet
	VCPUs  int
	// MemoryBytes is its configured maximum.
	MemoryBytes int64
	// Nodes are the bytes that it has of NUMA nodes of the host, if it is bound to them,
	// NodeCPUs how many of its CPUs are theirs.
	Nodes    map[int]int64
	NodeCPUs map[int]int
}

// Host is a host with all that takes of it.
type Host struct {
	topology.Host
	// Machines run on it, or will. Those beyond what it has count as well.
	Machines []Machine
	// Overcommit is how often each CPU is given out; 0 is once. Memory and pinned CPUs
	// never are (PVE-220).
	Overcommit float64
}

// Free is what a host has left.
type Free struct {
	VCPUs       int
	MemoryBytes int64
}

// Free is what is left, not below zero (PVE-055).
func (h Host) Free() Free {
	pinned, unpinned, memory := h.used()
	ratio := h.Overcommit
	if ratio <= 0 {
		ratio = 1
	}
	offered := int(float64(h.CPUs().Difference(h.ReservedCPUs).Size()) * ratio)
	return Free{
		VCPUs:       max(0, offered-pinned.Size()-unpinned),
		MemoryBytes: max(0, h.MemoryBytes-h.ReservedBytes-memory),
	}
}

// Pinnable is how many CPUs are left that a machine can have for itself.
func (h Host) Pinnable() int {
	pinned, _, _ := h.used()
	return h.CPUs().Difference(h.ReservedCPUs).Difference(pinned).Size()
}

// used are the CPUs that are pinned, how many others are taken, and the memory.
func (h Host) used() (pinned cpuset.CPUSet, unpinned int, memory int64) {
	pinned = cpuset.New()
	for _, m := range h.Machines {
		memory += m.MemoryBytes
		if m.Pinned.IsEmpty() {
			unpinned += m.VCPUs
		}
		pinned = pinned.Union(m.Pinned)
	}
	return pinned.Difference(h.ReservedCPUs), unpinned, memory
}

// freeNodes is the memory that each NUMA node has left.
func (h Host) freeNodes() map[int]int64 {
	out := map[int]int64{}
	for _, n := range h.Nodes {
		out[n.ID] = n.MemoryBytes
	}
	for _, m := range h.Machines {
		for id, bytes := range m.Nodes {
			if _, known := out[id]; known {
				out[id] -= bytes
			}
		}
	}
	return out
}

// Need is what a machine needs.
type Need struct {
	VCPUs       int
	MemoryBytes int64
}

// NoRoomError is what a host lacks. It is a matter of capacity: another host may have it.
type NoRoomError struct {
	// What is "CPUs" or "memory".
	What                 string
	Requested, Available int64
}

// Error implements error (PVE-057).
func (e *NoRoomError) Error() string {
	return fmt.Sprintf("not enough %s available: requested=%d, available=%d", e.What, e.Requested, e.Available)
}

// room says what a host lacks; nil: nothing.
func (h Host) room(n Need) error {
	free := h.Free()
	if n.VCPUs > free.VCPUs {
		return &NoRoomError{"CPUs", int64(n.VCPUs), int64(free.VCPUs)}
	}
	if n.MemoryBytes > free.MemoryBytes {
		return &NoRoomError{"memory", n.MemoryBytes, free.MemoryBytes}
	}
	return nil
}
