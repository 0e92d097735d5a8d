// SPDX-License-Identifier: Apache-2.0

package intake

import (
	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/core/engine/hostport"
)

// HostPorts are the ports that a pod takes of its node: those of its containers
// and sidecars; other init containers are gone before a port could be contested
// (SCH-100, LIF-036).
func HostPorts(spec *corev1.PodSpec) hostport.Ports {
	var out hostport.Ports
	for i := range spec.Containers {
		out = appendPorts(out, &spec.Containers[i])
	}
	for i := range spec.InitContainers {
		if restartable(&spec.InitContainers[i]) {
			out = appendPorts(out, &spec.InitContainers[i])
		}
	}
	return out
}

func appendPorts(out hostport.Ports, ctr *corev1.Container) hostport.Ports {
	for _, p := range ctr.Ports {
		if p.HostPort == 0 {
			continue
		}
		h := hostport.Port{IP: p.HostIP, Number: p.HostPort, Protocol: string(p.Protocol)}
		if h.IP == "" {
			h.IP = "0.0.0.0"
		}
		if h.Protocol == "" {
			h.Protocol = string(corev1.ProtocolTCP)
		}
		out = append(out, h)
	}
	return out
}
