// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/apis/vocabulary"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/requirement"
)

// maxEntries is how many requirements a NodeClaim may have (API-101).
const maxEntries = 100

// demand is all that a pool asks of one label key.
type demand struct {
	// parts are what is asked, each as it is written, and the label last.
	parts []string
	// all is the intersection.
	all requirement.Requirement
}

// demands are what the requirements and the labels of a pool ask for, by their
// canonical key. What cannot be understood is reported elsewhere and left out.
func demands(pool *v1.NodePool, words *vocabulary.Vocabulary) map[string]*demand {
	all, template := map[string]*demand{}, pool.Spec.Template
	for _, r := range template.Spec.Requirements {
		add(all, words, requirement.Operator(r.Operator), r)
	}
	for _, key := range slices.Sorted(maps.Keys(template.ObjectMeta.Labels)) {
		add(all, words, requirement.OpIn, v1.NodeSelectorRequirementWithMinValues{Key: key, Values: []string{template.ObjectMeta.Labels[key]}})
	}
	return all
}

func add(all map[string]*demand, words *vocabulary.Vocabulary, op requirement.Operator, r v1.NodeSelectorRequirementWithMinValues) {
	key, values := words.NormalizeKey(r.Key), make([]string, 0, len(r.Values))
	for _, value := range r.Values {
		_, canonical := words.Normalize(r.Key, value)
		values = append(values, canonical)
	}
	part, err := requirement.New(key, op, values...)
	if err != nil || (op == requirement.OpIn && len(values) == 0) {
		return
	}
	if r.MinValues != nil {
		part = part.WithMinValues(*r.MinValues)
	}
	text := strings.TrimPrefix(part.String(), key+" ")
	known, found := all[key]
	if !found {
		all[key] = &demand{parts: []string{text}, all: part}
		return
	}
	known.parts, known.all = append(known.parts, text), known.all.Intersect(part)
}

// checkAgreement makes sure that each label can have a value that meets all that
// is asked of it, and as many as minValues asks for (API-080).
func checkAgreement(found *Findings, pool *v1.NodePool, words *vocabulary.Vocabulary) {
	all, path := demands(pool, words), field.NewPath("spec", "template", "spec", "requirements")
	for _, key := range slices.Sorted(maps.Keys(all)) {
		d := all[key]
		asked := strings.Join(d.parts, ", ")
		switch left, finite := values(d.all); {
		case contradictory(d.all):
			found.fail(field.Invalid(path, key, "no value meets all that is asked of this label: "+asked))
		case finite && left < d.all.MinValues() && len(d.parts) > 1:
			found.fail(field.Invalid(path, key, fmt.Sprintf("only %d values meet all that is asked of this label: %s", left, asked)))
		}
	}
}

// contradictory reports whether there is neither a value nor absence that meets
// a requirement, exclusions between bounds included. No label has a negative
// value.
func contradictory(r requirement.Requirement) bool {
	_, found := r.Choose()
	return (!found || r.Bounds().Max < 0) && !r.AllowsAbsent()
}

// values counts the values that meet a requirement, if they are finitely many.
func values(r requirement.Requirement) (count int, finite bool) {
	if r.Concrete() {
		return len(r.Values()), true
	}
	bounds := r.Bounds()
	if bounds.Min < 0 || bounds.Max-bounds.Min > 1<<20 {
		return 0, false
	}
	return int(bounds.Max-bounds.Min) + 1 - len(r.Values()), true
}

// checkEntries makes sure that the requirements of a NodeClaim fit: those of the
// pool, its labels, and what every launch adds (API-126).
func checkEntries(found *Findings, pool *v1.NodePool, words *vocabulary.Vocabulary) {
	all := demands(pool, words)
	entries, labels := 2, len(pool.Spec.Template.ObjectMeta.Labels) // the pool and its NodeClass
	for _, d := range all {
		entries += len(d.all.Written())
	}
	for _, key := range []string{label.InstanceType, label.CapacityType, label.Zone} {
		if _, asked := all[key]; !asked {
			entries++
		}
	}
	if entries > maxEntries {
		found.fail(&field.Error{
			Type: field.ErrorTypeTooMany, Field: field.NewPath("spec", "template").String(), BadValue: field.OmitValueType{},
			Detail: fmt.Sprintf("%d labels and %d requirements become %d requirements of each NodeClaim, with those on the pool, the NodeClass, "+
				"instance type, capacity type and zone; at most %d are allowed",
				labels, len(pool.Spec.Template.Spec.Requirements), entries, maxEntries),
		})
	}
}
