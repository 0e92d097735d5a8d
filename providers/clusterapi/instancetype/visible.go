// SPDX-License-Identifier: Apache-2.0

package instancetype

import (
	"maps"
	"slices"

	"karpenter.sh/core/apis/vocabulary"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/providers/clusterapi/apis/v1alpha1"
)

// visible are the labels of a deployment's machines that can be asked for.
type visible map[string]string

// see returns what an asker sees of a shape (CAPI-023).
func see(s *Shape, asker Asker) visible {
	out := visible{}
	for written, value := range s.Labels {
		key, value := asker.Words.Normalize(written, value)
		if _, canonical := s.Labels[key]; asker.Sees(key) && (key == written || !canonical) {
			out[key] = value
		}
	}
	return out
}

// differing are the keys whose values differ among the deployments of a type, one that
// lacks the label included. Zone and capacity type always tell offerings apart.
func differing(all []visible) []string {
	keys := map[string]bool{label.Zone: true, label.CapacityType: true}
	for _, v := range all {
		for key, value := range v {
			if slices.ContainsFunc(all, func(other visible) bool { o, ok := other[key]; return !ok || o != value }) {
				keys[key] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(keys))
}

// offering are the requirements of the offering of one deployment: a label that it lacks
// does not exist there. So a machine without zone serves no request for one (CAPI-030).
func (v visible) offering(varying []string) requirement.Requirements {
	reqs := make([]requirement.Requirement, len(varying))
	for i, key := range varying {
		reqs[i] = requirement.DoesNotExist(key)
		if value, ok := v[key]; ok {
			reqs[i] = requirement.In(key, value)
		}
	}
	return requirement.All(reqs...)
}

// common are the requirements of the type: of labels that vary, all values that there
// are (CP-047). Well-known labels that no machine has do not exist (CP-046).
func common(all []visible, varying []string, words *vocabulary.Vocabulary) requirement.Requirements {
	reqs := map[string]requirement.Requirement{}
	for _, key := range words.WellKnownLabels() {
		if !slices.Contains(openKeys(), key) && !slices.Contains(foreignKeys(), key) {
			reqs[key] = requirement.DoesNotExist(key)
		}
	}
	for key, value := range all[0] {
		reqs[key] = requirement.In(key, value)
	}
	for _, key := range varying {
		if r, ok := either(key, all); ok {
			reqs[key] = r
		}
	}
	delete(reqs, v1alpha1.LabelNodeClass)
	return requirement.All(slices.Collect(maps.Values(reqs))...)
}

// either is the requirement to have one of the values that deployments have. Where some
// lack the label, anything goes for the type, and its offerings decide.
func either(key string, all []visible) (requirement.Requirement, bool) {
	var values []string
	for _, v := range all {
		if value, ok := v[key]; ok {
			values = append(values, value)
		}
	}
	switch len(values) {
	case 0:
		return requirement.Requirement{}, false
	case len(all):
		return requirement.In(key, values...), true
	}
	return requirement.NotIn(key), true
}
