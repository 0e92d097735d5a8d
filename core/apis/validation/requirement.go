// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/apis/vocabulary"
)

// checkRequirement checks one requirement as it is understood, that is with key
// and values translated to the canonical ones (API-063).
func checkRequirement(
	found *Findings, requirement v1.NodeSelectorRequirementWithMinValues, at *field.Path, words *vocabulary.Vocabulary,
) {
	key := words.NormalizeKey(requirement.Key)
	checkQualifiedName(found, key, at.Child("key"))
	if words.IsRestricted(key) {
		found.fail(restrictedError(at.Child("key"), key))
	}
	for i, value := range requirement.Values {
		for _, problem := range validation.IsValidLabelValue(value) {
			found.fail(field.Invalid(at.Child("values").Index(i), value, problem))
		}
	}
	checkOperator(found, requirement, at, words)
}

func checkOperator(
	found *Findings, requirement v1.NodeSelectorRequirementWithMinValues, at *field.Path, words *vocabulary.Vocabulary,
) {
	switch requirement.Operator {
	case v1.OperatorIn:
		checkListed(found, requirement, at, words)
	case v1.OperatorGt, v1.OperatorLt, v1.OperatorGte, v1.OperatorLte:
		checkBound(found, requirement.Values, at.Child("values"))
	case v1.OperatorNotIn, v1.OperatorExists, v1.OperatorDoesNotExist:
	default:
		found.fail(field.NotSupported(at.Child("operator"), requirement.Operator, []corev1.NodeSelectorOperator{
			v1.OperatorIn, v1.OperatorNotIn, v1.OperatorExists, v1.OperatorDoesNotExist,
			v1.OperatorGt, v1.OperatorLt, v1.OperatorGte, v1.OperatorLte,
		}))
	}
}

// checkBound makes sure that there is exactly one integer from 0 on.
func checkBound(found *Findings, values []string, at *field.Path) {
	if len(values) != 1 {
		found.fail(field.Invalid(at, values, "must be exactly one integer"))
		return
	}
	if number, err := strconv.ParseInt(values[0], 10, 64); err != nil || number < 0 {
		found.fail(field.Invalid(at.Index(0), values[0], "must be an integer that is not negative"))
	}
}

// checkListed makes sure that operator In lists a value, and as many different
// ones as minValues asks for. Where the values of a key are known, only those
// count: others beside enough of them are ignored with a warning (API-075).
func checkListed(
	found *Findings, requirement v1.NodeSelectorRequirementWithMinValues, at *field.Path, words *vocabulary.Vocabulary,
) {
	at = at.Child("values")
	if len(requirement.Values) == 0 {
		found.fail(field.Required(at, "operator In needs at least one value"))
		return
	}
	valid, unknown := splitByKnown(requirement, words)
	least := ptr.Deref(requirement.MinValues, 1)
	switch {
	case len(valid) < least:
		found.fail(field.Invalid(at, requirement.Values, fmt.Sprintf(
			"has %d different values that can be used, at least %d are needed", len(valid), least)))
	case len(unknown) > 0:
		found.warn(field.Invalid(at, requirement.Values, "unknown values are ignored: "+strings.Join(unknown, ", ")))
	}
}

// splitByKnown returns the different values of a requirement: those that its key
// may have, and the others.
func splitByKnown(
	requirement v1.NodeSelectorRequirementWithMinValues, words *vocabulary.Vocabulary,
) (valid, unknown []string) {
	values := make([]string, 0, len(requirement.Values))
	for _, value := range requirement.Values {
		_, canonical := words.Normalize(requirement.Key, value)
		values = append(values, canonical)
	}
	slices.Sort(values)
	values = slices.Compact(values)

	known, constrained := words.WellKnownValues(words.NormalizeKey(requirement.Key))
	if !constrained {
		return values, nil
	}
	for _, value := range values {
		if slices.Contains(known, value) {
			valid = append(valid, value)
		} else {
			unknown = append(unknown, value)
		}
	}
	return valid, unknown
}
