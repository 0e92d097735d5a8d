// SPDX-License-Identifier: Apache-2.0

package pods

import (
	"time"

	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/core/engine/drain"
	"karpenter.sh/core/engine/taint"
)

// ForDrain returns what draining must know of the pod (LIF-140).
func ForDrain(pod *corev1.Pod) drain.Pod {
	p := drain.Pod{
		Terminal:    Terminal(pod),
		Mirror:      OwnedByNode(pod),
		Daemon:      OwnedByDaemonSet(pod),
		Critical:    critical(pod),
		Tolerations: tolerations(pod),
		Protection:  Protection(pod),
		Started:     Started(pod),
	}
	if pod.DeletionTimestamp != nil {
		p.Deletion = pod.DeletionTimestamp.Time
	}
	if seconds := pod.Spec.TerminationGracePeriodSeconds; seconds != nil {
		p.Grace, p.HasGrace = time.Duration(*seconds)*time.Second, true
	}
	return p
}

func critical(pod *corev1.Pod) bool {
	class := pod.Spec.PriorityClassName
	return class == "system-cluster-critical" || class == "system-node-critical"
}

func tolerations(pod *corev1.Pod) taint.Tolerations {
	out := make(taint.Tolerations, len(pod.Spec.Tolerations))
	for i, t := range pod.Spec.Tolerations {
		out[i] = taint.Toleration{
			Key: t.Key, Operator: taint.TolerationOperator(t.Operator), Value: t.Value, Effect: taint.Effect(t.Effect),
		}
	}
	return out
}
