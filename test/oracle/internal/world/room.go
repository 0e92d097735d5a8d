// SPDX-License-Identifier: Apache-2.0

package world

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/component-helpers/resource"
	scheduling "k8s.io/component-helpers/scheduling/corev1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"
	"k8s.io/klog/v2"
)

// Fits reports whether a node has room for a pod beside those bound to it.
func Fits(pod *corev1.Pod, node *corev1.Node, bound []*corev1.Pod) bool {
	free := node.Status.Allocatable.DeepCopy()
	take := func(p *corev1.Pod) {
		for name, q := range resource.PodRequests(p, resource.PodResourcesOptions{}) {
			left := free[name]
			left.Sub(q)
			free[name] = left
		}
		left := free[corev1.ResourcePods]
		left.Sub(*count(1))
		free[corev1.ResourcePods] = left
	}
	for _, p := range bound {
		if p.Spec.NodeName == node.Name && p.Status.Phase == corev1.PodRunning {
			take(p)
		}
	}
	take(pod)
	for _, q := range free {
		if q.Sign() < 0 {
			return false
		}
	}
	return true
}

// RunsOn reports whether the controller of DaemonSets makes a daemon for a node.
func RunsOn(daemon *corev1.Pod, node *corev1.Node) bool {
	match, err := nodeaffinity.GetRequiredNodeAffinity(daemon).Match(node)
	if err != nil || !match {
		return false
	}
	_, repelled := scheduling.FindMatchingUntoleratedTaint(klog.Background(), node.Spec.Taints, withDaemonTolerations(daemon.Spec.Tolerations),
		func(t *corev1.Taint) bool { return t.Effect != corev1.TaintEffectPreferNoSchedule }, false)
	return !repelled
}

// withDaemonTolerations adds what the controller of DaemonSets adds, as far as
// this world has such taints.
func withDaemonTolerations(own []corev1.Toleration) []corev1.Toleration {
	return append([]corev1.Toleration{{Key: corev1.TaintNodeNotReady, Operator: corev1.TolerationOpExists}}, own...)
}
