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
// lacks the label included, if it is one of the first, whose size is known. Zone and capacity
// type always tell offerings apart.
func differing(all []visible, sized int) []string {
	keys := map[string]bool{label.Zone: true, label.CapacityType: true}
	for _, v := range all {
		for key, value := range v {
			for i, other := range all {
				if o, ok := other[key]; (!ok && i < sized) || (ok && o != value) {
					keys[key] = true
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(keys))
}

// offering are the requirements of the offering of one deployment: a label that it lacks
// does not exist there. So a machine without zone serves no request for one (CAPI-030). Of
// one whose size is not known, the other labels that it lacks may be anything: those that
// it had must not seem to be gone.
func (v visible) offering(varying []string, sized bool) requirement.Requirements {
	var reqs []requirement.Requirement
	for _, key := range varying {
		if value, ok := v[key]; ok {
			reqs = append(reqs, requirement.In(key, value))
		} else if sized || key == label.Zone {
			reqs = append(reqs, requirement.DoesNotExist(key))
		}
	}
	return requirement.All(reqs...)
}

// common are the requirements of the type: of labels that vary, all values that there
// are (CP-047). Well-known labels that no machine has do not exist (CP-046).
func common(all []visible, sized int, varying []string, words *vocabulary.Vocabulary) requirement.Requirements {
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
		if r, ok := either(key, all, sized); ok {
			reqs[key] = r
		}
	}
	delete(reqs, v1alpha1.LabelNodeClass)
	return requirement.All(slices.Collect(maps.Values(reqs))...)
}

// either is the requirement to have one of the values that deployments have. Where some
// lack the label, anything goes for the type, and its offerings decide; those whose size is
// not known do not count.
func either(key string, all []visible, sized int) (requirement.Requirement, bool) {
	var values []string
	lacking := false
	for i, v := range all {
		if value, ok := v[key]; ok {
			values = append(values, value)
		} else {
			lacking = lacking || i < sized || key == label.Zone
		}
	}
	switch {
	case len(values) == 0:
		return requirement.Requirement{}, false
	case lacking:
		return requirement.NotIn(key), true
	}
	return requirement.In(key, values...), true
}
