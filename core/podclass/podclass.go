// SPDX-License-Identifier: Apache-2.0

package podclass

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/engine/drain"
	"karpenter.sh/core/engine/taint"
	"karpenter.sh/core/intake/storage"
)

// Terminal reports whether the pod has ended.
func Terminal(pod *corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
}

// Terminating reports whether the deletion of the pod was requested.
func Terminating(pod *corev1.Pod) bool {
	return pod.DeletionTimestamp != nil
}

// Active reports whether the pod is neither terminal nor terminating.
func Active(pod *corev1.Pod) bool {
	return !Terminal(pod) && !Terminating(pod)
}

// OfDaemonSet reports whether a DaemonSet owns the pod.
func OfDaemonSet(pod *corev1.Pod) bool {
	return ownedBy(pod, "apps/v1", "DaemonSet")
}

// Mirror reports whether the pod stands for a static pod of a kubelet.
func Mirror(pod *corev1.Pod) bool {
	return ownedBy(pod, "v1", "Node")
}

// Reschedulable reports whether the pod will need another node when its node
// goes (SCH-005). A terminating pod of a StatefulSet counts: its successor
// appears only once it is gone.
func Reschedulable(pod *corev1.Pod) bool {
	stays := Active(pod) || (Terminating(pod) && ownedBy(pod, "apps/v1", "StatefulSet"))
	return stays && !OfDaemonSet(pod) && !Mirror(pod)
}

func ownedBy(pod *corev1.Pod, apiVersion, kind string) bool {
	return slices.ContainsFunc(pod.OwnerReferences, func(o metav1.OwnerReference) bool {
		return o.APIVersion == apiVersion && o.Kind == kind
	})
}

// ForDrain returns what draining must know of the pod.
func ForDrain(pod *corev1.Pod) drain.Pod {
	p := drain.Pod{
		Terminal:    Terminal(pod),
		Mirror:      Mirror(pod),
		Daemon:      OfDaemonSet(pod),
		Critical:    critical(pod),
		Tolerations: tolerations(pod),
		Protection:  protection(pod),
	}
	if pod.DeletionTimestamp != nil {
		p.Deletion = pod.DeletionTimestamp.Time
	}
	if pod.Status.StartTime != nil {
		p.Started = pod.Status.StartTime.Time
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

func protection(pod *corev1.Pod) drain.Protection {
	value, ok := pod.Annotations[v1.DoNotDisruptAnnotationKey]
	if !ok {
		return drain.Protection{}
	}
	return drain.ParseProtection(value)
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

// VolumeClaims returns the names of the volume claims that the pod uses, in its
// namespace. The claim of an ephemeral volume is named after pod and volume.
func VolumeClaims(pod *corev1.Pod) []string {
	var names []string
	for i := range pod.Spec.Volumes {
		if name, ok := storage.ClaimName(pod, &pod.Spec.Volumes[i]); ok {
			names = append(names, name)
		}
	}
	return names
}
