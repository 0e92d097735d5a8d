// SPDX-License-Identifier: Apache-2.0

package intake

import (
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// DefaultSpread gives a pod without spread constraints of its own those of the
// cluster, or none. It must not change the pod (SCH-171).
type DefaultSpread func(*corev1.Pod) []corev1.TopologySpreadConstraint

// WithDefaultSpread makes pods without spread constraints of their own obey the
// cluster's. Call it before the first pod is added.
func (r *Round) WithDefaultSpread(of DefaultSpread) *Round {
	r.defaults = of
	return r
}

// spreads are the spread constraints that a pod obeys.
type spreads struct {
	constraints []corev1.TopologySpreadConstraint
	// byDefault: they are the cluster's, not the pod's own.
	byDefault bool
}

func (r *Round) spreads(pod *corev1.Pod) spreads {
	if own := pod.Spec.TopologySpreadConstraints; len(own) > 0 || r.defaults == nil {
		return spreads{own, false}
	}
	given := r.defaults(pod)
	return spreads{given, len(given) > 0}
}

// Siblings is what is known of the pods that a pod belongs with.
type Siblings struct {
	// Services are the selectors of the Services in the pod's namespace, in
	// the order of their names; nil ones select nothing.
	Services []map[string]string
	// Replicated is the selector of the pod's ReplicationController.
	Replicated map[string]string
	// Controlled is the selector of the pod's ReplicaSet or StatefulSet.
	Controlled *metav1.LabelSelector
}

// SpreadOf copies the cluster's default constraints for a pod, with the selector
// deduced from its siblings; none if there are no siblings (SCH-172).
func SpreadOf(defaults []corev1.TopologySpreadConstraint, pod *corev1.Pod, s Siblings) []corev1.TopologySpreadConstraint {
	selector := s.selector(pod)
	if selector == nil {
		return nil
	}
	out := make([]corev1.TopologySpreadConstraint, len(defaults))
	for i := range defaults {
		out[i] = defaults[i]
		out[i].LabelSelector = selector
	}
	return out
}

// selector is nil if nothing is known to select the pod. Labels of Services
// overwrite each other and a ReplicationController's overwrite theirs; what a
// ReplicaSet or StatefulSet demands is demanded besides.
func (s Siblings) selector(pod *corev1.Pod) *metav1.LabelSelector {
	out := &metav1.LabelSelector{MatchLabels: map[string]string{}}
	for _, service := range s.Services {
		if service != nil && labels.SelectorFromSet(service).Matches(labels.Set(pod.Labels)) {
			maps.Copy(out.MatchLabels, service)
		}
	}
	maps.Copy(out.MatchLabels, s.Replicated)
	if s.Controlled != nil {
		out.MatchExpressions = expressionsOf(s.Controlled)
	}
	if len(out.MatchLabels)+len(out.MatchExpressions) == 0 {
		return nil
	}
	return out
}

// expressionsOf is a selector in expressions only, in a fixed order.
func expressionsOf(s *metav1.LabelSelector) []metav1.LabelSelectorRequirement {
	out := make([]metav1.LabelSelectorRequirement, 0, len(s.MatchLabels)+len(s.MatchExpressions))
	for _, key := range slices.Sorted(maps.Keys(s.MatchLabels)) {
		out = append(out, metav1.LabelSelectorRequirement{
			Key: key, Operator: metav1.LabelSelectorOpIn, Values: []string{s.MatchLabels[key]},
		})
	}
	return append(out, s.MatchExpressions...)
}
