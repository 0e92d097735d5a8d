// SPDX-License-Identifier: Apache-2.0

package intake_test

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/core/engine/hostport"
	"karpenter.sh/core/intake"
)

// LIF-036, SCH-100
func TestHostPorts(t *testing.T) {
	ports := func(ps ...corev1.ContainerPort) corev1.Container { return corev1.Container{Ports: ps} }
	beside := sidecar("s", nil)
	beside.Ports = []corev1.ContainerPort{{HostPort: 83}}
	spec := corev1.PodSpec{
		Containers: []corev1.Container{ports(
			corev1.ContainerPort{HostPort: 80},
			corev1.ContainerPort{ContainerPort: 81},
			corev1.ContainerPort{HostPort: 82, HostIP: "10.0.0.1", Protocol: corev1.ProtocolUDP},
		)},
		InitContainers: []corev1.Container{beside, ports(corev1.ContainerPort{HostPort: 84})},
	}
	want := hostport.Ports{
		{IP: "0.0.0.0", Number: 80, Protocol: "TCP"},
		{IP: "10.0.0.1", Number: 82, Protocol: "UDP"},
		{IP: "0.0.0.0", Number: 83, Protocol: "TCP"},
	}
	if got := intake.HostPorts(&spec); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
