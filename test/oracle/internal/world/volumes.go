// SPDX-License-Identifier: Apache-2.0

package world

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"karpenter.sh/core/engine/label"
	"karpenter.sh/test/oracle/internal/chance"
)

const (
	driver = "csi.example.com"
	// counting is a driver that tells how much room it has.
	counting = "counting.example.com"
)

// Classes, whose volumes are bound once a pod has its node: made anywhere, made in
// some zones, made where there is room, and those that are there beforehand.
const (
	lateClass     = "late"
	zonalClass    = "zonal"
	countedClass  = "counted"
	preparedClass = "prepared"
)

// classes makes the StorageClasses, with the room and the volumes that there are.
func (b *builder) classes() {
	b.class(lateClass, driver)
	zonal := b.class(zonalClass, driver)
	zonal.AllowedTopologies = []corev1.TopologySelectorTerm{{MatchLabelExpressions: []corev1.TopologySelectorLabelRequirement{
		{Key: label.Zone, Values: b.zones()},
	}}}
	b.class(countedClass, counting)
	yes := true
	b.Drivers = append(b.Drivers, &storagev1.CSIDriver{ObjectMeta: metav1.ObjectMeta{Name: counting}, Spec: storagev1.CSIDriverSpec{StorageCapacity: &yes}})
	for _, zone := range b.zones() {
		left := resources("storage", chance.Pick(b.Draw, "10Gi", "1Gi"))[corev1.ResourceStorage]
		b.Room = append(b.Room, &storagev1.CSIStorageCapacity{
			ObjectMeta: metav1.ObjectMeta{Namespace: "system", Name: "room-" + zone}, StorageClassName: countedClass, Capacity: &left,
			NodeTopology: &metav1.LabelSelector{MatchLabels: map[string]string{label.Zone: zone}},
		})
	}
	b.class(preparedClass, "kubernetes.io/no-provisioner")
	chance.Repeat(&b.Draw, 0, 3, func() {
		pv := b.persistent(fmt.Sprintf("prepared-%d", b.next()))
		pv.Spec.StorageClassName, pv.Status.Phase = preparedClass, corev1.VolumeAvailable
		pv.Spec.Capacity = resources("storage", chance.Pick(b.Draw, "10Gi", "1Gi"))
		pv.Spec.AccessModes = []corev1.PersistentVolumeAccessMode{chance.Pick(b.Draw, corev1.ReadWriteOnce, corev1.ReadWriteMany)}
		b.Volumes = append(b.Volumes, pv)
	})
}

func (b *builder) class(name, provisioner string) *storagev1.StorageClass {
	late := storagev1.VolumeBindingWaitForFirstConsumer
	class := &storagev1.StorageClass{ObjectMeta: metav1.ObjectMeta{Name: name}, Provisioner: provisioner, VolumeBindingMode: &late}
	b.Classes = append(b.Classes, class)
	return class
}

// csiNodes limits what some nodes can attach.
func (b *builder) csiNodes() {
	for _, node := range b.Nodes {
		if b.OneIn(3) {
			count := int32(b.Between(1, 2))
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
type volumeKind struct {
	wanted, shared, bound bool
	each                  int // claims of a pod
	class                 string
	mode                  corev1.PersistentVolumeAccessMode
}

func (b *builder) volume(w *workload) {
	w.volume = volumeKind{
		wanted: true, shared: b.OneIn(3), bound: b.UpTo(2) == 0, each: chance.Pick(b.Draw, 1, 1, 2),
		class: chance.Pick(b.Draw, lateClass, zonalClass, countedClass, preparedClass),
		mode:  chance.Pick(b.Draw, corev1.ReadWriteOnce, corev1.ReadWriteOnce, corev1.ReadWriteOncePod),
	}
}

// attach gives a pod its claims.
func (b *builder) attach(pod *corev1.Pod, w *workload) {
	if !w.volume.wanted {
		return
	}
	name := pod.Name
	switch {
	case !w.volume.shared:
		b.claims(w, name)
	case w.claim == "":
		w.claim = name
		b.claims(w, name)
	default:
		name = w.claim
	}
	for i := range w.volume.each {
		pod.Spec.Volumes = append(pod.Spec.Volumes, corev1.Volume{Name: fmt.Sprintf("data-%d", i), VolumeSource: corev1.VolumeSource{
			PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: fmt.Sprintf("%s-%d", name, i)},
		}})
	}
}

func (b *builder) claims(w *workload, name string) {
	for i := range w.volume.each {
		b.claim(w, fmt.Sprintf("%s-%d", name, i))
	}
}

func (b *builder) claim(w *workload, name string) {
	class := w.volume.class
	claim := &corev1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: name, Annotations: map[string]string{}},
		Spec: corev1.PersistentVolumeClaimSpec{
			StorageClassName: &class, AccessModes: []corev1.PersistentVolumeAccessMode{w.volume.mode},
			Resources: corev1.VolumeResourceRequirements{Requests: resources("storage", chance.Pick(b.Draw, "1Gi", "5Gi"))},
		},
		Status: corev1.PersistentVolumeClaimStatus{Phase: corev1.ClaimPending},
	}
	switch {
	case w.volume.bound:
		claim.Annotations["pv.kubernetes.io/bind-completed"] = "yes"
		claim.Spec.VolumeName, claim.Status.Phase = "pv-"+name, corev1.ClaimBound
		pv := b.persistent(claim.Spec.VolumeName)
		pv.Status.Phase = corev1.VolumeBound
		if b.OneIn(6) {
			b.ofHost(pv)
		}
		b.Volumes = append(b.Volumes, pv)
	case class != preparedClass && b.OneIn(8):
		claim.Annotations["volume.kubernetes.io/selected-node"] = b.host()
	}
	b.Claims = append(b.Claims, claim)
}

// host is the name of a node, or of one that is gone.
func (b *builder) host() string {
	if i := b.UpTo(len(b.Nodes) + 1); i < len(b.Nodes) {
		return b.Nodes[i].Name
	}
	return "gone"
}

// ofHost makes a volume one of a single machine.
func (b *builder) ofHost(pv *corev1.PersistentVolume) {
	pv.Labels = nil
	pv.Spec.PersistentVolumeSource = corev1.PersistentVolumeSource{Local: &corev1.LocalVolumeSource{Path: "/"}}
	pv.Spec.NodeAffinity.Required.NodeSelectorTerms[0].MatchExpressions = []corev1.NodeSelectorRequirement{
		{Key: label.Hostname, Operator: corev1.NodeSelectorOpIn, Values: []string{b.host()}},
	}
}

// persistent is a volume in one zone. It says so twice, since the scheduler's
// VolumeZone looks at labels.
func (b *builder) persistent(name string) *corev1.PersistentVolume {
	zone := chance.Pick(b.Draw, b.Zones...)
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
