// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cluster/volume"
	"karpenter.sh/core/engine/attach"
	"karpenter.sh/core/engine/hostport"
	"karpenter.sh/core/engine/resource"
	"karpenter.sh/core/intake"
	"karpenter.sh/core/objects/pods"
)

// Pod is a pod that counts on a node, with what it takes there. It is immutable
// and shared; so is the object it wraps.
type Pod struct {
	*corev1.Pod
	// Requests are effective (SCH-040), with 1 pod. Limits add up likewise.
	Requests, Limits resource.Vector
	// Daemon pods belong to a DaemonSet.
	Daemon bool
	// EvictionCost is what moving the pod costs (DIS-042); see
	// [Pod.Reschedulable].
	EvictionCost float64
	HostPorts    hostport.Ports
	// Volumes are the claims whose driver is known.
	Volumes []attach.Attachment

	static       bool // belongs to its node
	settled      bool // the volumes need no second look
	antiAffinity bool
}

// Key is the namespaced name.
func (p *Pod) Key() types.NamespacedName { return podKey(p.Pod) }

func podKey(pod *corev1.Pod) types.NamespacedName {
	return types.NamespacedName{Namespace: pod.Namespace, Name: pod.Name}
}

// Reschedulable reports whether the pod comes back elsewhere when its node is
// emptied (SCH-005).
func (p *Pod) Reschedulable() bool { return pods.Reschedulable(p.Pod) }

// counts reports whether a pod counts on a node (LIF-030).
func counts(pod *corev1.Pod) bool { return pod.Spec.NodeName != "" && !pods.Terminal(pod) }

// newPod compiles a pod. Amounts that did not change are taken from the version
// before, so that they are shared.
func newPod(c *intake.Compiler, pod *corev1.Pod, volumes volume.Resolution, before *Pod) *Pod {
	p := &Pod{
		Pod:          pod,
		Requests:     c.Requests(pod),
		Limits:       c.PodLimits(pod),
		Daemon:       pods.OwnedByDaemonSet(pod),
		static:       pods.OwnedByNode(pod),
		HostPorts:    intake.HostPorts(&pod.Spec),
		Volumes:      volumes.Attachments,
		settled:      volumes.Settled,
		antiAffinity: hasAntiAffinity(&pod.Spec),
	}
	p.EvictionCost, _ = EvictionCost(pod)
	if before != nil && before.Requests.Equal(p.Requests) {
		p.Requests = before.Requests
	}
	if before != nil && before.Limits.Equal(p.Limits) {
		p.Limits = before.Limits
	}
	return p
}

func hasAntiAffinity(spec *corev1.PodSpec) bool {
	return spec.Affinity != nil && spec.Affinity.PodAntiAffinity != nil &&
		len(spec.Affinity.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution) > 0
}

// sameDisruption reports whether two versions of a pod stand in the way of
// disruption alike (DIS-101).
func sameDisruption(a, b *Pod) bool {
	return a.UID == b.UID && a.EvictionCost == b.EvictionCost && a.Reschedulable() == b.Reschedulable() &&
		a.Annotations[v1.DoNotDisruptAnnotationKey] == b.Annotations[v1.DoNotDisruptAnnotationKey]
}
