// SPDX-License-Identifier: Apache-2.0

package topology

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"k8s.io/utils/cpuset"
)

// The name and tag of a capacity machine: a machine that is never started, and whose
// options tell the true NUMA nodes of its host (PVE-053).
const (
	CapacityMachineName = "node-capacity"
	CapacityMachineTag  = "karpenter"
)

// CapacityMachine is what the options of a capacity machine say.
type CapacityMachine struct {
	// Affinity lists the physical CPUs in the order of the machine's own.
	Affinity string
	// NUMA are the values of numa0, numa1, ...
	NUMA []string
	// MemoryBytes is the machine's memory.
	MemoryBytes int64
}

// nodes are the NUMA nodes that a capacity machine tells.
func (c CapacityMachine) nodes() ([]Node, error) {
	physical, err := InOrder(c.Affinity, ",")
	if err != nil {
		return nil, fmt.Errorf("affinity of the capacity machine: %w", err)
	}
	if len(c.NUMA) == 0 {
		return []Node{{CPUs: cpuset.New(physical...), MemoryBytes: c.MemoryBytes}}, nil
	}
	var out []Node
	for _, text := range c.NUMA {
		node, err := numaNode(text, physical)
		if err != nil {
			return nil, fmt.Errorf("NUMA node %q of the capacity machine: %w", text, err)
		}
		out = append(out, node)
	}
	slices.SortFunc(out, func(a, b Node) int { return a.ID - b.ID })
	return out, nil
}

// numaNode reads "cpus=0-11,hostnodes=0,memory=65536": positions in the list of physical
// CPUs, the host's node, MiB.
func numaNode(text string, physical []int) (Node, error) {
	values := map[string]string{}
	for part := range strings.SplitSeq(text, ",") {
		key, value, _ := strings.Cut(part, "=")
		values[key] = value
	}
	id, err := strconv.Atoi(values["hostnodes"])
	if err != nil || id < 0 {
		return Node{}, fmt.Errorf("hostnodes: want one NUMA node, not %q", values["hostnodes"])
	}
	positions, err := InOrder(values["cpus"], ";")
	if err != nil {
		return Node{}, fmt.Errorf("cpus: %w", err)
	}
	var cpus []int
	for _, at := range positions {
		if at >= len(physical) {
			return Node{}, fmt.Errorf("cpus: there is no position %d in an affinity of %d CPUs", at, len(physical))
		}
		cpus = append(cpus, physical[at])
	}
	mib, err := strconv.ParseInt(values["memory"], 10, 64)
	if err != nil {
		return Node{}, fmt.Errorf("memory: want MiB, not %q", values["memory"])
	}
	return Node{ID: id, CPUs: cpuset.New(cpus...), MemoryBytes: mib << 20}, nil
}

var span = regexp.MustCompile(`^(\d{1,5})(?:-(\d{1,5}))?$`)

// mostCPUs is how many CPUs no host has: what lists more is not read.
const mostCPUs = 1 << 14

// InOrder reads a list of CPUs, such as "0-3,8", in its order, which a set does not keep.
// A CPU that is told twice is there twice.
func InOrder(text, separator string) ([]int, error) {
	var out []int
	for part := range strings.SplitSeq(text, separator) {
		m := span.FindStringSubmatch(strings.TrimSpace(part))
		if m == nil {
			return nil, fmt.Errorf("want CPUs such as 0-3, not %q", part)
		}
		first, _ := strconv.Atoi(m[1]) // the pattern leaves no other
		last := first
		if m[2] != "" {
			last, _ = strconv.Atoi(m[2])
		}
		if last < first {
			return nil, fmt.Errorf("%q ends before it begins", part)
		}
		if len(out)+last-first >= mostCPUs {
			return nil, fmt.Errorf("more than %d CPUs", mostCPUs)
		}
		for cpu := first; cpu <= last; cpu++ {
			out = append(out, cpu)
		}
	}
	return out, nil
}

// Resolve puts together what is known of a host: what the API tells and what follows from
// it, over that a capacity machine's NUMA nodes (nil: there is none), over that the user's
// settings (nil: there are none).
func Resolve(f Facts, c *CapacityMachine, s *HostSettings) (Host, error) {
	h := estimate(f)
	if c != nil {
		nodes, err := c.nodes()
		if err != nil {
			return Host{}, err
		}
		h.Nodes = nodes
	}
	h, err := s.apply(h)
	if err != nil {
		return Host{}, err
	}
	return h, h.check()
}
