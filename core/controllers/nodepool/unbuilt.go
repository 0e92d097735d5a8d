// SPDX-License-Identifier: Apache-2.0

package nodepool

import (
	"strings"

	v1 "karpenter.sh/core/apis/v1"
)

// reasonNotImplemented is the reason of FieldsWithoutEffect.
const reasonNotImplemented = "NotImplemented"

// unbuilt is something that a pool may ask for and that this version does not
// act on.
type unbuilt struct {
	asked func(*v1.NodePool) bool
	text  string
}

// unbuiltFeatures is what a pool is told about. A row goes when its feature
// comes.
func unbuiltFeatures() []unbuilt {
	return []unbuilt{
		{func(p *v1.NodePool) bool { return p.Spec.Replicas != nil },
			"spec.replicas: static NodePools are not implemented; this pool launches no nodes"},
	}
}

// describe tells a pool which of its fields have no effect (API-178).
func (o Options) describe(pool *v1.NodePool) {
	var texts []string
	for _, feature := range unbuiltFeatures() {
		if feature.asked(pool) {
			texts = append(texts, feature.text)
		}
	}
	conditions := o.conditions(pool)
	if len(texts) == 0 {
		_ = conditions.Clear(v1.ConditionTypeFieldsWithoutEffect) // it fails for dependents of Ready only
		return
	}
	conditions.SetTrueWithReason(v1.ConditionTypeFieldsWithoutEffect, reasonNotImplemented, strings.Join(texts, "; "))
}

// reasonAnnotated is the reason of DisruptionPaused.
const reasonAnnotated = "DoNotDisrupt"

// pause tells that the annotation of a pool keeps its nodes from voluntary disruption
// (DIS-174).
func (o Options) pause(pool *v1.NodePool) {
	conditions := o.conditions(pool)
	if pool.Annotations[v1.DoNotDisruptAnnotationKey] != v1.LabelValueTrue {
		_ = conditions.Clear(v1.ConditionTypeDisruptionPaused) // it fails for dependents of Ready only
		return
	}
	conditions.SetTrueWithReason(v1.ConditionTypeDisruptionPaused, reasonAnnotated,
		"No node of this pool is disrupted voluntarily while it has the annotation "+v1.DoNotDisruptAnnotationKey)
}
