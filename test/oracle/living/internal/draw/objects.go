// SPDX-License-Identifier: Apache-2.0

package draw

import (
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider/fake"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/test/oracle/internal/chance"
	"karpenter.sh/test/oracle/living/internal/kube"
	"karpenter.sh/test/oracle/living/internal/world"
)

// Names of this world.
const (
	// GPU is a device.
	GPU = "example.com/gpu"
	// Late is the StorageClass whose volumes are made where their pod goes.
	Late = "late"
	// High is a PriorityClass.
	High = "high"

	dedicated = "dedicated"
)

func zones() []string { return []string{"za", "zb", "zc"} }

func (b *builder) instanceType() {
	s := fake.TypeSpec{
		Name: fmt.Sprintf("t%d", len(b.Types)), CPU: chance.Pick(b.Draw, int64(4), 2, 8), Zones: chance.Some(b.Draw, 1, zones()...),
		CapacityTypes: chance.Some(b.Draw, 1, label.OnDemand, label.Spot),
	}
	s.Memory = s.CPU * chance.Pick(b.Draw, int64(4), 1)
	if b.OneIn(4) {
		s.Resources = corev1.ResourceList{GPU: resource.MustParse("2")}
	}
	b.Types = append(b.Types, s)
	b.note("type %s cpu %d memory %dGi zones %v capacity %v %v", s.Name, s.CPU, s.Memory, s.Zones, s.CapacityTypes, s.Resources)
}

func (b *builder) pool() {
	np := &v1.NodePool{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("pool-%d", len(b.Pools))}}
	spec := &np.Spec.Template.Spec
	spec.NodeClassRef, spec.ExpireAfter = world.NodeClass(), v1.Never
	np.Spec.Disruption.ConsolidationPolicy = chance.Pick(b.Draw, v1.ConsolidationPolicyWhenEmpty, v1.ConsolidationPolicyWhenEmptyOrUnderutilized, v1.ConsolidationPolicyBalanced)
	np.Spec.Disruption.ConsolidateAfter = chance.Pick(b.Draw, v1.NillableDuration("0s"), "30s")
	if b.OneIn(3) {
		spec.Requirements = append(spec.Requirements, v1.NodeSelectorRequirementWithMinValues{
			Key: label.Zone, Operator: corev1.NodeSelectorOpIn, Values: chance.Some(b.Draw, 1, zones()...),
		})
	}
	if b.OneIn(4) {
		spec.Taints = []corev1.Taint{{Key: dedicated, Value: "x", Effect: corev1.TaintEffectNoSchedule}}
	}
	if b.OneIn(5) {
		spec.StartupTaints = []corev1.Taint{{Key: kube.Starting, Effect: corev1.TaintEffectNoSchedule}}
	}
	if b.OneIn(4) {
		np.Spec.Template.ObjectMeta.Labels = map[string]string{"team": chance.Pick(b.Draw, "red", "blue")}
	}
	if b.OneIn(5) {
		np.Spec.Limits = v1.Limits{corev1.ResourceCPU: resource.MustParse(chance.Pick(b.Draw, "16", "0"))}
	}
	if b.OneIn(4) {
		weight := int32(b.UpTo(3) + 1)
		np.Spec.Weight = &weight
	}
	b.Pools = append(b.Pools, np)
	b.note("pool %s requirements %v taints %v startup %v labels %v limits %v after %s", np.Name, spec.Requirements, spec.Taints,
		spec.StartupTaints, np.Spec.Template.ObjectMeta.Labels, np.Spec.Limits, np.Spec.Disruption.ConsolidateAfter)
}

func (b *builder) daemon() {
	set := Daemon(len(b.Daemons), b.UpTo(4))
	switch b.UpTo(5) {
	case 1:
		set.Spec.Template.Spec.Tolerations = []corev1.Toleration{{Operator: corev1.TolerationOpExists}}
	case 2:
		set.Spec.Template.Spec.NodeSelector = map[string]string{label.Zone: chance.Pick(b.Draw, zones()...)}
	case 3:
		set.Spec.Template.Spec.PriorityClassName = High
	}
	b.Daemons = append(b.Daemons, set)
	b.note("daemon %s %v %v %v priority %q", set.Name, set.Spec.Template.Spec.Containers[0].Resources, set.Spec.Template.Spec.Tolerations,
		set.Spec.Template.Spec.NodeSelector, set.Spec.Template.Spec.PriorityClassName)
}

// Daemon is a DaemonSet by number, of a size.
func Daemon(n, size int) *appsv1.DaemonSet {
	set := &appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: fmt.Sprintf("daemon-%d", n)}}
	set.Spec.Template.Labels = map[string]string{"daemon": set.Name}
	set.Spec.Template.Spec.Containers = []corev1.Container{{Name: "d", Image: "none", Resources: DaemonSize(size)}}
	return set
}

// DaemonSize are the resources of daemons.
func DaemonSize(size int) corev1.ResourceRequirements {
	switch size {
	case 1:
		return corev1.ResourceRequirements{Limits: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("1Gi")}}
	case 2:
		return corev1.ResourceRequirements{}
	case 3:
		return corev1.ResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("1")}}
	}
	return corev1.ResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("300m")}}
}

// Limits is a LimitRange by number, of a size.
func Limits(n, size int) *corev1.LimitRange {
	return &corev1.LimitRange{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: fmt.Sprintf("limits-%d", n)}, Spec: corev1.LimitRangeSpec{
		Limits: []corev1.LimitRangeItem{{Type: corev1.LimitTypeContainer, Default: corev1.ResourceList{
			corev1.ResourceCPU: resource.MustParse([]string{"1", "2"}[size%2]), corev1.ResourceMemory: resource.MustParse("1Gi"),
		}}},
	}}
}

func (b *builder) workload() {
	w := &kube.Workload{
		Kind: chance.Pick(b.Draw, kube.ReplicaSet, kube.ReplicaSet, kube.StatefulSet, kube.Job), Namespace: "default",
		Name: fmt.Sprintf("w%d", len(b.Workloads)), Replicas: b.UpTo(4) + 1, Runs: time.Minute,
	}
	w.Template.Labels = map[string]string{"app": w.Name}
	c := corev1.Container{Name: "app", Image: "none"}
	c.Resources.Requests = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(chance.Pick(b.Draw, "500m", "1", "1500m", "3"))}
	if b.OneIn(8) {
		c.Resources.Requests = nil
	}
	w.Template.Spec.Containers = []corev1.Container{c}
	chance.Repeat(&b.Draw, 0, 2, func() { b.rule(w) })
	b.Workloads = append(b.Workloads, w)
	spec := &w.Template.Spec
	b.note("%s %s replicas %d requests %v selector %v tolerations %v priority %q spread %v affinity %v claims %q", w.Kind, w.Name, w.Replicas,
		c.Resources.Requests, spec.NodeSelector, spec.Tolerations, spec.PriorityClassName, spreads(spec), spec.Affinity, w.ClaimClass)
}

func spreads(spec *corev1.PodSpec) (out []string) {
	for _, c := range spec.TopologySpreadConstraints {
		out = append(out, fmt.Sprintf("%s %s %d", c.TopologyKey, c.WhenUnsatisfiable, c.MaxSkew))
	}
	return out
}
