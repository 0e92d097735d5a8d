// SPDX-License-Identifier: Apache-2.0

package scheduling

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/klog/v2"
	fwk "k8s.io/kube-scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/framework"
)

// nominator knows the pods for which room was made, by node.
type nominator struct{ nominated map[string][]*corev1.Pod }

var _ fwk.PodNominator = (*nominator)(nil)

// AddNominatedPod implements fwk.PodNominator; what pods say of themselves counts.
func (*nominator) AddNominatedPod(klog.Logger, fwk.PodInfo, *fwk.NominatingInfo) {}

// DeleteNominatedPodIfExists implements fwk.PodNominator.
func (n *nominator) DeleteNominatedPodIfExists(pod *corev1.Pod) {
	name := pod.Status.NominatedNodeName
	var left []*corev1.Pod
	for _, p := range n.nominated[name] {
		if p.UID != pod.UID {
			left = append(left, p)
		}
	}
	n.nominated[name] = left
}

// UpdateNominatedPod implements fwk.PodNominator.
func (*nominator) UpdateNominatedPod(klog.Logger, *corev1.Pod, fwk.PodInfo) {}

// NominatedPodsForNode implements fwk.PodNominator.
func (n *nominator) NominatedPodsForNode(node string) []fwk.PodInfo {
	var out []fwk.PodInfo
	for _, pod := range n.nominated[node] {
		if info, err := framework.NewPodInfo(pod); err == nil {
			out = append(out, info)
		}
	}
	return out
}
