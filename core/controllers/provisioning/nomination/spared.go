// SPDX-License-Identifier: Apache-2.0

package nomination

import (
	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/core/objects/pods"
)

// waiting notes who waits: what is to be told depends on all of them (SCH-312).
func (l *ledger) waiting(all []*corev1.Pod) {
	counts, rest := map[pods.Kind]int{}, 0
	for _, pod := range all {
		if kind, ok := pods.KindOf(pod); ok {
			counts[kind]++
		} else {
			rest++
		}
	}
	l.retain(all)
	l.spare(all, counts)
	told := len(all)
	if l.spared != nil {
		told -= counts[*l.spared]
	}
	l.mixed = told <= crowd && len(counts)+rest > 1
}

// spare chooses the kind that is not told: once all others have their places, what is
// left on each node holds as many of it as were planned there, whichever they are. One
// that still waits stays the choice, so that no pod is told today and not tomorrow.
func (l *ledger) spare(all []*corev1.Pod, counts map[pods.Kind]int) {
	if l.spared != nil && counts[*l.spared] > 0 {
		return
	}
	l.spared = nil
	for _, pod := range all {
		kind, ok := pods.KindOf(pod)
		if ok && unconstrained(pod) && (l.spared == nil || counts[kind] > counts[*l.spared]) {
			l.spared = &kind
		}
	}
}

// spares reports whether the pod is of the kind that is not told.
func (l *ledger) spares(pod *corev1.Pod) bool {
	kind, ok := pods.KindOf(pod)
	return ok && l.spared != nil && kind == *l.spared
}

// unconstrained reports whether it does not matter to other pods of the kind where
// one of them goes.
func unconstrained(pod *corev1.Pod) bool {
	a := pod.Spec.Affinity
	return len(pod.Spec.TopologySpreadConstraints) == 0 && (a == nil || a.PodAffinity == nil && a.PodAntiAffinity == nil)
}
