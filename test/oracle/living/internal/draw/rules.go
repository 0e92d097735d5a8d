// SPDX-License-Identifier: Apache-2.0

package draw

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"karpenter.sh/core/engine/label"
	"karpenter.sh/test/oracle/internal/chance"
	"karpenter.sh/test/oracle/living/internal/kube"
)

// rule adds one rule to a workload; one that it has already is replaced.
func (b *builder) rule(w *kube.Workload) {
	spec := &w.Template.Spec
	own := &metav1.LabelSelector{MatchLabels: map[string]string{"app": w.Name}}
	switch b.UpTo(9) {
	case 0:
		spec.TopologySpreadConstraints = []corev1.TopologySpreadConstraint{{
			MaxSkew: 1, TopologyKey: chance.Pick(b.Draw, label.Zone, label.Hostname), LabelSelector: own,
			WhenUnsatisfiable: chance.Pick(b.Draw, corev1.DoNotSchedule, corev1.ScheduleAnyway),
		}}
	case 1:
		spec.NodeSelector = map[string]string{label.Zone: chance.Pick(b.Draw, zones()...)}
	case 2:
		spec.NodeSelector = map[string]string{label.CapacityType: chance.Pick(b.Draw, label.OnDemand, label.Spot)}
	case 3:
		spec.Affinity = &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{
			TopologyKey: label.Hostname, LabelSelector: own,
		}}}}
	case 4:
		spec.Affinity = &corev1.Affinity{PodAffinity: &corev1.PodAffinity{RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{
			TopologyKey: label.Zone, LabelSelector: own,
		}}}}
	case 5:
		spec.Tolerations = []corev1.Toleration{{Key: dedicated, Operator: corev1.TolerationOpExists}}
	case 6:
		spec.PriorityClassName = High
	case 7:
		if w.Kind == kube.StatefulSet {
			w.ClaimClass = Late
		}
	case 8:
		if spec.Containers[0].Resources.Requests == nil {
			spec.Containers[0].Resources.Requests = corev1.ResourceList{}
		}
		spec.Containers[0].Resources.Requests[GPU] = resource.MustParse("1")
		spec.Containers[0].Resources.Limits = corev1.ResourceList{GPU: resource.MustParse("1")}
	}
}
