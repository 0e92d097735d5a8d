// SPDX-License-Identifier: Apache-2.0

package capacity

import (
	"cmp"
	"slices"

	"k8s.io/utils/cpuset"

	"karpenter.sh/providers/proxmox/topology"
)

// Pin chooses the CPUs and the memory of NUMA nodes that a machine gets of a host
// (PVE-056). The error is an NoRoomError.
func Pin(h Host, n Need) (cpuset.CPUSet, map[int]int64, error) {
	none := cpuset.New()
	if err := h.room(n); err != nil {
		return none, nil, err
	}
	pinned, _, _ := h.used()
	free := h.CPUs().Difference(h.ReservedCPUs).Difference(pinned)
	memory := h.freeNodes()
	candidates := cpuset.New()
	for _, node := range h.Nodes {
		if memory[node.ID] >= n.MemoryBytes {
			candidates = candidates.Union(node.CPUs)
		}
	}
	if roomy := free.Intersection(candidates); roomy.Size() >= n.VCPUs {
		free = roomy
	}
	if free.Size() < n.VCPUs {
		return none, nil, &NoRoomError{"CPUs", int64(n.VCPUs), int64(free.Size())}
	}
	taken := take(h.Host, free, n.VCPUs)
	bound := share(h.Nodes, taken, n.MemoryBytes)
	for id, bytes := range bound {
		if bytes > memory[id] {
			return none, nil, &NoRoomError{"memory", bytes, max(0, memory[id])}
		}
	}
	return taken, bound, nil
}

// share divides memory over the nodes of the CPUs that were taken, in proportion to them.
// The last one has the rest.
func share(nodes []topology.Node, taken cpuset.CPUSet, bytes int64) map[int]int64 {
	const mib = 1 << 20
	out := map[int]int64{}
	left, cpus := bytes, 0
	for _, node := range nodes {
		cpus += node.CPUs.Intersection(taken).Size()
	}
	last := -1
	for _, node := range nodes {
		size := node.CPUs.Intersection(taken).Size()
		if size == 0 {
			continue
		}
		part := bytes * int64(size) / int64(cpus) / mib * mib // options say it in MiB
		out[node.ID], last = part, node.ID
		left -= part
	}
	if last >= 0 {
		out[last] += left
	}
	return out
}

// perNode is how many of some CPUs each node has.
func perNode(nodes []topology.Node, cpus cpuset.CPUSet) map[int]int {
	out := map[int]int{}
	for _, node := range nodes {
		if size := node.CPUs.Intersection(cpus).Size(); size > 0 {
			out[node.ID] = size
		}
	}
	return out
}

// take takes so many of the free CPUs, as few parts of the host as can be.
func take(h topology.Host, free cpuset.CPUSet, need int) cpuset.CPUSet {
	t := taking{host: h, free: free, need: need, taken: cpuset.New()}
	var nodes []cpuset.CPUSet
	for _, n := range h.Nodes {
		nodes = append(nodes, n.CPUs)
	}
	if h.Sockets >= len(nodes) {
		t.whole(nodes)
		t.whole(h.BySocket())
	} else {
		t.whole(h.BySocket())
		t.whole(nodes)
	}
	t.whole(h.ByCache())
	t.withinCache(nodes)
	t.whole(h.ByCore())
	t.single()
	return t.taken
}

// taking is CPUs being taken.
type taking struct {
	host        topology.Host
	free, taken cpuset.CPUSet
	need        int
}

func (t *taking) add(cpus cpuset.CPUSet) {
	t.taken, t.free, t.need = t.taken.Union(cpus), t.free.Difference(cpus), t.need-cpus.Size()
}

// whole takes parts that are wholly free, while they are needed wholly: those with fewer
// CPUs first, then in their order.
func (t *taking) whole(parts []cpuset.CPUSet) {
	bySize := slices.Clone(parts)
	slices.SortStableFunc(bySize, func(a, b cpuset.CPUSet) int { return cmp.Compare(a.Size(), b.Size()) })
	for _, part := range bySize {
		if !part.IsEmpty() && part.Size() <= t.need && part.IsSubsetOf(t.free) {
			t.add(part)
		}
	}
}

// withinCache takes all that is still needed from one last-level cache, if one has it: of
// the NUMA node with the fewest free CPUs, then with the fewest itself, then the first.
func (t *taking) withinCache(nodes []cpuset.CPUSet) {
	if t.need == 0 {
		return
	}
	type cache struct{ ofNode, own cpuset.CPUSet }
	var caches []cache
	for _, part := range t.host.ByCache() {
		own := part.Intersection(t.free)
		if own.Size() < t.need {
			continue
		}
		ofNode := own
		for _, node := range nodes {
			if node.Intersection(part).Size() > 0 {
				ofNode = node.Intersection(t.free)
				break
			}
		}
		caches = append(caches, cache{ofNode, own})
	}
	if len(caches) == 0 {
		return
	}
	best := slices.MinFunc(caches, func(a, b cache) int {
		return cmp.Or(cmp.Compare(a.ofNode.Size(), b.ofNode.Size()), cmp.Compare(a.own.Size(), b.own.Size()))
	})
	for _, core := range t.host.ByCore() {
		threads := core.Intersection(best.own).List()
		t.add(cpuset.New(threads[:min(len(threads), t.need)]...))
	}
}

// single takes single CPUs: of the cores with the fewest free first.
func (t *taking) single() {
	cores := t.host.ByCore()
	slices.SortStableFunc(cores, func(a, b cpuset.CPUSet) int {
		return cmp.Compare(a.Intersection(t.free).Size(), b.Intersection(t.free).Size())
	})
	for _, core := range cores {
		threads := core.Intersection(t.free).List()
		t.add(cpuset.New(threads[:min(len(threads), t.need)]...))
	}
}
