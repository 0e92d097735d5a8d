// SPDX-License-Identifier: Apache-2.0

package world

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/objects/pods"
	"karpenter.sh/test/oracle/internal/chance"
)

// bind makes the pods that run. They are where they are: rules may have changed
// since, so only the room of the node is looked at.
func (b *builder) bind() {
	for _, node := range b.Nodes {
		b.bindDaemons(node)
		chance.Repeat(&b.Draw, 0, 3, func() { b.run(b.pod(b.workloads[b.UpTo(len(b.workloads))]), node) })
	}
}

func (b *builder) run(pod *corev1.Pod, node *corev1.Node) {
	if !Fits(pod, node, b.Bound) {
		return
	}
	pod.Spec.NodeName = node.Name
	pod.Status.Phase = corev1.PodRunning
	switch b.UpTo(12) {
	case 10:
		pod.Status.Phase = corev1.PodSucceeded
	case 11:
		pod.DeletionTimestamp = &metav1.Time{Time: Start()}
	}
	b.Bound = append(b.Bound, pod)
}

// bindDaemons makes the daemons of a node; some may still be to come.
func (b *builder) bindDaemons(node *corev1.Node) {
	for _, set := range b.DaemonSets {
		pod := DaemonPod(set, node.Name)
		ports := len(pod.Spec.Containers[0].Ports) > 0
		if !RunsOn(pod, node) || !Fits(pod, node, b.Bound) || !ports && b.OneIn(3) {
			continue
		}
		pod.Spec.NodeName = node.Name
		b.Bound = append(b.Bound, pod)
	}
}

// leave has a node of a pool go away now and then, with the pods that somebody
// would make anew; those with volumes stay.
func (b *builder) leave() {
	for _, claim := range b.NodeClaims {
		i := slices.IndexFunc(b.Nodes, func(n *corev1.Node) bool { return n.Name == claim.Status.NodeName })
		if i < 0 || b.Nodes[i].Labels[v1.NodeInitializedLabelKey] == "" || !b.OneIn(5) {
			continue
		}
		claim.DeletionTimestamp = &metav1.Time{Time: Start()}
		b.Nodes[i].Spec.Taints = append(b.Nodes[i].Spec.Taints, v1.DisruptedTaint())
		b.Bound = slices.DeleteFunc(b.Bound, func(p *corev1.Pod) bool {
			moves := p.Spec.NodeName == claim.Status.NodeName && len(p.Spec.Volumes) == 0 && pods.Reschedulable(p)
			if moves {
				b.Leaving = append(b.Leaving, p)
			}
			return moves
		})
	}
}
