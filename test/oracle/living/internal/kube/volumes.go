// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	corev1helpers "k8s.io/component-helpers/scheduling/corev1"

	"karpenter.sh/core/engine/label"
	"karpenter.sh/test/oracle/living/internal/store"
)

// Static is the provisioner of classes whose volumes somebody has made.
const Static = "kubernetes.io/no-provisioner"

// claim makes the claim of a pod of a StatefulSet, which outlives the pod.
func (k *Kube) claim(w *Workload, pod string) {
	if w.ClaimClass == "" {
		return
	}
	key := types.NamespacedName{Namespace: w.Namespace, Name: "data-" + pod}
	if _, ok := store.Get[*corev1.PersistentVolumeClaim](k.store, key); ok {
		return
	}
	k.fail(k.store.Create(&corev1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: key.Name},
		Spec:       corev1.PersistentVolumeClaimSpec{StorageClassName: &w.ClaimClass, AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}},
		Status:     corev1.PersistentVolumeClaimStatus{Phase: corev1.ClaimPending},
	}))
}

// Admits says whether the claims of a pod let it go to a node: where their
// volumes are, or where some can be had.
func (k *Kube) Admits(pod *corev1.Pod, node *corev1.Node) (why string, ok bool) {
	for _, c := range k.claimsOf(pod) {
		if c == nil {
			return "a claim does not exist", false
		}
		if c.Spec.VolumeName != "" {
			pv, ok := store.Get[*corev1.PersistentVolume](k.store, types.NamespacedName{Name: c.Spec.VolumeName})
			if !ok || !reachable(pv, node) {
				return "the volume of claim " + c.Name + " is elsewhere", false
			}
			continue
		}
		class, ok := store.Get[*storagev1.StorageClass](k.store, types.NamespacedName{Name: *c.Spec.StorageClassName})
		if !ok {
			return "claim " + c.Name + " has no class", false
		}
		if class.Provisioner == Static && k.free(class, node) == nil {
			return "no volume for claim " + c.Name, false
		}
	}
	return "", true
}

func (k *Kube) claimsOf(pod *corev1.Pod) []*corev1.PersistentVolumeClaim {
	var out []*corev1.PersistentVolumeClaim
	for _, v := range pod.Spec.Volumes {
		if source := v.PersistentVolumeClaim; source != nil {
			c, _ := store.Get[*corev1.PersistentVolumeClaim](k.store, types.NamespacedName{Namespace: pod.Namespace, Name: source.ClaimName})
			out = append(out, c)
		}
	}
	return out
}

func reachable(pv *corev1.PersistentVolume, node *corev1.Node) bool {
	if pv.Spec.NodeAffinity == nil || pv.Spec.NodeAffinity.Required == nil {
		return true
	}
	ok, err := corev1helpers.MatchNodeSelectorTerms(node, pv.Spec.NodeAffinity.Required)
	return ok && err == nil
}

// free is a volume of a class that nobody has and the node reaches.
func (k *Kube) free(class *storagev1.StorageClass, node *corev1.Node) *corev1.PersistentVolume {
	all := store.All[*corev1.PersistentVolume](k.store)
	i := slices.IndexFunc(all, func(pv *corev1.PersistentVolume) bool {
		return pv.Spec.StorageClassName == class.Name && pv.Spec.ClaimRef == nil && reachable(pv, node)
	})
	if i < 0 {
		return nil
	}
	return all[i]
}

// bindVolumes gives the claims of a pod their volumes, where the pod goes.
func (k *Kube) bindVolumes(pod *corev1.Pod, nodeName string) {
	node, ok := store.Get[*corev1.Node](k.store, types.NamespacedName{Name: nodeName})
	if !ok {
		return
	}
	for _, c := range k.claimsOf(pod) {
		if c.Spec.VolumeName != "" {
			continue
		}
		class, _ := store.Get[*storagev1.StorageClass](k.store, types.NamespacedName{Name: *c.Spec.StorageClassName})
		name := ""
		if class.Provisioner == Static {
			name = k.free(class, node).Name
		} else {
			name = fmt.Sprintf("pv-%s-%s", c.Namespace, c.Name)
			k.fail(k.store.Create(Volume(name, class.Name, node.Labels[label.Zone])))
		}
		store.Change(k.store, types.NamespacedName{Name: name}, func(pv *corev1.PersistentVolume) {
			pv.Spec.ClaimRef = &corev1.ObjectReference{Namespace: c.Namespace, Name: c.Name, UID: c.UID}
		})
		store.Change(k.store, types.NamespacedName{Namespace: c.Namespace, Name: c.Name}, func(c *corev1.PersistentVolumeClaim) {
			c.Annotations = map[string]string{"pv.kubernetes.io/bind-completed": "yes"}
			c.Spec.VolumeName, c.Status.Phase = name, corev1.ClaimBound
		})
	}
}

// Volume is a volume in a zone, which it says twice as volumes do.
func Volume(name, class, zone string) *corev1.PersistentVolume {
	return &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{label.Zone: zone}},
		Spec: corev1.PersistentVolumeSpec{
			StorageClassName:       class,
			AccessModes:            []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
			PersistentVolumeSource: corev1.PersistentVolumeSource{CSI: &corev1.CSIPersistentVolumeSource{Driver: Driver, VolumeHandle: name}},
			NodeAffinity: &corev1.VolumeNodeAffinity{Required: &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{
				MatchExpressions: []corev1.NodeSelectorRequirement{{Key: label.Zone, Operator: corev1.NodeSelectorOpIn, Values: []string{zone}}},
			}}}},
		},
	}
}
