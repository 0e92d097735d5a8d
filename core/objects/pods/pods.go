// SPDX-License-Identifier: Apache-2.0

package pods

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/engine/drain"
)

// Provisionable reports whether the pod waits for capacity: some scheduler
// found no place for it (SCH-001). Whether its nomination to a node is to be waited
// for depends on that node (SCH-314). Scheduler name, priority and namespace do not
// matter (SCH-003).
func Provisionable(pod *corev1.Pod) bool {
	return failedToSchedule(pod) && pod.Spec.NodeName == "" &&
		!OwnedByDaemonSet(pod) && !OwnedByNode(pod) && Active(pod)
}

func failedToSchedule(pod *corev1.Pod) bool {
	return slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodScheduled && c.Reason == corev1.PodReasonUnschedulable
	})
}

// Unexamined reports whether the pod wants a node and no scheduler has said anything
// of it yet (SCH-008).
func Unexamined(pod *corev1.Pod) bool {
	said := slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool { return c.Type == corev1.PodScheduled })
	return !said && pod.Spec.NodeName == "" && len(pod.Spec.SchedulingGates) == 0 &&
		!OwnedByDaemonSet(pod) && !OwnedByNode(pod) && Active(pod)
}

// Terminal reports whether the pod has run to its end.
func Terminal(pod *corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
}

// Terminating reports whether the pod's deletion was requested.
func Terminating(pod *corev1.Pod) bool { return pod.DeletionTimestamp != nil }

// Active reports whether the pod is neither terminal nor terminating (SCH-005).
func Active(pod *corev1.Pod) bool { return !Terminal(pod) && !Terminating(pod) }

// Reschedulable reports whether the pod, or the successor its StatefulSet will
// create, needs another place when its node goes away (SCH-005).
func Reschedulable(pod *corev1.Pod) bool {
	return (Active(pod) || Terminating(pod) && ownedBy(pod, "apps/v1", "StatefulSet")) &&
		!OwnedByDaemonSet(pod) && !OwnedByNode(pod)
}

// Protected reports whether a do-not-disrupt annotation is in force at the
// time given.
func Protected(pod *corev1.Pod, now time.Time) bool {
	return Protection(pod).Active(Started(pod), now)
}

// Protection is the meaning of the pod's do-not-disrupt annotation.
func Protection(pod *corev1.Pod) drain.Protection {
	value, annotated := pod.Annotations[v1.DoNotDisruptAnnotationKey]
	if !annotated {
		return drain.Protection{}
	}
	return drain.ParseProtection(value)
}

// Started is the start time; zero while the kubelet has not accepted the pod.
func Started(pod *corev1.Pod) time.Time {
	if pod.Status.StartTime == nil {
		return time.Time{}
	}
	return pod.Status.StartTime.Time
}

// OwnedByDaemonSet reports whether some owner is an apps/v1 DaemonSet; every
// owner reference counts (SCH-002).
func OwnedByDaemonSet(pod *corev1.Pod) bool { return ownedBy(pod, "apps/v1", "DaemonSet") }

// OwnedByNode reports whether the pod is a mirror of a static one.
func OwnedByNode(pod *corev1.Pod) bool { return ownedBy(pod, "v1", "Node") }

func ownedBy(pod *corev1.Pod, apiVersion, kind string) bool {
	for i := range pod.OwnerReferences {
		if pod.OwnerReferences[i].Kind == kind && pod.OwnerReferences[i].APIVersion == apiVersion {
			return true
		}
	}
	return false
}
