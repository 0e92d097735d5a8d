// SPDX-License-Identifier: Apache-2.0

package pods

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Kind is what pods have in common that can stand in for each other: the controller
// that made them, and who schedules them in which order.
type Kind struct {
	controller types.UID
	scheduler  string
	priority   int32
}

// KindOf returns the kind of a pod. A pod without controller, or with volumes or
// devices of its own, which may hold it in a place, has none.
func KindOf(pod *corev1.Pod) (Kind, bool) {
	owner := metav1.GetControllerOfNoCopy(pod)
	if owner == nil || hasClaims(pod) {
		return Kind{}, false
	}
	k := Kind{controller: owner.UID, scheduler: pod.Spec.SchedulerName}
	if pod.Spec.Priority != nil {
		k.priority = *pod.Spec.Priority
	}
	return k, true
}

func hasClaims(pod *corev1.Pod) bool {
	for i := range pod.Spec.Volumes {
		if v := &pod.Spec.Volumes[i]; v.PersistentVolumeClaim != nil || v.Ephemeral != nil {
			return true
		}
	}
	return len(pod.Spec.ResourceClaims) > 0
}
