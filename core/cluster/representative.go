// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"maps"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// refresh makes the representative anew and reports whether it differs.
func (s *daemonSet) refresh() bool {
	if s.set == nil {
		return false
	}
	pod := representative(s.set, s.sample)
	if s.representative != nil && equality.Semantic.DeepEqual(&s.representative.Spec, &pod.Spec) {
		return false
	}
	s.representative = pod
	return true
}

// representative is a pod with what counts of a DaemonSet's pods to come
// (SCH-120 to SCH-122): that of a live pod, which admission has completed, or
// else that of the template. What ties a live pod to its node is left out.
func representative(set *appsv1.DaemonSet, sample *corev1.Pod) *corev1.Pod {
	spec := &set.Spec.Template.Spec
	if sample != nil {
		spec = &sample.Spec
	}
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: set.Namespace, Name: set.Name,
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(set, appsv1.SchemeGroupVersion.WithKind("DaemonSet"))},
		},
		Spec: corev1.PodSpec{
			Containers:     spec.Containers,
			InitContainers: spec.InitContainers,
			Overhead:       spec.Overhead,
			Resources:      spec.Resources,
			ResourceClaims: spec.ResourceClaims,
			Tolerations:    spec.Tolerations,
			NodeSelector:   spec.NodeSelector,
			HostNetwork:    spec.HostNetwork,
			Affinity:       requiredAffinity(&set.Spec.Template.Spec, spec),
		},
	}
	if sample == nil {
		pod.Spec.Containers = withDefaultRequests(spec.Containers)
		pod.Spec.InitContainers = withDefaultRequests(spec.InitContainers)
	}
	return pod
}

// requiredAffinity is the required node affinity of the template, else that of
// the live pod without the pin to its node.
func requiredAffinity(template, live *corev1.PodSpec) *corev1.Affinity {
	required := requiredTerms(template)
	if required == nil {
		required = requiredTerms(live)
	}
	if required == nil {
		return nil
	}
	terms := make([]corev1.NodeSelectorTerm, 0, len(required))
	for _, t := range required {
		terms = append(terms, corev1.NodeSelectorTerm{MatchExpressions: t.MatchExpressions})
	}
	return &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{
		RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{NodeSelectorTerms: terms},
	}}
}

func requiredTerms(spec *corev1.PodSpec) []corev1.NodeSelectorTerm {
	if a := spec.Affinity; a != nil && a.NodeAffinity != nil && a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution != nil {
		return a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms
	}
	return nil
}

// withDefaultRequests requests what is limited and not requested, as the API
// server does for pods (SCH-121).
func withDefaultRequests(containers []corev1.Container) []corev1.Container {
	out := make([]corev1.Container, 0, len(containers))
	for _, c := range containers {
		requests := corev1.ResourceList{}
		maps.Copy(requests, c.Resources.Limits)
		maps.Copy(requests, c.Resources.Requests)
		c.Resources.Requests = requests
		out = append(out, c)
	}
	return out
}
