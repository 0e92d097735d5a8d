// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"slices"
	"strconv"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"karpenter.sh/core/intake"
	"karpenter.sh/core/intake/admission"
)

// refresh makes the representative anew and reports whether it differs.
func (s *daemonSet) refresh(rules admission.Rules) bool {
	if s.set == nil {
		return false
	}
	pod := representative(s.set, s.sample, rules)
	if sameDaemon(s.representative, pod) {
		return false
	}
	s.representative = pod
	return true
}

func sameDaemon(a, b *corev1.Pod) bool {
	if a == nil || b == nil {
		return a == b
	}
	return equality.Semantic.DeepEqual(&a.Spec, &b.Spec) && equality.Semantic.DeepEqual(a.Labels, b.Labels)
}

// representative is a pod with what counts of a DaemonSet's pods to come
// (SCH-120 to SCH-122): that of a live pod, which admission has completed, unless
// the template has changed since, or else that of the template, completed as
// admission would. What ties a live pod to its node is left out. There is none if
// the API server would refuse such pods.
func representative(set *appsv1.DaemonSet, sample *corev1.Pod, rules admission.Rules) *corev1.Pod {
	template := &set.Spec.Template.Spec
	var spec corev1.PodSpec
	var err error
	var admitted []corev1.NodeSelectorTerm
	if sample != nil && isCurrent(sample, set) {
		spec, err = rules.OfPod(sample)
		admitted = unpinned(intake.RequiredTerms(&spec))
	} else {
		spec, err = rules.OfTemplate(template)
	}
	if err != nil {
		return nil
	}
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: set.Namespace, Name: set.Name,
			Labels:          set.Spec.Template.Labels,
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
			Affinity:       requiring(both(unnamed(intake.RequiredTerms(template)), admitted)),
		},
	}
}

// isCurrent reports whether a pod was made from the template that the DaemonSet
// has now, as far as can be known: the API server counts the templates, and pods
// carry the count.
func isCurrent(pod *corev1.Pod, set *appsv1.DaemonSet) bool {
	now, err := strconv.ParseInt(set.Annotations[appsv1.DeprecatedTemplateGeneration], 10, 64)
	if err != nil {
		return true
	}
	then, err := strconv.ParseInt(pod.Labels[templateGeneration], 10, 64)
	return err != nil || then >= now
}

// templateGeneration is the label with the count of the template that a daemon
// pod was made from.
const templateGeneration = "pod-template-generation"

// unpinned are the terms of a live pod without the pin to its node, which the
// DaemonSet controller puts in place of those of the template. A term that is the
// pin alone admits every node, and with it any terms that it is an alternative to;
// one that was empty before admits none, and stays.
func unpinned(live []corev1.NodeSelectorTerm) []corev1.NodeSelectorTerm {
	out := make([]corev1.NodeSelectorTerm, 0, len(live))
	for _, t := range live {
		if len(t.MatchFields) > 0 && len(t.MatchExpressions) == 0 {
			return nil
		}
		out = append(out, corev1.NodeSelectorTerm{MatchExpressions: t.MatchExpressions})
	}
	return out
}

// unnamed are the terms of a template for nodes to come: those that name a node
// admit none of them, and those that name one to keep away from admit all.
func unnamed(template []corev1.NodeSelectorTerm) []corev1.NodeSelectorTerm {
	open := slices.DeleteFunc(slices.Clone(template), func(t corev1.NodeSelectorTerm) bool {
		return slices.ContainsFunc(t.MatchFields, func(r corev1.NodeSelectorRequirement) bool { return r.Operator == corev1.NodeSelectorOpIn })
	})
	if len(open) == 0 && len(template) > 0 {
		return nowhere()
	}
	return unpinned(open)
}

// nowhere admits no node.
func nowhere() []corev1.NodeSelectorTerm { return []corev1.NodeSelectorTerm{{}} }

// both are the terms that say what two lists of terms say together. No terms say
// nothing. Terms that one list repeats of the other are taken once.
func both(template, admitted []corev1.NodeSelectorTerm) []corev1.NodeSelectorTerm {
	if len(template) == 0 || equality.Semantic.DeepEqual(template, admitted) {
		return admitted
	}
	if len(admitted) == 0 {
		return template
	}
	out := make([]corev1.NodeSelectorTerm, 0, len(template)*len(admitted))
	for _, a := range template {
		for _, b := range admitted {
			if len(a.MatchExpressions) > 0 && len(b.MatchExpressions) > 0 {
				out = append(out, corev1.NodeSelectorTerm{MatchExpressions: slices.Concat(a.MatchExpressions, b.MatchExpressions)})
			}
		}
	}
	if len(out) == 0 {
		return nowhere()
	}
	return out
}

func requiring(terms []corev1.NodeSelectorTerm) *corev1.Affinity {
	if len(terms) == 0 {
		return nil
	}
	return &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{
		RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{NodeSelectorTerms: terms},
	}}
}
