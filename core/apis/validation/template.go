// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "karpenter.sh/core/apis/v1"
)

// checkAnnotations makes sure that the API server takes the annotations on a
// NodeClaim and a Node. In the pool they are only a map of texts (API-012).
func checkAnnotations(found *Findings, annotations map[string]string) {
	path, size := field.NewPath("spec", "template", "metadata", "annotations"), 0
	for _, key := range slices.Sorted(maps.Keys(annotations)) {
		checkQualifiedName(found, strings.ToLower(key), path.Key(key))
		size += len(key) + len(annotations[key])
	}
	if size > apivalidation.TotalAnnotationSizeLimitB {
		found.fail(&field.Error{
			Type: field.ErrorTypeTooLong, Field: path.String(), BadValue: field.OmitValueType{},
			Detail: fmt.Sprintf("%d bytes, at most %d bytes of annotations fit on an object", size, apivalidation.TotalAnnotationSizeLimitB),
		})
	}
}

// checkNodeClass makes sure that the name fits the label that carries it
// (API-130).
func checkNodeClass(found *Findings, ref v1.NodeClassReference) {
	at := field.NewPath("spec", "template", "spec", "nodeClassRef", "name")
	if len(ref.Name) > validation.LabelValueMaxLength {
		found.fail(field.Invalid(at, ref.Name, fmt.Sprintf(
			"has %d characters; nodes carry the name as a label, which holds at most %d", len(ref.Name), validation.LabelValueMaxLength)))
		return
	}
	for _, problem := range validation.IsValidLabelValue(ref.Name) {
		found.fail(field.Invalid(at, ref.Name, "nodes carry the name as a label: "+problem))
	}
}

// checkLifetime refuses the lifetime that ends before a node has joined, for
// each node would be followed by another without end.
func checkLifetime(found *Findings, expireAfter v1.NillableDuration) {
	if span, finite := expireAfter.Value(); finite && span == 0 {
		found.fail(field.Invalid(field.NewPath("spec", "template", "spec", "expireAfter"), string(expireAfter),
			"nodes would expire before they have joined; use Never for nodes that do not expire"))
	}
}

// checkBudgets looks for budgets that allow less than they seem to.
func checkBudgets(found *Findings, budgets []v1.Budget) {
	path := field.NewPath("spec", "disruption", "budgets")
	for i, budget := range budgets {
		if err := budget.Check(); err != nil {
			found.Budgets = append(found.Budgets, &field.Error{
				Type: field.ErrorTypeInvalid, Field: path.Index(i).String(), BadValue: field.OmitValueType{},
				Detail: strings.ReplaceAll(err.Error(), "\n", "; ") + "; no node of the pool is disrupted for the sake of cost meanwhile",
			})
		}
	}
}
