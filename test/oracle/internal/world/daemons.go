// SPDX-License-Identifier: Apache-2.0

package world

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"karpenter.sh/core/engine/label"
	"karpenter.sh/test/oracle/internal/chance"
)

// daemonPort is the host port of some daemons; some pods ask for it, too.
const daemonPort = 90

// daemonSets makes up to two DaemonSets.
func (b *builder) daemonSets() {
	chance.Repeat(&b.Draw, 0, 2, func() {
		name := fmt.Sprintf("daemon-%d", b.next())
		set := &appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{Namespace: "system", Name: name, UID: types.UID(name), ResourceVersion: "1"}}
		set.Spec.Template.Labels = map[string]string{"daemon": name}
		set.Spec.Template.Spec = corev1.PodSpec{Containers: []corev1.Container{b.container("d")}}
		b.restrict(&set.Spec.Template.Spec)
		b.DaemonSets = append(b.DaemonSets, set)
	})
}

// restrict keeps a daemon to some nodes.
func (b *builder) restrict(spec *corev1.PodSpec) {
	switch b.UpTo(6) {
	case 1:
		spec.NodeSelector = map[string]string{label.Arch: "amd64"}
	case 2:
		spec.NodeSelector = map[string]string{label.Zone: chance.Pick(b.Draw, b.Zones...)}
	case 3:
		spec.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: b.terms()}}
	case 4:
		spec.Tolerations = []corev1.Toleration{{Operator: corev1.TolerationOpExists}}
	}
	if b.OneIn(2) {
		spec.Containers[0].Ports = []corev1.ContainerPort{{ContainerPort: 1, HostPort: daemonPort, Protocol: corev1.ProtocolTCP}}
	}
}

// DaemonPod is the pod of a DaemonSet for a node.
func DaemonPod(set *appsv1.DaemonSet, node string) *corev1.Pod {
	name := set.Name + "-" + node
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: set.Namespace, Name: name, UID: types.UID(name), ResourceVersion: "1", CreationTimestamp: metav1.NewTime(Start()),
			Labels:          copied(set.Spec.Template.Labels),
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(set, appsv1.SchemeGroupVersion.WithKind("DaemonSet"))},
		},
		Spec:   *set.Spec.Template.Spec.DeepCopy(),
		Status: corev1.PodStatus{Phase: corev1.PodRunning},
	}
}
