// SPDX-License-Identifier: Apache-2.0

package world

import (
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"karpenter.sh/core/engine/label"
)

const (
	driver    = "csi.example.com"
	lateClass = "late"
)

// classes makes the one StorageClass, whose volumes are made once a pod has its
// node.
func (b *builder) classes() {
	late := storagev1.VolumeBindingWaitForFirstConsumer
	b.Classes = append(b.Classes, &storagev1.StorageClass{ObjectMeta: metav1.ObjectMeta{Name: lateClass}, Provisioner: driver, VolumeBindingMode: &late})
}

// csiNodes limits what some nodes can attach.
func (b *builder) csiNodes() {
	for _, node := range b.Nodes {
		if b.oneIn(3) {
			count := int32(b.between(1, 2))
			b.CSINodes = append(b.CSINodes, &storagev1.CSINode{
				ObjectMeta: metav1.ObjectMeta{Name: node.Name},
				Spec: storagev1.CSINodeSpec{Drivers: []storagev1.CSINodeDriver{{
					Name: driver, NodeID: node.Name, Allocatable: &storagev1.VolumeNodeResources{Count: &count},
				}}},
			})
		}
	}
}

// volumeKind is what the pods of a workload have: claims of their own or one for
// all, bound already or not.
type volumeKind struct{ wanted, shared, bound bool }

func (b *builder) volume(w *workload) {
	w.volume = volumeKind{wanted: true, shared: b.oneIn(3), bound: b.upTo(2) == 0}
}

// attach gives a pod its claim.
func (b *builder) attach(pod *corev1.Pod, w *workload) {
	if !w.volume.wanted {
		return
	}
	name := pod.Name
	if w.volume.shared {
		if w.claim == "" {
			w.claim = name
			b.claim(w, name)
		}
		name = w.claim
	} else {
		b.claim(w, name)
	}
	pod.Spec.Volumes = append(pod.Spec.Volumes, corev1.Volume{Name: "data", VolumeSource: corev1.VolumeSource{
		PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: name},
	}})
}

func (b *builder) claim(w *workload, name string) {
	class := lateClass
	claim := &corev1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: name},
		Spec:       corev1.PersistentVolumeClaimSpec{StorageClassName: &class},
		Status:     corev1.PersistentVolumeClaimStatus{Phase: corev1.ClaimPending},
	}
	if w.volume.bound {
		claim.Annotations = map[string]string{"pv.kubernetes.io/bind-completed": "yes"}
		claim.Spec.VolumeName, claim.Status.Phase = "pv-"+name, corev1.ClaimBound
		b.Volumes = append(b.Volumes, b.persistent(claim.Spec.VolumeName))
	}
	b.Claims = append(b.Claims, claim)
}

// persistent is a volume in one zone. It says so twice, since the scheduler's
// VolumeZone looks at labels.
func (b *builder) persistent(name string) *corev1.PersistentVolume {
	zone := pick(b.draw, b.Zones...)
	return &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{label.Zone: zone}},
		Spec: corev1.PersistentVolumeSpec{
			PersistentVolumeSource: corev1.PersistentVolumeSource{CSI: &corev1.CSIPersistentVolumeSource{Driver: driver, VolumeHandle: name}},
			NodeAffinity: &corev1.VolumeNodeAffinity{Required: &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{
				MatchExpressions: []corev1.NodeSelectorRequirement{{Key: label.Zone, Operator: corev1.NodeSelectorOpIn, Values: []string{zone}}},
			}}}},
		},
	}
}
