// SPDX-License-Identifier: Apache-2.0

package round

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"karpenter.sh/core/cluster/volume"
	"karpenter.sh/core/intake"
	"karpenter.sh/core/intake/storage"
	"karpenter.sh/test/oracle/internal/world"
)

// claimsOf finds the claims of a pod as a reader of the API would.
func claimsOf(w *world.World, pod *corev1.Pod) []storage.Claim {
	var out []storage.Claim
	for i := range pod.Spec.Volumes {
		name, ok := storage.ClaimName(pod, &pod.Spec.Volumes[i])
		if !ok {
			continue
		}
		c := storage.Claim{Key: types.NamespacedName{Namespace: pod.Namespace, Name: name}}
		for _, object := range w.Claims {
			if object.Namespace == pod.Namespace && object.Name == name {
				c.Object = object
			}
		}
		for _, v := range w.Volumes {
			if v.Name == c.VolumeName() {
				c.Volume = v
			}
		}
		for _, class := range w.Classes {
			if class.Name == c.ClassName() {
				c.Class = class
			}
		}
		out = append(out, c)
	}
	return out
}

// volumesOf is what the claims of a pod that waits demand; an error means that
// the pod must not be served.
func volumesOf(w *world.World, pod *corev1.Pod) (intake.Volumes, error) {
	rules, claims := storage.NewRules(world.Vocabulary()), claimsOf(w, pod)
	if err := rules.Validate(claims); err != nil {
		return intake.Volumes{}, err
	}
	return rules.Volumes(claims)
}

// resolution is what the model is told of the volumes of a pod that runs.
func resolution(w *world.World, pod *corev1.Pod) volume.Resolution {
	volumes, err := storage.NewRules(world.Vocabulary()).Volumes(claimsOf(w, pod))
	if err != nil {
		return volume.Resolution{Unresolved: []error{err}}
	}
	return volume.Resolution{Attachments: volumes.Attachments, Settled: true}
}
