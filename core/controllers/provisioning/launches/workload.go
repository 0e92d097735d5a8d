// SPDX-License-Identifier: Apache-2.0

package launches

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// WorkloadOf is the controller of a pod, or the pod's own name if it has none.
// The Jobs that a CronJob makes are one workload.
func WorkloadOf(pod *corev1.Pod) Workload {
	owner := metav1.GetControllerOf(pod)
	switch {
	case owner == nil:
		return Workload("pod " + pod.Namespace + "/" + pod.Name)
	case owner.Kind == "Job":
		if name, scheduled := cutTime(owner.Name); scheduled {
			return Workload("cronjob " + pod.Namespace + "/" + name)
		}
	}
	return Workload(strings.ToLower(owner.Kind) + " " + string(owner.UID))
}

// timeDigits is how many digits the time has that a CronJob puts into the name of
// a Job: minutes since 1970.
const timeDigits = 8

// cutTime takes off the time that a CronJob puts into the name of a Job.
func cutTime(name string) (string, bool) {
	i := strings.LastIndexByte(name, '-')
	digits := name[i+1:]
	if i < 0 || len(digits) != timeDigits || strings.Trim(digits, "0123456789") != "" {
		return name, false
	}
	return name[:i], true
}

// PodOf is a pod as far as launches are concerned.
func PodOf(pod *corev1.Pod) Pod {
	return Pod{
		NamespacedName: types.NamespacedName{Namespace: pod.Namespace, Name: pod.Name},
		UID:            pod.UID, Workload: WorkloadOf(pod),
	}
}
