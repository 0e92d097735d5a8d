// SPDX-License-Identifier: Apache-2.0

package validation

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/apis/v1alpha1"
	"karpenter.sh/core/apis/vocabulary"
)

// NodeOverlay checks the requirements, the price and the capacity of an overlay by
// itself (API-161). Conflicts between overlays are not its business.
func NodeOverlay(overlay *v1alpha1.NodeOverlay, words *vocabulary.Vocabulary) Findings {
	var found Findings
	path := field.NewPath("spec")
	for i, requirement := range overlay.Spec.Requirements {
		checkOverlayRequirement(&found, requirement, path.Child("requirements").Index(i), words)
	}
	checkPrice(&found, path.Child("price"), overlay.Spec.Price)
	checkPrice(&found, path.Child("priceAdjustment"), overlay.Spec.PriceAdjustment)
	for _, name := range []corev1.ResourceName{
		corev1.ResourceCPU, corev1.ResourceMemory, corev1.ResourceEphemeralStorage, corev1.ResourcePods,
	} {
		if _, set := overlay.Spec.Capacity[name]; set {
			found.fail(field.Forbidden(path.Child("capacity").Key(string(name)), "only extended resources may be set"))
		}
	}
	return found
}

func checkPrice(found *Findings, at *field.Path, text string) {
	if _, err := v1alpha1.ParsePriceChange(text); err != nil {
		found.fail(field.Invalid(at, text, err.Error()))
	}
}

func checkOverlayRequirement(
	found *Findings, requirement v1alpha1.NodeSelectorRequirement, at *field.Path, words *vocabulary.Vocabulary,
) {
	checkRequirement(found, v1.NodeSelectorRequirementWithMinValues{
		Key: requirement.Key, Operator: requirement.Operator, Values: requirement.Values,
	}, at, words)
	if requirement.Operator == v1.OperatorNotIn && len(requirement.Values) == 0 {
		found.fail(field.Required(at.Child("values"), "operator NotIn needs at least one value"))
	}
}
