// SPDX-License-Identifier: Apache-2.0

// Package pinning decides which threads of a machine run on which CPUs of its host, and what
// that means for the governors of these CPUs (PVE-121).
//
// It reads and writes nothing. All its functions are pure.
//
// Vocabulary: a pinned machine has each of its virtual CPUs on one CPU of the host. A
// governor sets the frequency of a CPU.
//
// It imports package qemuconfig only. Start reading at [Want].
package pinning

import (
	"fmt"
	"maps"
	"slices"

	"k8s.io/utils/cpuset"

	"karpenter.sh/providers/proxmox/hostagent/qemuconfig"
)

// Want lists the CPUs that a machine is to be pinned to, in the order of its own; none: it
// is left alone, and why, if it asked for some.
func Want(c qemuconfig.Config, online cpuset.CPUSet) (cpus []int, why string) {
	list, err := c.Affinity()
	if err != nil {
		return nil, err.Error()
	}
	if len(list) == 0 {
		return nil, ""
	}
	if len(list) != c.CPUs() {
		return nil, fmt.Sprintf("an affinity of %d CPUs, and the machine has %d", len(list), c.CPUs())
	}
	if absent := cpuset.New(list...).Difference(online); !absent.IsEmpty() {
		return nil, fmt.Sprintf("CPUs %s are not there or offline", absent)
	}
	return list, ""
}

// Move puts a thread on a CPU.
type Move struct{ Thread, CPU int }

// Threads puts the threads of virtual CPUs, by number, on the CPUs at the same places of the
// list. Those with a number beyond the list stay where they are.
func Threads(cpus []int, threads map[int]int) []Move {
	var out []Move
	for _, number := range slices.Sorted(maps.Keys(threads)) {
		if number < len(cpus) {
			out = append(out, Move{Thread: threads[number], CPU: cpus[number]})
		}
	}
	return out
}

// Pins are the CPUs that each pinned machine has, by its ID.
type Pins map[int]cpuset.CPUSet

// With has a machine on other CPUs, or with none not at all, and the CPUs that thereby no
// machine has any more. It changes nothing.
func (p Pins) With(id int, cpus cpuset.CPUSet) (next Pins, freed cpuset.CPUSet) {
	next = maps.Clone(p)
	if next == nil {
		next = Pins{}
	}
	delete(next, id)
	if !cpus.IsEmpty() {
		next[id] = cpus
	}
	freed = p[id]
	for _, used := range next {
		freed = freed.Difference(used)
	}
	return next, freed
}

// Governor is how the frequency of a CPU is set; the zero value: it cannot be.
type Governor struct {
	Current string
	Offered []string
}

// Becomes reports whether a governor has to be set: it is offered, and another is.
func (g Governor) Becomes(name string) bool {
	return g.Current != name && slices.Contains(g.Offered, name)
}
