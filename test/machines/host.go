// SPDX-License-Identifier: Apache-2.0

package machines

import (
	"cmp"
	"maps"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	kwok "karpenter.sh/kwok/apis/v1alpha1"
	"karpenter.sh/test/machines/v1alpha1"
)

const (
	// idPrefix begins every provider ID; namespace and name of the FakeMachine follow.
	idPrefix = "fakemachine://"
	// partition is the one whose Nodes kwok plays.
	partition = "a"

	defaultArchitecture = "amd64"
	operatingSystem     = "linux"
)

// Due is what a host should have come to.
type Due struct {
	// Failed: it has said that it will never serve.
	Failed bool
	// Provisioned: it exists and has a provider ID.
	Provisioned bool
	// Joined: its Node is there.
	Joined bool
	// Next is when that changes by time alone; 0 if it does not.
	Next time.Duration
}

// DueAt says what a host should have come to at a time.
func DueAt(m *v1alpha1.FakeMachine, now time.Time) Due {
	switch m.Spec.Fault {
	case v1alpha1.Fails:
		return Due{Failed: true}
	case v1alpha1.Hangs:
		return Due{}
	}
	exists := m.CreationTimestamp.Add(m.Spec.Provisioning.Duration)
	joins := exists.Add(m.Spec.Boot.Duration)
	switch {
	case now.Before(exists):
		return Due{Next: exists.Sub(now)}
	case m.Spec.Fault == v1alpha1.NeverJoins || vanished(m):
		return Due{Provisioned: true}
	case now.Before(joins):
		return Due{Provisioned: true, Next: joins.Sub(now)}
	}
	return Due{Provisioned: true, Joined: true}
}

// ProviderID is the one that a host has or will have.
func ProviderID(m *v1alpha1.FakeMachine) string { return idPrefix + m.Namespace + "/" + m.Name }

// NodeOf is what a host registers as, with the kubelet of a version.
func NodeOf(m *v1alpha1.FakeMachine, version string) *corev1.Node {
	architecture := cmp.Or(m.Spec.Architecture, defaultArchitecture)
	labels := map[string]string{
		corev1.LabelHostname: m.Name, corev1.LabelOSStable: operatingSystem, corev1.LabelArchStable: architecture,
	}
	maps.Copy(labels, m.Spec.Labels)
	labels[kwok.LabelPartition] = partition
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{
			Name: m.Name, Labels: labels, Annotations: map[string]string{kwok.KeyFakeNode: kwok.FakeNode},
		},
		Spec: corev1.NodeSpec{ProviderID: ProviderID(m), Taints: slices.Clone(m.Spec.Taints)},
		Status: corev1.NodeStatus{
			Capacity: m.Spec.Capacity.DeepCopy(), Allocatable: less(m.Spec.Capacity, m.Spec.Reserved),
			Phase:    corev1.NodePending,
			NodeInfo: corev1.NodeSystemInfo{Architecture: architecture, OperatingSystem: operatingSystem, KubeletVersion: version},
		},
	}
}

// less is what remains of resources.
func less(capacity, reserved corev1.ResourceList) corev1.ResourceList {
	left := capacity.DeepCopy()
	for name, kept := range reserved {
		quantity, found := left[name]
		if !found {
			continue
		}
		quantity.Sub(kept)
		if quantity.Sign() < 0 {
			quantity.Set(0)
		}
		left[name] = quantity
	}
	return left
}

func vanished(m *v1alpha1.FakeMachine) bool {
	_, found := m.Annotations[v1alpha1.AnnotationVanished]
	return found
}
