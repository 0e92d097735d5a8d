// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// checkTaints checks each taint, and that no two of both lists are the same. Taints
// of one key and different effects are different (API-066).
func checkTaints(found *Findings, taints, startupTaints []corev1.Taint) {
	path := field.NewPath("spec", "template", "spec")
	seen := map[corev1.Taint]bool{}
	for _, list := range []struct {
		name   string
		taints []corev1.Taint
	}{{"taints", taints}, {"startupTaints", startupTaints}} {
		for i, taint := range list.taints {
			at := path.Child(list.name).Index(i)
			checkTaint(found, taint, at)
			identity := corev1.Taint{Key: taint.Key, Effect: taint.Effect}
			if seen[identity] {
				found.fail(field.Duplicate(at, identity.ToString()))
			}
			seen[identity] = true
		}
	}
}

func checkTaint(found *Findings, taint corev1.Taint, at *field.Path) {
	checkQualifiedName(found, taint.Key, at.Child("key"))
	// Nodes admit less than the CRD does.
	for _, problem := range validation.IsValidLabelValue(taint.Value) {
		found.fail(field.Invalid(at.Child("value"), taint.Value, problem))
	}
	effects := []corev1.TaintEffect{
		corev1.TaintEffectNoSchedule, corev1.TaintEffectPreferNoSchedule, corev1.TaintEffectNoExecute,
	}
	if taint.Effect != "" && !slices.Contains(effects, taint.Effect) {
		found.fail(field.NotSupported(at.Child("effect"), taint.Effect, effects))
	}
}
