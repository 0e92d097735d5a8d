// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/kwok/apis/v1alpha1"
	"karpenter.sh/test/internal/objects"
	"karpenter.sh/test/internal/timeline"
)

// mixedPods is a multiple of the number of kinds.
const mixedPods = 160

// owners are, by kind of pod, the objects that control the pods: most pods belong to
// a workload, and Karpenter learns from what becomes of others of it (SCH-302).
type owners map[string]metav1.OwnerReference

// kinds of pods of a case.
func (c Case) kinds() []objects.Workload {
	if c.Mixed {
		return mixed()
	}
	return sizes()
}

// pods are those of a case, in the order in which they are created: the kinds take
// turns. They may run on nodes of the benchmark's pool only.
func (c Case) pods(phase string, by owners) []*corev1.Pod {
	kinds := c.kinds()
	out := make([]*corev1.Pod, c.Pods)
	for i := range out {
		pod := kinds[i%len(kinds)].Pod()
		if owner, ok := by[pod.Name]; ok {
			pod.OwnerReferences = []metav1.OwnerReference{owner}
		}
		pod.Name, pod.Namespace = fmt.Sprintf("%s-%s-%05d", phase, pod.Name, i), namespace
		pod.Labels[timeline.Phase] = phase
		selector := map[string]string{v1.NodePoolLabelKey: poolName}
		for key, value := range pod.Spec.NodeSelector {
			selector[key] = value
		}
		pod.Spec.NodeSelector = selector
		pod.Spec.Tolerations = []corev1.Toleration{objects.Tolerate(taint)}
		out[i] = pod
	}
	return out
}

// sizes are pods without constraints.
func sizes() []objects.Workload {
	return []objects.Workload{
		{Name: "tiny", CPU: "250m", Memory: "512Mi"},
		{Name: "small", CPU: "500m", Memory: "1Gi"},
		{Name: "middle", CPU: "1", Memory: "2Gi"},
		{Name: "rich", CPU: "500m", Memory: "4Gi"},
		{Name: "big", CPU: "2", Memory: "4Gi"},
	}
}

// mixed are pods of different sizes and constraints.
func mixed() []objects.Workload {
	only := func(key, value string) map[string]string { return map[string]string{key: value} }
	return []objects.Workload{
		{Name: "plain", CPU: "500m", Memory: "1Gi"},
		{Name: "large", CPU: "3500m", Memory: "8Gi"},
		{Name: "memory", CPU: "1", Memory: "12Gi"},
		spread(objects.Workload{Name: "spread", CPU: "1500m", Memory: "2Gi"}),
		apart(objects.Workload{Name: "apart", CPU: "750m", Memory: "1Gi"}),
		{Name: "arm", CPU: "2", Memory: "4Gi", NodeSelector: only(corev1.LabelArchStable, "arm64")},
		{Name: "family", CPU: "1", Memory: "4Gi", NodeSelector: only(v1alpha1.LabelInstanceFamily, "m")},
		{Name: "zone", CPU: "1200m", Memory: "3Gi", NodeSelector: only(corev1.LabelTopologyZone, "test-zone-b")},
	}
}

// spread keeps a workload's pods even over zones.
func spread(w objects.Workload) objects.Workload {
	w.Change = func(spec *corev1.PodSpec) {
		spec.TopologySpreadConstraints = []corev1.TopologySpreadConstraint{{
			MaxSkew: 1, TopologyKey: corev1.LabelTopologyZone, WhenUnsatisfiable: corev1.DoNotSchedule, LabelSelector: w.Selector(),
		}}
	}
	return w
}

// apart puts no two of a workload's pods on one node.
func apart(w objects.Workload) objects.Workload {
	w.Change = func(spec *corev1.PodSpec) {
		spec.Affinity = &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{
			RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{
				TopologyKey: corev1.LabelHostname, LabelSelector: &metav1.LabelSelector{MatchLabels: w.Selector().MatchLabels},
			}},
		}}
	}
	return w
}
