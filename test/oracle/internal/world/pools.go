// SPDX-License-Identifier: Apache-2.0

package world

import (
	"strconv"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/test/oracle/internal/chance"
)

// pools makes the NodePools. Each offers some of the types.
func (b *builder) pools() {
	chance.Repeat(&b.Draw, 1, b.shape.Pools, func() {
		name := "pool-" + strconv.Itoa(len(b.Pools))
		b.Pools = append(b.Pools, Pool{NodePool: b.nodePool(name), Types: chance.Some(b.Draw, 1, b.types...)})
	})
}

func (b *builder) nodePool(name string) *v1.NodePool {
	np := &v1.NodePool{ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID(name), Generation: 1}}
	spec := &np.Spec.Template.Spec
	spec.NodeClassRef = v1.NodeClassReference{Group: "example.com", Kind: "Class", Name: "default"}
	spec.ExpireAfter = v1.Never
	chance.Repeat(&b.Draw, 0, 2, func() { spec.Requirements = append(spec.Requirements, b.poolRequirement()) })
	if b.OneIn(3) {
		np.Spec.Template.ObjectMeta.Labels = map[string]string{Rack: chance.Pick(b.Draw, "1", "2")}
	}
	if b.OneIn(3) {
		spec.Taints = []corev1.Taint{b.taint()}
	}
	if b.OneIn(6) {
		spec.StartupTaints = []corev1.Taint{{Key: "starting", Effect: corev1.TaintEffectNoSchedule}}
	}
	if b.OneIn(4) {
		np.Spec.Limits = v1.Limits(resources(chance.Pick(b.Draw, "cpu", "nodes"), chance.Pick(b.Draw, "8", "2")))
	}
	if b.OneIn(3) {
		weight := int32(b.Between(1, 3))
		np.Spec.Weight = &weight
	}
	return np
}

func (b *builder) poolRequirement() v1.NodeSelectorRequirementWithMinValues {
	type of = v1.NodeSelectorRequirementWithMinValues
	switch b.UpTo(9) {
	case 0:
		return of{Key: label.Zone, Operator: corev1.NodeSelectorOpIn, Values: b.zones()}
	case 1:
		return of{Key: label.Zone, Operator: corev1.NodeSelectorOpNotIn, Values: []string{chance.Pick(b.Draw, b.Zones...)}}
	case 2:
		return of{Key: label.CapacityType, Operator: corev1.NodeSelectorOpIn, Values: chance.Some(b.Draw, 1, label.OnDemand, label.Spot, label.Reserved)}
	case 3:
		return of{Key: label.Arch, Operator: corev1.NodeSelectorOpIn, Values: chance.Some(b.Draw, 1, "amd64", "arm64")}
	case 4:
		return of{Key: Owner, Operator: corev1.NodeSelectorOpExists}
	case 5:
		return of{Key: Team, Operator: corev1.NodeSelectorOpIn, Values: chance.Some(b.Draw, 1, "red", "blue")}
	case 6:
		return of{Key: Rack, Operator: corev1.NodeSelectorOpIn, Values: chance.Some(b.Draw, 1, "1", "2", "3")}
	case 7:
		return of{Key: Size, Operator: chance.Pick(b.Draw, corev1.NodeSelectorOpGt, corev1.NodeSelectorOpLt), Values: []string{chance.Pick(b.Draw, "4", "2")}}
	}
	two := 2
	return of{Key: chance.Pick(b.Draw, label.InstanceType, Size), Operator: corev1.NodeSelectorOpExists, MinValues: &two}
}

// taint is one of the few that nodes may have.
func (b *builder) taint() corev1.Taint {
	return corev1.Taint{
		Key: "dedicated", Value: chance.Pick(b.Draw, "x", "y"),
		Effect: chance.Pick(b.Draw, corev1.TaintEffectNoSchedule, corev1.TaintEffectPreferNoSchedule, corev1.TaintEffectNoExecute),
	}
}
