// SPDX-License-Identifier: Apache-2.0

package world

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/test/oracle/internal/chance"
)

// nodes makes the nodes that exist: some of pools, some that nobody manages.
func (b *builder) nodes() {
	chance.Repeat(&b.Draw, 0, b.shape.Nodes, func() {
		name := fmt.Sprintf("node-%02d", b.next())
		it := b.types[b.UpTo(len(b.types))]
		offering := it.Offerings[b.UpTo(len(it.Offerings))]
		if b.UpTo(3) == 0 {
			b.ofPool(name, b.Pools[b.UpTo(len(b.Pools))].NodePool, it, offering)
			return
		}
		node := b.node(name, it, offering)
		if b.OneIn(4) {
			node.Spec.Taints = append(node.Spec.Taints, b.taint())
		}
		if b.OneIn(5) {
			node.Labels[Team] = chance.Pick(b.Draw, "red", "blue")
		}
		if b.OneIn(8) {
			node.Labels[Owner] = chance.Pick(b.Draw, "0", "me")
		}
		b.Nodes = append(b.Nodes, node)
	})
}

func (b *builder) node(name string, it *cloudprovider.InstanceType, o *cloudprovider.Offering) *corev1.Node {
	group := it.GroupOf(o)
	node := &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID(name), ResourceVersion: "1", CreationTimestamp: metav1.NewTime(Start()), Labels: cloudprovider.LaunchLabels(it, o)},
		Spec:       corev1.NodeSpec{ProviderID: "made://" + name},
		Status:     corev1.NodeStatus{Capacity: group.Capacity.DeepCopy(), Allocatable: group.Allocatable.DeepCopy()},
	}
	node.Labels[label.Hostname] = name
	if b.OneIn(2) {
		node.Labels[Rack] = chance.Pick(b.Draw, "1", "2", "3")
	}
	return node
}

// ofPool makes a node of a pool with its NodeClaim; some have no Node yet, and
// some are not ready for pods yet.
func (b *builder) ofPool(name string, np *v1.NodePool, it *cloudprovider.InstanceType, o *cloudprovider.Offering) {
	node := b.node(name, it, o)
	node.Labels[label.NodePool] = np.Name
	key, class := cloudprovider.NodeClassLabel(np.Spec.Template.Spec.NodeClassRef)
	node.Labels[key] = class
	node.Spec.Taints = append(node.Spec.Taints, np.Spec.Template.Spec.Taints...)
	claim := &v1.NodeClaim{ObjectMeta: metav1.ObjectMeta{
		Name: name, UID: types.UID("claim-" + name), ResourceVersion: "1", CreationTimestamp: metav1.NewTime(Start()), Labels: copied(node.Labels),
	}}
	delete(claim.Labels, label.Hostname)
	claim.Spec.NodeClassRef = np.Spec.Template.Spec.NodeClassRef
	claim.Spec.Taints = np.Spec.Template.Spec.Taints
	claim.Spec.StartupTaints = np.Spec.Template.Spec.StartupTaints
	claim.Status.ProviderID = node.Spec.ProviderID
	claim.Status.NodeName = name
	claim.Status.Capacity, claim.Status.Allocatable = node.Status.Capacity.DeepCopy(), node.Status.Allocatable.DeepCopy()
	b.NodeClaims = append(b.NodeClaims, claim)
	switch b.UpTo(5) {
	case 4: // launched, not joined
		return
	case 3: // joined, not ready
		node.Labels[v1.NodeRegisteredLabelKey] = v1.LabelValueTrue
		node.Spec.Taints = append(node.Spec.Taints, np.Spec.Template.Spec.StartupTaints...)
		node.Spec.Taints = append(node.Spec.Taints, corev1.Taint{Key: corev1.TaintNodeNotReady, Effect: corev1.TaintEffectNoSchedule})
	default:
		node.Labels[v1.NodeRegisteredLabelKey] = v1.LabelValueTrue
		node.Labels[v1.NodeInitializedLabelKey] = v1.LabelValueTrue
	}
	b.Nodes = append(b.Nodes, node)
}

func copied(m map[string]string) map[string]string {
	out := make(map[string]string, len(m))
	for k, v := range m {
		out[k] = v
	}
	return out
}
