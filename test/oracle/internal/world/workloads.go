// SPDX-License-Identifier: Apache-2.0

package world

import (
	"fmt"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"karpenter.sh/core/engine/label"
	"karpenter.sh/test/oracle/internal/chance"
)

// workload is a pod template.
type workload struct {
	namespace string
	labels    map[string]string
	spec      corev1.PodSpec
	volume    volumeKind
	claim     string // shared by all pods, once made
}

// workload draws a template. Most have rules that can be met together, and some
// that happen to be.
func (b *builder) workload() *workload {
	w := &workload{
		namespace: chance.Pick(b.Draw, "one", "one", "two"),
		labels:    map[string]string{"app": chance.Pick(b.Draw, "a", "b", "c")},
	}
	if b.OneIn(3) {
		w.labels["rev"] = chance.Pick(b.Draw, "1", "2")
	}
	w.spec.Containers = []corev1.Container{b.container("main")}
	b.compatible(w)
	if b.OneIn(2) {
		chance.Repeat(&b.Draw, 0, 2, func() { b.rule(w) })
	}
	return w
}

// compatible adds two or three rules that pods of the workload can meet together.
func (b *builder) compatible(w *workload) {
	switch b.UpTo(10) { // some without any
	case 1:
		b.spreadOver(w, label.Zone, label.Hostname)
	case 2:
		b.spreadOver(w, label.CapacityType)
		b.joinOwn(w, label.Zone)
	case 3:
		b.spreadOver(w, label.Zone, label.CapacityType)
		b.joinOwn(w, label.Arch)
	case 4:
		b.spreadOver(w, label.Zone)
		b.avoidOwn(w, label.Hostname)
	case 5:
		b.joinOwn(w, label.Zone)
		b.joinOwn(w, label.Hostname)
	case 6:
		b.spreadOver(w, label.Zone)
		b.spreadOver(w, label.Hostname)
		w.spec.Tolerations = append(w.spec.Tolerations, corev1.Toleration{Key: "dedicated", Operator: corev1.TolerationOpExists})
		honor := corev1.NodeInclusionPolicyHonor
		w.spec.TopologySpreadConstraints[0].NodeTaintsPolicy = &honor
	case 7:
		b.avoidOwn(w, label.Hostname)
		b.hostPort(w)
	case 8:
		b.spreadOver(w, label.Zone)
		w.spec.Tolerations = append(w.spec.Tolerations, corev1.Toleration{Operator: corev1.TolerationOpExists})
	}
}

// rule adds one kind of rule.
func (b *builder) rule(w *workload) {
	rules := []func(*workload){
		b.spread, b.spread, b.podAffinity, b.podAntiAffinity, b.nodeSelector, b.requiredTerms,
		b.preferredTerm, b.preferredPods, b.toleration, b.hostPort, b.moreContainers, b.extended, b.volume,
	}
	rules[b.UpTo(len(rules))](w)
}

func (b *builder) container(name string) corev1.Container {
	requests := resources("cpu", chance.Pick(b.Draw, "500m", "100m", "1", "1500m"))
	if b.OneIn(3) {
		requests[corev1.ResourceMemory] = resources("memory", chance.Pick(b.Draw, "1Gi", "3Gi"))[corev1.ResourceMemory]
	}
	return corev1.Container{Name: name, Image: "none", Resources: corev1.ResourceRequirements{Requests: requests}}
}

func (b *builder) toleration(w *workload) {
	t := corev1.Toleration{Key: "dedicated", Operator: corev1.TolerationOpExists}
	switch b.UpTo(4) {
	case 1:
		t = corev1.Toleration{Operator: corev1.TolerationOpExists}
	case 2:
		t.Operator, t.Value = corev1.TolerationOpEqual, chance.Pick(b.Draw, "x", "y")
	case 3:
		t.Effect = chance.Pick(b.Draw, corev1.TaintEffectNoSchedule, corev1.TaintEffectPreferNoSchedule)
	}
	w.spec.Tolerations = append(w.spec.Tolerations, t)
}

func (b *builder) hostPort(w *workload) {
	p := corev1.ContainerPort{
		ContainerPort: 80, HostPort: chance.Pick[int32](b.Draw, 80, 81, daemonPort),
		HostIP: chance.Pick(b.Draw, "", "10.0.0.1", "10.0.0.2"), Protocol: chance.Pick(b.Draw, corev1.ProtocolTCP, corev1.ProtocolUDP),
	}
	w.spec.Containers[0].Ports = append(w.spec.Containers[0].Ports, p)
}

// moreContainers adds init containers, sidecars, overhead or amounts for the
// whole pod.
func (b *builder) moreContainers(w *workload) {
	always := corev1.ContainerRestartPolicyAlways
	for i := range b.Between(1, 2) {
		c := b.container("init-" + strconv.Itoa(i))
		if b.OneIn(2) {
			c.RestartPolicy = &always
		}
		w.spec.InitContainers = append(w.spec.InitContainers, c)
	}
	switch b.UpTo(4) {
	case 2:
		w.spec.Overhead = resources("cpu", "250m")
	case 3:
		w.spec.Resources = &corev1.ResourceRequirements{Requests: resources("cpu", "2")}
	}
}

func (b *builder) extended(w *workload) {
	w.spec.Containers[0].Resources.Requests[GPU] = *count(chance.Pick(b.Draw, 1, 2))
}

// pod is one more pod of a workload.
func (b *builder) pod(w *workload) *corev1.Pod {
	n := b.next()
	name := fmt.Sprintf("pod-%02d", n)
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: w.namespace, Name: name, UID: types.UID(name), ResourceVersion: "1",
			CreationTimestamp: metav1.NewTime(Start().Add(seconds(n))), Labels: copied(w.labels),
		},
		Spec: *w.spec.DeepCopy(),
	}
	b.attach(pod, w)
	return pod
}
