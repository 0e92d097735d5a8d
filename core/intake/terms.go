// SPDX-License-Identifier: Apache-2.0

package intake

import (
	"cmp"
	"errors"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/core/apis/vocabulary"
	"karpenter.sh/core/engine/requirement"
)

// errEmptyTerms is what is wrong with node affinity whose terms are all empty.
var errEmptyTerms = errors.New("required node affinity: every term is empty, and an empty term matches no node")

// terms are the alternatives of a pod's required node constraints: its
// nodeSelector with each OR-ed term of required node affinity (SCH-070). There
// is at least one: an empty term is none, as it matches no node (SCH-073). An
// error names the key and what is wrong with it.
func (c *Compiler) terms(spec *corev1.PodSpec) ([]requirement.Requirements, error) {
	selector := make([]requirement.Requirement, 0, len(spec.NodeSelector))
	for key, value := range spec.NodeSelector {
		key, value = c.options.Vocabulary.Normalize(key, value)
		selector = append(selector, requirement.In(key, value))
	}
	required := RequiredTerms(spec)
	if len(required) == 0 {
		return []requirement.Requirements{requirement.All(selector...)}, nil
	}
	out := make([]requirement.Requirements, 0, len(required))
	for i := range required {
		if len(required[i].MatchExpressions)+len(required[i].MatchFields) == 0 {
			continue
		}
		term, err := c.expressions(required[i].MatchExpressions)
		if err != nil {
			return nil, err
		}
		out = append(out, requirement.All(selector...).With(term...))
	}
	if len(out) == 0 {
		return nil, errEmptyTerms
	}
	return out, nil
}

// RequiredTerms returns the terms of the required node affinity of a pod.
func RequiredTerms(spec *corev1.PodSpec) []corev1.NodeSelectorTerm {
	if spec.Affinity == nil || spec.Affinity.NodeAffinity == nil ||
		spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution == nil {
		return nil
	}
	return spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms
}

// expressions translates one term.
func (c *Compiler) expressions(in []corev1.NodeSelectorRequirement) ([]requirement.Requirement, error) {
	out := make([]requirement.Requirement, 0, len(in))
	for _, e := range in {
		r, err := c.Requirement(e.Key, string(e.Operator), e.Values)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

// Requirement builds a requirement from the API's written form; see
// [Requirement].
func (c *Compiler) Requirement(key, operator string, values []string) (requirement.Requirement, error) {
	return Requirement(c.options.Vocabulary, key, operator, values)
}

// Requirement builds a requirement from the API's written form, translating
// aliases of key and values. The error names the key.
func Requirement(words *vocabulary.Vocabulary, key, operator string, values []string) (requirement.Requirement, error) {
	canonical := words.NormalizeKey(key)
	translated := make([]string, len(values))
	for i, v := range values {
		_, translated[i] = words.Normalize(key, v)
	}
	return requirement.New(canonical, requirement.Operator(operator), translated...)
}

// preferences are the preferred node-affinity terms, the heaviest first, ties
// in the order of the list. Unusable ones are left out: such a preference is
// never satisfied (SCH-031).
func (c *Compiler) preferences(spec *corev1.PodSpec) []requirement.Requirements {
	if spec.Affinity == nil || spec.Affinity.NodeAffinity == nil || c.options.Preferences == IgnorePreferences {
		return nil
	}
	preferred := slices.Clone(spec.Affinity.NodeAffinity.PreferredDuringSchedulingIgnoredDuringExecution)
	slices.SortStableFunc(preferred, func(a, b corev1.PreferredSchedulingTerm) int { return cmp.Compare(b.Weight, a.Weight) })
	var out []requirement.Requirements
	for i := range preferred {
		if term, err := c.expressions(preferred[i].Preference.MatchExpressions); err == nil && len(term) > 0 {
			out = append(out, requirement.All(term...))
		}
	}
	return out
}
