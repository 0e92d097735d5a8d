// SPDX-License-Identifier: Apache-2.0

package capacityvm

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"karpenter.sh/providers/proxmox/hostagent/host"
	"karpenter.sh/providers/proxmox/hostagent/qemuconfig"
)

const description = "Karpenter discovery service"

// Options are those of the capacity machine of a host, but for its name and tags. Nodes
// without CPUs are left out: no machine is pinned there.
func Options(nodes []host.Node) (map[string]string, error) {
	out := map[string]string{"description": description, "sockets": "1", "cpu": "host", "numa": "1", "ostype": "l26"}
	var affinity []string
	var cpus, memory, count int64
	for _, node := range nodes {
		size := int64(node.CPUs.Size())
		if size == 0 {
			continue
		}
		positions := strconv.FormatInt(cpus, 10)
		if size > 1 {
			positions = fmt.Sprintf("%d-%d", cpus, cpus+size-1)
		}
		mib := usable(node.MemoryBytes)
		out["numa"+strconv.FormatInt(count, 10)] = fmt.Sprintf("cpus=%s,hostnodes=%d,memory=%d", positions, node.ID, mib)
		affinity = append(affinity, node.CPUs.String())
		cpus, memory, count = cpus+size, memory+mib, count+1
	}
	if cpus == 0 {
		return nil, errors.New("no NUMA node of the host has CPUs that are online")
	}
	out["affinity"] = strings.Join(affinity, ",")
	out["cores"], out["memory"] = strconv.FormatInt(cpus, 10), strconv.FormatInt(memory, 10)
	return out, nil
}

// usable is the memory of a node that is told, in MiB: whole GiB, and one less where there
// are several, since the host itself needs some.
func usable(bytes int64) int64 {
	gib := bytes >> 30
	if gib > 1 {
		gib--
	}
	return gib * 1024
}

var numaNode = regexp.MustCompile(`^numa[0-9]+$`)

// Changes are the options that a machine lacks or has otherwise, and those of NUMA nodes that
// it should not have, sorted. What else it has is left alone.
func Changes(now qemuconfig.Config, want map[string]string) (set map[string]string, remove []string) {
	set = map[string]string{}
	for name, value := range want {
		had := now.Options[name]
		same := had == value
		switch {
		case name == "description":
			same = now.Description == value
		case numaNode.MatchString(name):
			same = sorted(had) == sorted(value)
		}
		if !same {
			set[name] = value
		}
	}
	for name := range now.Options {
		if _, wanted := want[name]; numaNode.MatchString(name) && !wanted {
			remove = append(remove, name)
		}
	}
	slices.Sort(remove)
	return set, remove
}

// sorted is a property string in one order, since the host may write it in another.
func sorted(text string) string {
	parts := strings.Split(text, ",")
	slices.Sort(parts)
	return strings.Join(parts, ",")
}
