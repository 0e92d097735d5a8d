// SPDX-License-Identifier: Apache-2.0

package storage

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"

	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/core/intake"
)

// maxAlternatives bounds the product of the alternatives of several volumes.
const maxAlternatives = 1000

// ofVolume are the topologies from which a volume can be reached, in the order of
// its terms; none restrict nothing (SCH-083).
func (r *Rules) ofVolume(pv *corev1.PersistentVolume) ([]requirement.Requirements, error) {
	if pv.Spec.NodeAffinity == nil || pv.Spec.NodeAffinity.Required == nil {
		return nil, nil
	}
	var out []requirement.Requirements
	for _, term := range pv.Spec.NodeAffinity.Required.NodeSelectorTerms {
		if len(term.MatchExpressions) == 0 || len(term.MatchFields) > 0 {
			continue // the scheduler compares labels only, and an empty term with none
		}
		alternative, err := r.term(term.MatchExpressions)
		if err != nil {
			return nil, fmt.Errorf("reading the node affinity of PersistentVolume %q: %w", pv.Name, err)
		}
		out = append(out, alternative)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("the node affinity of PersistentVolume %q admits no node", pv.Name)
	}
	return out, nil
}

func (r *Rules) term(expressions []corev1.NodeSelectorRequirement) (requirement.Requirements, error) {
	rs := make([]requirement.Requirement, len(expressions))
	for i, e := range expressions {
		var err error
		if rs[i], err = intake.Requirement(r.words, e.Key, string(e.Operator), e.Values); err != nil {
			return requirement.Requirements{}, err
		}
	}
	return requirement.All(rs...), nil
}

// ofClass are the topologies that a class allows; none restrict nothing.
func (r *Rules) ofClass(class *storagev1.StorageClass) ([]requirement.Requirements, error) {
	var out []requirement.Requirements
	for _, term := range class.AllowedTopologies {
		if len(term.MatchLabelExpressions) == 0 {
			continue
		}
		expressions := make([]corev1.NodeSelectorRequirement, len(term.MatchLabelExpressions))
		for i, e := range term.MatchLabelExpressions {
			expressions[i] = corev1.NodeSelectorRequirement{Key: e.Key, Operator: corev1.NodeSelectorOpIn, Values: e.Values}
		}
		alternative, err := r.term(expressions)
		if err != nil {
			return nil, fmt.Errorf("reading the allowed topologies of StorageClass %q: %w", class.Name, err)
		}
		out = append(out, alternative)
	}
	if len(out) == 0 && len(class.AllowedTopologies) > 0 {
		return nil, fmt.Errorf("the allowed topologies of StorageClass %q admit no node", class.Name)
	}
	return out, nil
}

// anywhere is the one alternative that restricts nothing.
func anywhere() []requirement.Requirements { return []requirement.Requirements{{}} }

func isAnywhere(alternatives []requirement.Requirements) bool {
	return len(alternatives) == 1 && alternatives[0].Len() == 0
}

// product joins each alternative of one with each of the other. What no node can
// meet is dropped, and of equals the first is kept (SCH-085).
func product(all, own []requirement.Requirements) ([]requirement.Requirements, error) {
	if len(own) == 0 {
		return all, nil
	}
	var out []requirement.Requirements
	for _, a := range all {
		for _, b := range own {
			joined := a.Intersect(b)
			if _, impossible := joined.Unsatisfiable(); impossible || slices.ContainsFunc(out, joined.Equal) {
				continue
			}
			if len(out) == maxAlternatives {
				return nil, fmt.Errorf("the volumes leave more than %d combinations of topologies", maxAlternatives)
			}
			out = append(out, joined)
		}
	}
	return out, nil
}
