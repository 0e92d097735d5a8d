// SPDX-License-Identifier: Apache-2.0

package round

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"karpenter.sh/core/cluster/volume"
	"karpenter.sh/core/engine/attach"
	"karpenter.sh/core/intake/storage"
	"karpenter.sh/core/objects/pods"
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
		beside(w, pod, &c)
		out = append(out, c)
	}
	return out
}

// beside finds what else decides about a claim.
func beside(w *world.World, pod *corev1.Pod, c *storage.Claim) {
	for _, node := range w.Nodes {
		if node.Name == c.SelectedName() {
			c.Selected = node
		}
	}
	for _, other := range w.Bound {
		if c.Exclusive() && other.UID != pod.UID && !pods.Terminal(other) && other.Namespace == pod.Namespace &&
			slices.ContainsFunc(other.Spec.Volumes, func(v corev1.Volume) bool {
				return v.PersistentVolumeClaim != nil && v.PersistentVolumeClaim.ClaimName == c.Key.Name
			}) {
			c.User = other.Namespace + "/" + other.Name
		}
	}
	if c.Class == nil {
		return
	}
	for _, v := range w.Volumes {
		if v.Spec.StorageClassName == c.Class.Name && v.Status.Phase != corev1.VolumeBound {
			c.Candidates = append(c.Candidates, v)
		}
	}
	for _, driver := range w.Drivers {
		c.Tracked = c.Tracked || driver.Name == c.Class.Provisioner && *driver.Spec.StorageCapacity
	}
	for _, room := range w.Room {
		if room.StorageClassName == c.Class.Name {
			c.Room = append(c.Room, room)
		}
	}
}

// resolution is what the model is told of the volumes of a pod that runs: who
// attaches them, wherever they are to be.
func resolution(w *world.World, pod *corev1.Pod) volume.Resolution {
	out := volume.Resolution{Settled: true}
	for _, c := range claimsOf(w, pod) {
		driver, err := storage.NewDrivers().Of(c)
		if err != nil {
			out.Unresolved = append(out.Unresolved, err)
		}
		if driver != "" {
			out.Attachments = append(out.Attachments, attach.Attachment{Driver: driver, Claim: c.Key.String()})
		}
	}
	return out
}
