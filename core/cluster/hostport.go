// SPDX-License-Identifier: Apache-2.0

package cluster

import corev1 "k8s.io/api/core/v1"

// HostPort is a port that a pod occupies on its node (LIF-036).
type HostPort struct {
	// IP is as written; unspecified addresses stand for every address.
	IP       string
	Port     int32
	Protocol corev1.Protocol
}

// Conflicts reports whether two pods cannot have both ports on one node.
func (h HostPort) Conflicts(o HostPort) bool {
	return h.Port == o.Port && h.Protocol == o.Protocol &&
		(h.IP == o.IP || h.unspecified() || o.unspecified())
}

func (h HostPort) unspecified() bool { return h.IP == "0.0.0.0" || h.IP == "::" }

// HostPorts are the ports that a pod occupies on its node.
func HostPorts(pod *corev1.Pod) []HostPort { return hostPorts(&pod.Spec) }

func hostPorts(spec *corev1.PodSpec) []HostPort {
	var out []HostPort
	for i := range spec.Containers {
		out = appendPorts(out, &spec.Containers[i])
	}
	for i := range spec.InitContainers {
		// Other init containers are gone before a port could be contested.
		if policy := spec.InitContainers[i].RestartPolicy; policy != nil && *policy == corev1.ContainerRestartPolicyAlways {
			out = appendPorts(out, &spec.InitContainers[i])
		}
	}
	return out
}

func appendPorts(out []HostPort, container *corev1.Container) []HostPort {
	for _, p := range container.Ports {
		if p.HostPort == 0 {
			continue
		}
		h := HostPort{IP: p.HostIP, Port: p.HostPort, Protocol: p.Protocol}
		if h.IP == "" {
			h.IP = "0.0.0.0"
		}
		if h.Protocol == "" {
			h.Protocol = corev1.ProtocolTCP
		}
		out = append(out, h)
	}
	return out
}
