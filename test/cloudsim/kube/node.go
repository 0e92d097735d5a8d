// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"maps"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"karpenter.sh/test/cloudsim/join"
)

// kwok manages a Node that has this annotation, or the labels of [Options].
const (
	annotationFake = "kwok.x-k8s.io/node"
	valueFake      = "fake"
)

// NodeOf is the Node of a machine, with the labels by which kwok manages it. An error
// names the setting for which the kubelet would not start.
func NodeOf(n join.Node, kwok map[string]string) (*corev1.Node, error) {
	capacity := capacityOf(n)
	allocatable, err := allocatableOf(n, capacity)
	if err != nil {
		return nil, err
	}
	m := n.Machine
	node := &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{
			Name: m.NodeName, Labels: labelsOf(n), Annotations: map[string]string{annotationFake: valueFake},
		},
		Spec: corev1.NodeSpec{ProviderID: m.ProviderID, Taints: taintsOf(n)},
		Status: corev1.NodeStatus{
			Capacity: capacity, Allocatable: allocatable, Phase: corev1.NodePending,
			Addresses: []corev1.NodeAddress{
				{Type: corev1.NodeInternalIP, Address: m.Address},
				{Type: corev1.NodeInternalDNS, Address: m.NodeName},
				{Type: corev1.NodeHostName, Address: m.NodeName},
			},
			NodeInfo: corev1.NodeSystemInfo{Architecture: m.Architecture, OperatingSystem: "linux"},
		},
	}
	maps.Copy(node.Labels, kwok)
	return node, nil
}

// labelsOf: those of the boot data win over the kubelet's own, the cloud's over both.
func labelsOf(n join.Node) map[string]string {
	m := n.Machine
	labels := map[string]string{
		corev1.LabelHostname: m.NodeName, corev1.LabelOSStable: "linux", corev1.LabelArchStable: m.Architecture,
		"beta.kubernetes.io/os": "linux", "beta.kubernetes.io/arch": m.Architecture,
	}
	maps.Copy(labels, n.Labels)
	maps.Copy(labels, map[string]string{
		corev1.LabelInstanceTypeStable: m.Type, corev1.LabelInstanceType: m.Type,
		corev1.LabelTopologyZone: m.Zone, corev1.LabelFailureDomainBetaZone: m.Zone,
		corev1.LabelTopologyRegion: m.Region, corev1.LabelFailureDomainBetaRegion: m.Region,
	})
	return labels
}

func taintsOf(n join.Node) []corev1.Taint {
	var taints []corev1.Taint
	for _, t := range n.Taints {
		taints = append(taints, corev1.Taint{Key: t.Key, Value: t.Value, Effect: corev1.TaintEffect(t.Effect)})
	}
	return taints
}
