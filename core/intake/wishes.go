// SPDX-License-Identifier: Apache-2.0

package intake

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/requirement"
)

// wishes are what a pod demands and prefers, in the order in which preferences
// are given up.
type wishes struct {
	// terms are the OR-ed node constraints, at least one.
	terms []requirement.Requirements
	// rules always hold. Rules are indexes of the round's groups.
	rules []int32
	// Preferences, the heaviest first; spreads in the order of the list.
	affinity, antiAffinity []int32
	node                   []requirement.Requirements
	spreads                []int32
	soft                   bool
}

func (c *Compiler) nodeWishes(spec *corev1.PodSpec) (wishes, error) {
	terms, err := c.terms(spec)
	return wishes{terms: terms, node: c.preferences(spec)}, err
}

// HindersConsolidation reports whether the pod has preferences that may keep
// nodes apart: anti-affinity and spread constraints that yield (SCH-189). Under
// IgnorePreferences they mean nothing.
func (c *Compiler) HindersConsolidation(spec *corev1.PodSpec) bool {
	if c.options.Preferences == IgnorePreferences {
		return false
	}
	yields := func(s corev1.TopologySpreadConstraint) bool { return s.WhenUnsatisfiable == corev1.ScheduleAnyway }
	a := spec.Affinity
	return slices.ContainsFunc(spec.TopologySpreadConstraints, yields) ||
		a != nil && a.PodAntiAffinity != nil && len(a.PodAntiAffinity.PreferredDuringSchedulingIgnoredDuringExecution) > 0
}

// attempts lists the ways to satisfy a pod in the order of relaxation
// (SCH-183). Each gives up one more wish; at the end every required term is
// tried on its own, also on nodes with PreferNoSchedule taints (SCH-184).
func (c *Compiler) attempts(w wishes) []model.Attempt {
	var out []model.Attempt
	all, preferred := w.terms, w.prefers()
	for relaxed := true; relaxed; w, relaxed = w.relax() {
		out = append(out, c.attempt(w))
	}
	bare := wishes{rules: w.rules}
	for _, soft := range []bool{false, true} {
		for i, term := range all {
			if !soft && (!preferred || i == len(all)-1) {
				continue // tried above
			}
			bare.terms, bare.soft = []requirement.Requirements{term}, soft
			out = append(out, c.attempt(bare))
		}
	}
	return out
}

func (w wishes) prefers() bool {
	return len(w.affinity)+len(w.antiAffinity)+len(w.node)+len(w.spreads) > 0
}

// relax gives up one wish; false when none is left.
func (w wishes) relax() (wishes, bool) {
	switch {
	case len(w.terms) > 1:
		w.terms = w.terms[1:]
	case len(w.affinity) > 0:
		w.affinity = w.affinity[1:]
	case len(w.antiAffinity) > 0:
		w.antiAffinity = w.antiAffinity[1:]
	case len(w.node) > 0:
		w.node = w.node[1:]
	case len(w.spreads) > 0:
		w.spreads = w.spreads[1:]
	default:
		return w, false
	}
	return w, true
}

// attempt places with the first remaining term and the heaviest remaining node
// preference (SCH-070).
func (c *Compiler) attempt(w wishes) model.Attempt {
	plain := w.terms[0]
	strict := c.vocabulary.Compile(plain)
	wanted := strict
	if len(w.node) > 0 {
		plain = plain.Intersect(w.node[0])
		wanted = c.vocabulary.Compile(plain)
	}
	return model.Attempt{
		Plain: plain, Wanted: wanted, Strict: strict, SoftTaints: w.soft,
		Rules:    slices.Concat(w.rules, w.affinity, w.antiAffinity, w.spreads),
		Required: len(w.rules),
	}
}
