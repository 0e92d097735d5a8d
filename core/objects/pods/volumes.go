// SPDX-License-Identifier: Apache-2.0

package pods

import (
	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/core/intake/storage"
)

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
