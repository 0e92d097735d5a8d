// SPDX-License-Identifier: Apache-2.0

package join

import (
	"fmt"
	"maps"
	"slices"
)

// settings are how an image family calls what is kept from pods.
type settings struct {
	kubeReserved, systemReserved, evictionHard string
	// pods decide how much memory is reserved by default.
	pods int
}

// reserve fills in what is kept from pods: the defaults of the EKS images, each of
// which a setting replaces (AWS-208, AWS-209).
func (n *Node) reserve(s settings) (err error) {
	defaults := map[string]string{
		"cpu":               fmt.Sprintf("%dm", reservedCPU(n.Machine.CPU)),
		"memory":            fmt.Sprintf("%dMi", 255+11*s.pods),
		"ephemeral-storage": "1Gi",
	}
	resources := []string{"cpu", "memory", "ephemeral-storage", "pid"}
	if n.KubeReserved, err = texts(s.kubeReserved, n.Kubelet[s.kubeReserved], defaults, resources); err != nil {
		return err
	}
	if n.SystemReserved, err = texts(s.systemReserved, n.Kubelet[s.systemReserved], nil, resources); err != nil {
		return err
	}
	n.EvictionHard, err = texts(s.evictionHard, n.Kubelet[s.evictionHard], map[string]string{
		"memory.available": "100Mi", "nodefs.available": "10%", "nodefs.inodesFree": "5%",
	}, []string{"memory.available", "nodefs.available", "nodefs.inodesFree", "imagefs.available", "imagefs.inodesFree", "pid.available"})
	return err
}

// reservedCPU is in millicores: 6 % of the first core, 1 % of the second, 0.5 % of the
// next two, 0.25 % of all others.
func reservedCPU(cores int) int {
	return 60*min(cores, 1) + 10*min(max(cores-1, 0), 1) + 5*min(max(cores-2, 0), 2) + 5*max(cores-4, 0)/2
}

// texts lays a setting that maps keys to texts over its defaults.
func texts(name string, raw any, defaults map[string]string, keys []string) (map[string]string, error) {
	out := map[string]string{}
	maps.Copy(out, defaults)
	table, ok := raw.(map[string]any)
	if raw != nil && !ok {
		return nil, fmt.Errorf("%s is no table", name)
	}
	for _, key := range sorted(table) {
		text, ok := table[key].(string)
		switch {
		case !slices.Contains(keys, key):
			return nil, fmt.Errorf("%s: the kubelet knows no %s", name, key)
		case !ok:
			return nil, fmt.Errorf("%s: %s is no text", name, key)
		}
		out[key] = text
	}
	return out, nil
}
