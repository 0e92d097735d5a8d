// SPDX-License-Identifier: Apache-2.0

package world

import (
	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/core/engine/label"
	"karpenter.sh/test/oracle/internal/chance"
)

func (b *builder) nodeSelector(w *workload) {
	key, value := b.labelOfNodes()
	if w.spec.NodeSelector == nil {
		w.spec.NodeSelector = map[string]string{}
	}
	w.spec.NodeSelector[key] = value
}

// labelOfNodes is a label that some node may have.
func (b *builder) labelOfNodes() (key, value string) {
	switch b.UpTo(12) { // half of the time, where many nodes are
	case 7:
		return Owner, chance.Pick(b.Draw, "0", "me")
	case 8, 9:
		return label.CapacityType, label.OnDemand
	case 10:
		return label.Arch, "amd64"
	case 1:
		return label.CapacityType, chance.Pick(b.Draw, label.OnDemand, label.Spot)
	case 2:
		return label.Arch, chance.Pick(b.Draw, "amd64", "arm64")
	case 3:
		return Team, chance.Pick(b.Draw, "red", "blue", "green")
	case 4:
		return Rack, chance.Pick(b.Draw, "1", "2", "3")
	case 5:
		return Size, chance.Pick(b.Draw, "4", "2", "8")
	case 6:
		return label.NodePool, chance.Pick(b.Draw, "pool-0", "pool-1")
	}
	return label.Zone, chance.Pick(b.Draw, b.Zones...)
}

func (b *builder) requiredTerms(w *workload) {
	b.nodeAffinity(w).RequiredDuringSchedulingIgnoredDuringExecution = b.terms()
}

func (b *builder) preferredTerm(w *workload) {
	a := b.nodeAffinity(w)
	a.PreferredDuringSchedulingIgnoredDuringExecution = append(a.PreferredDuringSchedulingIgnoredDuringExecution,
		corev1.PreferredSchedulingTerm{Weight: int32(b.Between(1, 3)), Preference: b.term()})
}

func (b *builder) affinity(w *workload) *corev1.Affinity {
	w.spec.Affinity = orNew(w.spec.Affinity)
	return w.spec.Affinity
}

func (b *builder) nodeAffinity(w *workload) *corev1.NodeAffinity {
	a := b.affinity(w)
	a.NodeAffinity = orNew(a.NodeAffinity)
	return a.NodeAffinity
}

// terms are OR-ed.
func (b *builder) terms() *corev1.NodeSelector {
	out := &corev1.NodeSelector{}
	for range b.Between(1, 3) {
		out.NodeSelectorTerms = append(out.NodeSelectorTerms, b.term())
	}
	return out
}

func (b *builder) term() corev1.NodeSelectorTerm {
	var out corev1.NodeSelectorTerm
	if b.OneIn(30) { // valid, and selects nothing
		return out
	}
	for range b.Between(1, 2) {
		out.MatchExpressions = append(out.MatchExpressions, b.expression())
	}
	return out
}

func (b *builder) expression() corev1.NodeSelectorRequirement {
	key, value := b.labelOfNodes()
	e := corev1.NodeSelectorRequirement{Key: key, Operator: corev1.NodeSelectorOpIn, Values: []string{value}}
	switch b.UpTo(6) {
	case 1:
		_, other := b.labelOfNodes()
		e.Values = append(e.Values, other)
	case 2:
		e.Operator = corev1.NodeSelectorOpNotIn
	case 3:
		e.Operator, e.Values = corev1.NodeSelectorOpExists, nil
	case 4:
		e.Operator, e.Values = corev1.NodeSelectorOpDoesNotExist, nil
	case 5:
		e.Key, e.Values = chance.Pick(b.Draw, Size, Rack), []string{chance.Pick(b.Draw, "1", "2", "3", "4")}
		e.Operator = chance.Pick(b.Draw, corev1.NodeSelectorOpGt, corev1.NodeSelectorOpLt)
	}
	return e
}
