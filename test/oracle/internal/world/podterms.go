// SPDX-License-Identifier: Apache-2.0

package world

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"karpenter.sh/core/engine/label"
	"karpenter.sh/test/oracle/internal/chance"
)

func (b *builder) topologyKey() string {
	return chance.Pick(b.Draw, label.Zone, label.Zone, label.Zone, label.Hostname, label.Hostname, label.CapacityType, Rack, Team, label.Arch)
}

// selector selects pods of some workloads; often those of the workload itself.
func (b *builder) selector(own map[string]string) *metav1.LabelSelector {
	switch b.UpTo(8) {
	case 4:
		return &metav1.LabelSelector{MatchLabels: map[string]string{"app": chance.Pick(b.Draw, "a", "b", "c")}}
	case 5:
		return &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{
			Key: "app", Operator: chance.Pick(b.Draw, metav1.LabelSelectorOpIn, metav1.LabelSelectorOpNotIn), Values: []string{"a", "b"},
		}}}
	case 6:
		return &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{
			Key: "rev", Operator: chance.Pick(b.Draw, metav1.LabelSelectorOpExists, metav1.LabelSelectorOpDoesNotExist),
		}}}
	case 7:
		return chance.Pick(b.Draw, &metav1.LabelSelector{}, nil)
	}
	return &metav1.LabelSelector{MatchLabels: map[string]string{"app": own["app"]}}
}

// own selects the pods of a workload's app.
func own(w *workload) *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchLabels: map[string]string{"app": w.labels["app"]}}
}

// spreadOver spreads the workload's own pods.
func (b *builder) spreadOver(w *workload, keys ...string) {
	for _, key := range keys {
		w.spec.TopologySpreadConstraints = append(w.spec.TopologySpreadConstraints, corev1.TopologySpreadConstraint{
			MaxSkew: chance.Pick[int32](b.Draw, 1, 2, 3, 5), TopologyKey: key, LabelSelector: own(w), WhenUnsatisfiable: corev1.DoNotSchedule,
		})
	}
}

// joinOwn keeps the workload's own pods together.
func (b *builder) joinOwn(w *workload, key string) {
	a := b.affinity(w)
	a.PodAffinity = orNew(a.PodAffinity)
	to := &a.PodAffinity.RequiredDuringSchedulingIgnoredDuringExecution
	*to = append(*to, corev1.PodAffinityTerm{TopologyKey: key, LabelSelector: own(w)})
}

// avoidOwn keeps the workload's own pods apart.
func (b *builder) avoidOwn(w *workload, key string) {
	a := b.affinity(w)
	a.PodAntiAffinity = orNew(a.PodAntiAffinity)
	to := &a.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution
	*to = append(*to, corev1.PodAffinityTerm{TopologyKey: key, LabelSelector: own(w)})
}

// spread adds a constraint; the API admits each pair of key and action once.
func (b *builder) spread(w *workload) {
	c := corev1.TopologySpreadConstraint{
		MaxSkew: chance.Pick[int32](b.Draw, 1, 1, 2, 2, 4), TopologyKey: b.topologyKey(), LabelSelector: b.selector(w.labels),
		WhenUnsatisfiable: chance.Pick(b.Draw, corev1.DoNotSchedule, corev1.DoNotSchedule, corev1.DoNotSchedule, corev1.ScheduleAnyway),
	}
	if c.WhenUnsatisfiable == corev1.DoNotSchedule && b.OneIn(4) {
		n := int32(b.Between(1, 4))
		c.MinDomains = &n
	}
	honor, ignore := corev1.NodeInclusionPolicyHonor, corev1.NodeInclusionPolicyIgnore
	c.NodeAffinityPolicy = chance.Pick(b.Draw, nil, &honor, &ignore)
	c.NodeTaintsPolicy = chance.Pick(b.Draw, nil, &honor, &ignore)
	if c.NodeTaintsPolicy == &honor && b.OneIn(2) {
		b.toleration(w)
	}
	if c.LabelSelector != nil && b.OneIn(4) {
		b.matchKeys(w, &c)
	}
	if !slices.ContainsFunc(w.spec.TopologySpreadConstraints, func(o corev1.TopologySpreadConstraint) bool {
		return o.TopologyKey == c.TopologyKey && o.WhenUnsatisfiable == c.WhenUnsatisfiable
	}) {
		w.spec.TopologySpreadConstraints = append(w.spec.TopologySpreadConstraints, c)
	}
}

// matchKeys asks for pods with the same label; newer API servers write that
// into the selector too.
func (b *builder) matchKeys(w *workload, c *corev1.TopologySpreadConstraint) {
	c.MatchLabelKeys = []string{"rev"}
	if value, has := w.labels["rev"]; has && b.OneIn(2) {
		c.LabelSelector.MatchExpressions = append(c.LabelSelector.MatchExpressions,
			metav1.LabelSelectorRequirement{Key: "rev", Operator: metav1.LabelSelectorOpIn, Values: []string{value}})
	}
}

func (b *builder) podTerm(w *workload) corev1.PodAffinityTerm {
	t := corev1.PodAffinityTerm{TopologyKey: b.topologyKey(), LabelSelector: b.selector(w.labels)}
	if b.OneIn(10) {
		t.TopologyKey = Owner
	}
	switch b.UpTo(8) {
	case 4:
		t.Namespaces = []string{chance.Pick(b.Draw, "two", "one")}
	case 5: // not the daemons: the engine does not know them on new nodes
		t.NamespaceSelector = &metav1.LabelSelector{}
		if t.LabelSelector != nil {
			t.LabelSelector.MatchExpressions = append(t.LabelSelector.MatchExpressions, metav1.LabelSelectorRequirement{
				Key: "app", Operator: metav1.LabelSelectorOpExists,
			})
		}
	case 6:
		t.NamespaceSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"stage": chance.Pick(b.Draw, "stage-two", "stage-one")}}
	case 7:
		t.Namespaces = []string{"one"}
		t.NamespaceSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"stage": "stage-two"}}
	}
	return t
}

func (b *builder) podAffinity(w *workload) {
	a := b.affinity(w)
	a.PodAffinity = orNew(a.PodAffinity)
	to := &a.PodAffinity.RequiredDuringSchedulingIgnoredDuringExecution
	*to = append(*to, b.podTerm(w))
}

func (b *builder) podAntiAffinity(w *workload) {
	a := b.affinity(w)
	a.PodAntiAffinity = orNew(a.PodAntiAffinity)
	to := &a.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution
	*to = append(*to, b.podTerm(w))
}

func (b *builder) preferredPods(w *workload) {
	a := b.affinity(w)
	term := corev1.WeightedPodAffinityTerm{Weight: int32(b.Between(1, 3)), PodAffinityTerm: b.podTerm(w)}
	if b.OneIn(2) {
		a.PodAntiAffinity = orNew(a.PodAntiAffinity)
		to := &a.PodAntiAffinity.PreferredDuringSchedulingIgnoredDuringExecution
		*to = append(*to, term)
		return
	}
	a.PodAffinity = orNew(a.PodAffinity)
	to := &a.PodAffinity.PreferredDuringSchedulingIgnoredDuringExecution
	*to = append(*to, term)
}

func orNew[V any](v *V) *V {
	if v == nil {
		return new(V)
	}
	return v
}
