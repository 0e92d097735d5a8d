// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"fmt"
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"karpenter.sh/core/apis/lenient"
	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/apis/vocabulary"
)

// NodePool checks everything in a pool that could keep its nodes from being
// launched, from joining or from being disrupted (API-080).
func NodePool(pool *v1.NodePool, words *vocabulary.Vocabulary) Findings {
	template, path := &pool.Spec.Template, field.NewPath("spec", "template")
	var found Findings
	checkReadable(&found, pool.Unreadable)
	checkName(&found, pool.Name)
	checkLabels(&found, template.ObjectMeta.Labels, words)
	checkAnnotations(&found, template.ObjectMeta.Annotations)
	checkTaints(&found, template.Spec.Taints, template.Spec.StartupTaints)
	for i, requirement := range template.Spec.Requirements {
		at := path.Child("spec", "requirements").Index(i)
		checkRequirement(&found, requirement, at, words)
		if words.NormalizeKey(requirement.Key) == v1.NodePoolLabelKey {
			found.fail(ownershipError(at.Child("key")))
		}
	}
	checkAgreement(&found, pool, words)
	checkEntries(&found, pool, words)
	checkNodeClass(&found, template.Spec.NodeClassRef)
	checkLifetime(&found, template.Spec.ExpireAfter)
	checkLimits(&found, pool.Spec.Limits)
	checkBudgets(&found, pool.Spec.Disruption.Budgets)
	return found
}

// checkReadable passes on what could not be read of the stored object (API-177).
func checkReadable(found *Findings, unreadable []lenient.Problem) {
	for _, problem := range unreadable {
		found.fail(&field.Error{
			Type: field.ErrorTypeTypeInvalid, Field: problem.Field, BadValue: field.OmitValueType{}, Detail: problem.Detail,
		})
	}
}

// checkName makes sure that the name fits the label that carries it (API-030).
func checkName(found *Findings, name string) {
	if len(name) > validation.LabelValueMaxLength {
		found.fail(field.TooLong(field.NewPath("metadata", "name"), name, validation.LabelValueMaxLength))
	}
}

func checkLabels(found *Findings, labels map[string]string, words *vocabulary.Vocabulary) {
	path := field.NewPath("spec", "template", "metadata", "labels")
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		at, canonical := path.Key(key), words.NormalizeKey(key)
		checkQualifiedName(found, key, at)
		for _, problem := range validation.IsValidLabelValue(labels[key]) {
			found.fail(field.Invalid(at, labels[key], problem))
		}
		if canonical == v1.NodePoolLabelKey {
			found.fail(ownershipError(at))
		} else if words.IsRestricted(canonical) {
			found.fail(restrictedError(at, canonical))
		}
	}
}

func checkQualifiedName(found *Findings, name string, at *field.Path) {
	for _, problem := range validation.IsQualifiedName(name) {
		found.fail(field.Invalid(at, name, problem))
	}
}

func ownershipError(at *field.Path) *field.Error {
	return field.Forbidden(at, v1.NodePoolLabelKey+" is set by the pool itself")
}

func restrictedError(at *field.Path, key string) *field.Error {
	return field.Forbidden(at, fmt.Sprintf("label %s is restricted", key))
}
